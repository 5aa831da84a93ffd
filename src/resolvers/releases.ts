import { Ctx, Query, Resolver } from 'type-graphql';
import { listComplexity } from '../schema/limits.js';
import { Release } from '../schema/release.js';
import { listReleases } from '../services/imports/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';

@Resolver()
export class ReleaseResolver {
  @Query(() => [Release], {
    description: 'Releases that the records come from, the last imported first.',
    complexity: listComplexity(5),
  })
  async releases(@Ctx() context: Context): Promise<Release[]> {
    requireRole(context, 'ANALYST', 'Reading what was imported');
    return listReleases(context.platform.dataSource);
  }
}
