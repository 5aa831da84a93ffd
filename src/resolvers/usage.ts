import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { UsageDimension } from '../domain/usage.js';
import { seesEverybodys } from '../policy/index.js';
import { BatchNode } from '../schema/batch.js';
import { listComplexity } from '../schema/limits.js';
import { DateTime } from '../schema/scalars.js';
import { UsageDimensionEnum, UsageNode } from '../schema/usage.js';
import { usageReport } from '../services/usage/index.js';
import { type Context, requireRole } from './context.js';
import { findOrNull } from './node.js';

/** People, batches or months of a report. */
const USUAL_ROWS = 100;

@Resolver(() => UsageNode)
export class UsageResolver {
  @Query(() => [UsageNode], {
    complexity: listComplexity(USUAL_ROWS),
    description:
      "What generations that ended in a period have taken, the longest computing first. One's own; of everybody for administrators.",
  })
  async usage(
    @Ctx() context: Context,
    @Arg('from', () => DateTime, {
      nullable: true,
      description: 'Those that ended at or after this; default: thirty days before `to`.',
    })
    from: Date | null,
    @Arg('to', () => DateTime, { nullable: true, description: 'Those that ended before this; default: now.' })
    to: Date | null,
    @Arg('by', () => [UsageDimensionEnum], {
      defaultValue: [],
      description: 'What has a row of its own; default: everything is one row.',
    })
    by: UsageDimension[],
  ): Promise<UsageNode[]> {
    requireRole(context, 'OPERATOR', 'Reading use');
    const { viewer, platform } = context;
    const requesterId = seesEverybodys(viewer) ? undefined : viewer.tokenId;
    const rows = await usageReport(platform.dataSource, { from, to, by, requesterId });
    return rows.map((row) => new UsageNode(row));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'Name of the token or person that asked; null for the command line, and where it was not asked for.',
  })
  async requestedBy(@Root() { row }: UsageNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.requesterId === null ? null : (await loaders.apiToken.load(row.requesterId)).name;
  }

  @FieldResolver(() => BatchNode, {
    nullable: true,
    description: 'The batch; null for generations asked for one by one, and where it was not asked for.',
  })
  async batch(@Root() { row }: UsageNode, @Ctx() { loaders }: Context): Promise<BatchNode | null> {
    if (row.batchId === null) return null;
    return findOrNull(loaders.batch.load(row.batchId).then((found) => new BatchNode(found)));
  }
}
