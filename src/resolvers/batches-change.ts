import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Int, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { idOf, INPUT } from '../schema/arguments.js';
import type { LoggedBatchEvent } from '../services/batches/index.js';
import { BatchNode } from '../schema/batch.js';
import { BatchCompleted, BatchEvent, BatchGenerationFinished, BatchStateChanged } from '../schema/batch-event.js';
import { SynthesizeCohortInput } from '../schema/batch-input.js';
import { filterAsJson } from '../schema/filter-json.js';
import {
  CancelBatchInput,
  CancelBatchPayload,
  DeleteBatchInput,
  DeleteBatchPayload,
  PauseBatchInput,
  PauseBatchPayload,
  ResumeBatchInput,
  ResumeBatchPayload,
  RetryBatchInput,
  RetryBatchPayload,
  SynthesizeCohortPayload,
} from '../schema/mutations.js';
import type { BatchPayload, DeletedBatchPayload, IdInput } from '../schema/mutations.js';
import {
  cancelBatch,
  createBatch,
  deleteBatch,
  pauseBatch,
  resumeBatch,
  retryBatch,
} from '../services/batches/index.js';
import { cohortFilter } from '../services/exports/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

@Resolver()
export class BatchMutationResolver {
  @Mutation(() => SynthesizeCohortPayload, {
    description:
      'Makes a synthetic MRI volume of every exam of a cohort, or what another `task` makes of its film or of one of its MRI series. Follow it with ' +
      '`batchProgress`. An exam without the film or series is listed with the reason, and the others go on.',
  })
  async synthesizeCohort(
    @Ctx() context: Context,
    @Arg('input', () => SynthesizeCohortInput, INPUT)
    { cohortId, cohortVersion, where, ...rest }: SynthesizeCohortInput,
    @Info() { schema }: GraphQLResolveInfo,
  ): Promise<BatchPayload> {
    requireRole(context, 'OPERATOR', 'synthesizeCohort');
    if (!cohortId && typeof cohortVersion === 'number') {
      throw new UserError('BAD_USER_INPUT', 'cohortVersion is a version of the cohort that cohortId names; give both.');
    }
    const selected = cohortId ? cohortFilter(cohortId, cohortVersion, where) : where;
    if (!selected) throw new UserError('BAD_USER_INPUT', 'Give cohortId, where or both; {} as where means every exam.');
    const written = filterAsJson(schema, 'KneeExamFilter', selected);
    const request = { ...rest, where: selected, written };
    return { batch: new BatchNode(await createBatch(context.platform, context.viewer, request)) };
  }

  @Mutation(() => PauseBatchPayload, {
    description: 'Starts no more of its generations; those that run go on to their end.',
  })
  pauseBatch(
    @Ctx() context: Context,
    @Arg('input', () => PauseBatchInput, INPUT) { id }: IdInput,
  ): Promise<BatchPayload> {
    return change(context, 'pauseBatch', id, pauseBatch);
  }

  @Mutation(() => ResumeBatchPayload, { description: 'Goes on with a paused batch.' })
  resumeBatch(
    @Ctx() context: Context,
    @Arg('input', () => ResumeBatchInput, INPUT) { id }: IdInput,
  ): Promise<BatchPayload> {
    return change(context, 'resumeBatch', id, resumeBatch);
  }

  @Mutation(() => CancelBatchPayload, {
    description:
      'Cancels what waits at once; what runs stops within one denoiser step, and then the batch is CANCELED.',
  })
  cancelBatch(
    @Ctx() context: Context,
    @Arg('input', () => CancelBatchInput, INPUT) { id }: IdInput,
  ): Promise<BatchPayload> {
    return change(context, 'cancelBatch', id, cancelBatch);
  }

  @Mutation(() => RetryBatchPayload, {
    description:
      'Queues the failed and canceled generations of a batch that is over anew; the slices they have are kept.',
  })
  retryBatch(
    @Ctx() context: Context,
    @Arg('input', () => RetryBatchInput, INPUT) { id }: IdInput,
  ): Promise<BatchPayload> {
    return change(context, 'retryBatch', id, retryBatch);
  }

  @Mutation(() => DeleteBatchPayload, {
    description:
      'Removes a batch that is over, with every volume made for it and its log, rows and files; only for whoever asked for it, and for ' +
      'administrators. Refused where another batch, a reader study or an evaluation under way needs one of its volumes.',
  })
  async deleteBatch(
    @Ctx() context: Context,
    @Arg('input', () => DeleteBatchInput, INPUT) { id }: IdInput,
  ): Promise<DeletedBatchPayload> {
    requireRole(context, 'OPERATOR', 'deleteBatch');
    await deleteBatch(context.platform, context.viewer, keyOf('id', 'Batch', id));
    return { deletedBatchId: id };
  }

  @Subscription(() => BatchEvent, {
    description:
      "A batch's log from the event after `after`, then live; ends after the final event. After a dropped connection, ask " +
      'again with the last `seq` that arrived: nothing is missed, nothing comes twice.',
    subscribe: ({ args, context }: { args: object; context: Context }) => {
      requireRole(context, 'ANALYST', 'Following a batch');
      const { id, after } = args as { id: string; after: number };
      const key = keyOf('id', 'Batch', id);
      if (after < 0) throw new UserError('BAD_USER_INPUT', `after must not be negative, got ${after}.`);
      return context.platform.events.batches.subscribe(key, after, undefined, context.inTurn);
    },
  })
  batchProgress(
    @Root() event: LoggedBatchEvent,
    @Arg('id', () => ID, idOf('batch')) _id: string,
    @Arg('after', () => Int, { defaultValue: 0, description: 'Sequence number to continue after.' }) _after: number,
  ): BatchEvent {
    switch (event.type) {
      case 'STATE_CHANGED':
        return new BatchStateChanged(event, event.payload);
      case 'GENERATION_FINISHED':
        return new BatchGenerationFinished(event, event.payload);
      case 'COMPLETED':
        return new BatchCompleted(event, event.payload);
    }
  }
}

async function change(context: Context, name: string, id: string, work: typeof pauseBatch): Promise<BatchPayload> {
  requireRole(context, 'OPERATOR', name);
  return { batch: new BatchNode(await work(context.platform, context.viewer, keyOf('id', 'Batch', id))) };
}
