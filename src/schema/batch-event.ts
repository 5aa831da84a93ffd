import { Field, ID, Int, InterfaceType, ObjectType } from 'type-graphql';
import type { BatchCounters, BatchState } from '../domain/batches.js';
import { encodeId } from '../domain/global-ids.js';
import type { GenerationState } from '../domain/generations.js';
import { BatchCountersItem } from './batch.js';
import { BatchStateEnum, GenerationStateEnum } from './work-enums.js';
import { DateTime } from './scalars.js';

/** What every event of a batch's log has. */
export interface BatchEventRow {
  batchId: string;
  seq: number;
  at: Date;
}

@InterfaceType({
  description: "One line of a batch's log; `seq` runs 1, 2, 3, ... without a gap.",
  resolveType: (value: BatchEvent) => value.constructor.name,
})
export abstract class BatchEvent {
  @Field(() => Int, { description: '1, 2, 3, ... in the order of the log.' })
  seq: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  at: Date;

  @Field(() => ID, { description: 'Node id of the batch.' })
  batchId: string;

  @Field(() => BatchCountersItem, { description: 'As of this event.' })
  counters: BatchCountersItem;

  constructor(row: BatchEventRow, counters: BatchCounters) {
    this.seq = row.seq;
    this.at = row.at;
    this.batchId = encodeId('Batch', row.batchId);
    this.counters = new BatchCountersItem(counters);
  }
}

@ObjectType({
  implements: BatchEvent,
  simpleResolvers: true,
  description: 'The batch entered a state, or stays in it for another reason.',
})
export class BatchStateChanged extends BatchEvent {
  @Field(() => BatchStateEnum, { description: 'The state it is in from now on.' })
  state: BatchState;

  @Field(() => String, { nullable: true, description: 'Why, where there is more to say than the state does.' })
  message: string | null;

  constructor(row: BatchEventRow, payload: { state: BatchState; message: string | null; counters: BatchCounters }) {
    super(row, payload.counters);
    this.state = payload.state;
    this.message = payload.message;
  }
}

@ObjectType({ implements: BatchEvent, simpleResolvers: true, description: 'A generation of the batch has ended.' })
export class BatchGenerationFinished extends BatchEvent {
  @Field(() => ID, { description: 'Node id of the generation.' })
  generationId: string;

  @Field(() => GenerationStateEnum, { description: 'SUCCEEDED, FAILED or CANCELED.' })
  outcome: GenerationState;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it failed.' })
  error: string | null;

  constructor(
    row: BatchEventRow,
    readonly payload: {
      generationId: string;
      outcome: GenerationState;
      error: string | null;
      counters: BatchCounters;
    },
  ) {
    super(row, payload.counters);
    this.generationId = encodeId('Generation', payload.generationId);
    this.outcome = payload.outcome;
    this.error = payload.error;
  }
}

@ObjectType({
  implements: BatchEvent,
  simpleResolvers: true,
  description: 'Nothing of the batch waits or runs any more; its final state follows.',
})
export class BatchCompleted extends BatchEvent {
  @Field(() => Int, {
    nullable: true,
    description: 'Seconds from the first start to the end, pauses included; null when nothing had to be made.',
  })
  seconds: number | null;

  constructor(row: BatchEventRow, payload: { counters: BatchCounters; durationMs: number | null }) {
    super(row, payload.counters);
    this.seconds = payload.durationMs === null ? null : Math.round(payload.durationMs / 1000);
  }
}
