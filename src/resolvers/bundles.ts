import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { Bundle } from '../entities/index.js';
import { INPUT } from '../schema/arguments.js';
import { BundleNode } from '../schema/bundle.js';
import { GenerationTaskEnum } from '../schema/work-enums.js';
import { listComplexity } from '../schema/limits.js';
import {
  ReinstateBundleInput,
  ReinstateBundlePayload,
  RetireBundleInput,
  RetireBundlePayload,
} from '../schema/mutations.js';
import type { BundlePayload, IdInput } from '../schema/mutations.js';
import { reinstateBundle, retireBundle } from '../services/bundles/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

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
    requireRole(context, 'ANALYST', 'Listing bundles');
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
    requireRole(context, 'ANALYST', 'Listing bundles');
    const [name = '', version, ...rest] = reference.split('@');
    if (rest.length > 0 || name === '' || reference.includes('\0')) {
      throw new UserError('BAD_USER_INPUT', 'name must look like knee-xray2mri-demo or knee-xray2mri-demo@1.0.1.');
    }
    const row = await context.platform.dataSource
      .getRepository(Bundle)
      .findOne({ where: version === undefined ? { name } : { name, version }, order: { id: 'DESC' } });
    return row && new BundleNode(row);
  }

  @Mutation(() => RetireBundlePayload, {
    description: 'Takes a bundle out of use. What was made with it stays; what was asked for already is still made.',
  })
  retireBundle(
    @Ctx() context: Context,
    @Arg('input', () => RetireBundleInput, INPUT) { id }: IdInput,
  ): Promise<BundlePayload> {
    return change(context, 'retireBundle', id, retireBundle);
  }

  @Mutation(() => ReinstateBundlePayload, {
    description: 'Takes a retired bundle into use again, if its files are still what they were.',
  })
  reinstateBundle(
    @Ctx() context: Context,
    @Arg('input', () => ReinstateBundleInput, INPUT) { id }: IdInput,
  ): Promise<BundlePayload> {
    return change(context, 'reinstateBundle', id, reinstateBundle);
  }
}

async function change(context: Context, name: string, id: string, work: typeof retireBundle): Promise<BundlePayload> {
  requireRole(context, 'ADMIN', name);
  const { dataSource } = context.platform;
  return { bundle: new BundleNode(await work(dataSource, context.viewer, Number(keyOf('id', 'Bundle', id)))) };
}
