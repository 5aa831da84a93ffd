import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { WorkerState } from '../domain/workers.js';
import { WorkerStateEnum } from '../schema/work-enums.js';
import { GenerationNode } from '../schema/generation.js';
import { listComplexity } from '../schema/limits.js';
import { WorkerNode, WorkerSlotNode } from '../schema/worker.js';
import { listWorkers } from '../scheduling/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { findOrNull } from './node.js';
import { visibleGeneration } from './visible.js';

@Resolver()
export class WorkerResolver {
  @Query(() => [WorkerNode], {
    description: 'The workers of the last day, those that live first, then by name; at most 1000.',
    complexity: listComplexity(20),
  })
  async workers(
    @Ctx() context: Context,
    @Arg('states', () => [WorkerStateEnum], { nullable: true, description: 'Default: all.' })
    states: WorkerState[] | null,
  ): Promise<WorkerNode[]> {
    requireRole(context, 'ANALYST', 'Listing workers');
    return (await listWorkers(context.platform.dataSource, states)).map((row) => new WorkerNode(row));
  }
}

@Resolver(() => WorkerSlotNode)
export class WorkerSlotResolver {
  @FieldResolver(() => GenerationNode, {
    nullable: true,
    description: "The generation it computes, unless it is from somebody else's upload.",
  })
  async generation(@Root() { row }: WorkerSlotNode, @Ctx() context: Context): Promise<GenerationNode | null> {
    if (row.generationId === null) return null;
    // It may have been deleted since.
    return findOrNull(
      visibleGeneration(context, row.generationId).then((generation) => new GenerationNode(generation)),
    );
  }
}
