import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { Bundle } from '../entities/index.js';
import { BundleNode } from '../schema/bundle.js';
import { GenerationTaskEnum } from '../schema/enums.js';
import { listComplexity } from '../schema/limits.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class BundleResolver {
  @Query(() => [BundleNode], {
    description: 'Registered bundles, by name, the newest version first.',
    complexity: listComplexity(10),
  })
  async bundles(
    @Ctx() context: Context,
    @Arg('task', () => GenerationTaskEnum, { nullable: true, description: 'Only bundles that do this; default: all.' })
    task: string | null,
  ): Promise<BundleNode[]> {
    requireRole(context, 'READER', 'Listing bundles');
    const rows = await context.platform.dataSource
      .getRepository(Bundle)
      .find({ where: task === null || task === undefined ? {} : { task }, order: { name: 'ASC', id: 'DESC' } });
    return rows.map((row) => new BundleNode(row));
  }

  @Query(() => BundleNode, { nullable: true, description: 'The bundle `name@version`, or the newest of a name.' })
  async bundle(
    @Ctx() context: Context,
    @Arg('name', () => String, { description: '`name` or `name@version`.' }) reference: string,
  ): Promise<BundleNode | null> {
    requireRole(context, 'READER', 'Listing bundles');
    const [name = '', version, ...rest] = reference.split('@');
    if (rest.length > 0 || name === '' || reference.includes('\0')) {
      throw new UserError('BAD_USER_INPUT', 'name must look like knee-xray2mri-demo or knee-xray2mri-demo@1.0.1.');
    }
    const row = await context.platform.dataSource
      .getRepository(Bundle)
      .findOne({ where: version === undefined ? { name } : { name, version }, order: { id: 'DESC' } });
    return row && new BundleNode(row);
  }
}
