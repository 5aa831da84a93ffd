import { Arg, Args, Ctx, FieldResolver, Float, ID, Query, Resolver, Root } from 'type-graphql';
import type { MemberState } from '../domain/batches.js';
import { COUNTED_AS } from '../domain/batches.js';
import { decodeId } from '../domain/global-ids.js';
import { idOf, ORDER_BY, WHERE, PageArgs } from '../schema/arguments.js';
import { BatchConnection, BatchMemberConnection, BatchMemberNode, BatchNode } from '../schema/batch.js';
import { BundleNode } from '../schema/bundle.js';
import type { ConnectionOf } from '../schema/connections.js';
import { MemberStateEnum } from '../schema/work-enums.js';
import { BatchFilter, GenerationFilter } from '../schema/filters.js';
import { GenerationConnection, GenerationNode } from '../schema/generation.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { connectionComplexity } from '../schema/limits.js';
import { BatchOrder } from '../schema/orders.js';
import type { OrderInput } from '../schema/orders.js';
import { DateTime } from '../schema/scalars.js';
import {
  BATCH_GENERATION_LISTING,
  BATCH_LISTING,
  BATCH_MEMBER_LISTING,
  BATCHES,
  type BatchPace,
  batchPaces,
} from '../services/batches/index.js';
import { countRows, readPage } from '../services/paging/index.js';
import { connection, nestedConnection } from './connection.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { findOrNull } from './node.js';

@Resolver(() => BatchNode)
export class BatchResolver {
  @Query(() => BatchConnection, { description: 'The newest first.', complexity: connectionComplexity })
  batches(
    @Ctx() context: Context,
    @Arg('where', () => BatchFilter, WHERE) where: object | null,
    @Arg('orderBy', () => [BatchOrder], ORDER_BY) orderBy: OrderInput[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<BatchNode> {
    const { dataSource } = context.platform;
    return connection(context, {
      page: () => readPage(dataSource, BATCH_LISTING, { where, orderBy, ...page }),
      count: () => countRows(dataSource, BATCHES, where),
      node: (row) => new BatchNode(row),
    });
  }

  @Query(() => BatchNode, { description: 'A batch by its id; null when there is none.', nullable: true })
  async batch(@Ctx() context: Context, @Arg('id', () => ID, idOf('batch')) id: string): Promise<BatchNode | null> {
    requireRole(context, 'ANALYST', 'Reading records');
    const decoded = decodeId(id);
    if (decoded?.type !== 'Batch') return null;
    return findOrNull(context.loaders.batch.load(String(decoded.key)).then((row) => new BatchNode(row)));
  }

  @FieldResolver(() => BundleNode, { description: 'The bundle its volumes are made with.' })
  async bundle(@Root() { row }: BatchNode, @Ctx() { loaders }: Context): Promise<BundleNode> {
    return new BundleNode(await loaders.bundle.load(row.bundleId));
  }

  @FieldResolver(() => String, { nullable: true, description: 'Name of the token that asked for it.' })
  async requestedBy(@Root() { row }: BatchNode, @Ctx() { loaders }: Context): Promise<string | null> {
    return row.requestedById === null ? null : (await loaders.apiToken.load(row.requestedById)).name;
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description:
      'Generations that end per hour, over the newest 50 since it last began to run; null while that is unknown.',
  })
  async generationsPerHour(@Root() batch: BatchNode, @Ctx() context: Context): Promise<number | null> {
    return (await paceOf(context, batch)).perHour;
  }

  @FieldResolver(() => DateTime, {
    nullable: true,
    description: 'When the rest will be done at that pace; null unless it is RUNNING and something has ended.',
  })
  async estimatedEnd(@Root() batch: BatchNode, @Ctx() context: Context): Promise<Date | null> {
    return (await paceOf(context, batch)).estimatedEnd;
  }

  @FieldResolver(() => BatchMemberConnection, {
    description: 'Its exams, those of which no volume can be made among them.',
    complexity: connectionComplexity,
  })
  members(
    @Root() { row }: BatchNode,
    @Ctx() context: Context,
    @Arg('states', () => [MemberStateEnum], { nullable: true, description: 'Default: all.' })
    states: MemberState[] | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<BatchMemberNode> {
    return nestedConnection(context, row.id, {
      listing: BATCH_MEMBER_LISTING,
      column: 'batch_id',
      request: { where: states === null ? null : { state: { in: states } }, ...page },
      node: (member) => new BatchMemberNode(member),
    });
  }

  @FieldResolver(() => GenerationConnection, {
    description: 'Its generations, those that were there before among them, in the order in which they are made.',
    complexity: connectionComplexity,
  })
  generations(
    @Root() { row }: BatchNode,
    @Ctx() context: Context,
    @Arg('where', () => GenerationFilter, WHERE) where: object | null,
    @Args(() => PageArgs) page: PageArgs,
  ): ConnectionOf<GenerationNode> {
    return nestedConnection(context, row.id, {
      listing: BATCH_GENERATION_LISTING,
      column: 'of_batch',
      request: { where, ...page },
      node: (generation) => new GenerationNode(generation),
    });
  }
}

@Resolver(() => BatchMemberNode)
export class BatchMemberResolver {
  @FieldResolver(() => MemberStateEnum, { description: 'What has become of it.' })
  async state(@Root() { row }: BatchMemberNode, @Ctx() { loaders }: Context): Promise<MemberState> {
    if (row.generationId === null) return 'NOT_POSSIBLE';
    if (row.reused) return 'REUSED';
    const { state } = await loaders.generation.load(row.generationId);
    return COUNTED_AS[state].toUpperCase() as MemberState;
  }

  @FieldResolver(() => KneeExamNode, { nullable: true, description: 'Null when it is no longer in the database.' })
  async exam(@Root() { row }: BatchMemberNode, @Ctx() { loaders }: Context): Promise<KneeExamNode | null> {
    return findOrNull(loaders.kneeExam.load(row.examId).then((exam) => new KneeExamNode(exam)));
  }

  @FieldResolver(() => GenerationNode, { nullable: true, description: 'Null where none can be made.' })
  async generation(@Root() { row }: BatchMemberNode, @Ctx() { loaders }: Context): Promise<GenerationNode | null> {
    return row.generationId === null ? null : new GenerationNode(await loaders.generation.load(row.generationId));
  }
}

function paceOf({ platform, batchPaces: paces }: Context, { row }: BatchNode): Promise<BatchPace> {
  return paces.for({}, (batches) => batchPaces(platform.dataSource, batches)).load(row);
}
