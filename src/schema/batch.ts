import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, Float, Int, ObjectType } from 'type-graphql';
import { type BatchCounters, type BatchState, countersOf, type SeedRule, sumOf } from '../domain/batches.js';
import type { NoiseMode } from '../domain/generations.js';
import type { Batch, BatchMember } from '../entities/index.js';
import type { SamplerName } from '../inference/index.js';
import { connectionType } from './connections.js';
import { BatchStateEnum, GenerationTaskEnum, NoiseModeEnum, SamplerEnum, SeedRuleEnum } from './work-enums.js';
import { ExportedCohortItem } from './export.js';
import { Grade, overrideList } from './grade.js';
import { Node } from './node.js';
import { DateTime } from './scalars.js';

@ObjectType('BatchCounters', { simpleResolvers: true, description: 'How many exams of a batch are where.' })
export class BatchCountersItem implements BatchCounters {
  @Field(() => Int, { description: 'Wait for a worker.' })
  waiting: number;

  @Field(() => Int, { description: 'A worker has them.' })
  running: number;

  @Field(() => Int, { description: 'Volumes that the batch has made.' })
  succeeded: number;

  @Field(() => Int, { description: 'Volumes that were there already.' })
  reused: number;

  @Field(() => Int, { description: 'Given up.' })
  failed: number;

  @Field(() => Int, { description: 'Stopped on request.' })
  canceled: number;

  @Field(() => Int, { description: 'Nothing can be made, for want of a radiograph or series with pixels.' })
  impossible: number;

  @Field(() => Int, { description: 'Exams of the batch: the sum of the others.' })
  total: number;

  constructor(counters: BatchCounters) {
    this.waiting = counters.waiting;
    this.running = counters.running;
    this.succeeded = counters.succeeded;
    this.reused = counters.reused;
    this.failed = counters.failed;
    this.canceled = counters.canceled;
    this.impossible = counters.impossible;
    this.total = sumOf(counters);
  }
}

@ObjectType('Batch', {
  implements: Node,
  simpleResolvers: true,
  description: 'A generation for every exam of a cohort, as it was when the batch was made.',
})
export class BatchNode extends Node {
  @Field(() => String, { description: 'As it was asked for, or the name of the cohort.' })
  name: string;

  @Field(() => BatchStateEnum, { description: 'Current state.' })
  state: BatchState;

  @Field(() => String, { nullable: true, description: 'Why it is in this state, where there is more to say.' })
  message: string | null;

  @Field(() => Boolean, { description: 'Whether somebody asked to stop it; it is CANCELED when nothing of it runs.' })
  cancelRequested: boolean;

  @Field(() => Int, { description: '-10 to 10; a higher one goes first.' })
  priority: number;

  @Field(() => GraphQLJSONObject, { description: 'What its exams were selected by, as it can be given to `where`.' })
  filter: object;

  @Field(() => [ExportedCohortItem], {
    description: 'Cohorts that the filter speaks of, in the versions that were read.',
  })
  cohorts: ExportedCohortItem[];

  @Field(() => GenerationTaskEnum, { description: 'What is made of each exam.' })
  task: string;

  @Field(() => GraphQLJSONObject, {
    description: 'What the task was told, defaults filled in; of volumes the fields below say so, and this is empty.',
  })
  parameters: object;

  @Field(() => Int, {
    nullable: true,
    description: 'Slices of each volume; null for a task that makes none. The same holds for `sampler` and `noise`.',
  })
  sliceCount: number | null;

  @Field(() => Int, { description: 'Steps of the network.' })
  steps: number;

  @Field(() => SamplerEnum, { nullable: true, description: 'How noise becomes an image.' })
  sampler: SamplerName | null;

  @Field(() => Float, { description: 'Noise that DDIM injects at each step, 0-1.' })
  eta: number;

  @Field(() => NoiseModeEnum, {
    nullable: true,
    description: 'Where the initial noise of each volume comes from.',
  })
  noise: NoiseMode | null;

  @Field(() => SeedRuleEnum, { description: 'Whether every exam has the same seed.' })
  seedRule: SeedRule;

  @Field(() => Int, {
    nullable: true,
    description: 'The seed, or what the seeds are derived from; null where nothing is drawn.',
  })
  seed: number | null;

  @Field(() => [Grade], { description: 'What the request overrode; a null grade means "treat as missing".' })
  featureOverrides: () => Grade[];

  @Field(() => Boolean, { description: 'Whether volumes that were there already are used.' })
  skipExisting: boolean;

  @Field(() => BatchCountersItem, { description: 'How many of its exams are in which state.' })
  counters: BatchCountersItem;

  @Field(() => Float, { description: 'Part of its exams that nothing more is done for, 0-1.' })
  fraction: number;

  @Field(() => String, { nullable: true, description: "The caller's own key." })
  clientKey: string | null;

  @Field(() => Int, { description: 'Sequence number of the newest event; pass it as `after` to follow from here.' })
  lastSeq: number;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When the first of its generations was started; null before.', nullable: true })
  startedAt: Date | null;

  @Field(() => DateTime, { description: 'When it reached a final state; null before.', nullable: true })
  finishedAt: Date | null;

  constructor(readonly row: Batch) {
    super('Batch', row.id);
    this.name = row.name;
    this.state = row.state;
    this.message = row.message;
    this.cancelRequested = row.cancelRequested;
    this.priority = row.priority;
    this.filter = row.filter;
    this.cohorts = row.cohorts;
    this.task = row.task;
    this.parameters = row.parameters;
    this.sliceCount = row.sliceCount;
    this.steps = row.steps;
    this.sampler = row.sampler;
    this.eta = row.eta;
    this.noise = row.noise;
    this.seedRule = row.seedRule;
    this.seed = row.seed;
    this.featureOverrides = () => overrideList(row.featureOverrides);
    this.skipExisting = row.skipExisting;
    this.counters = new BatchCountersItem(countersOf(row));
    this.fraction = 1 - (row.waiting + row.running) / Math.max(this.counters.total, 1);
    this.clientKey = row.clientKey;
    this.lastSeq = row.lastSeq;
    this.createdAt = row.createdAt;
    this.startedAt = row.startedAt;
    this.finishedAt = row.finishedAt;
  }
}

export const BatchConnection = connectionType('Batch', () => BatchNode);

@ObjectType('BatchMember', { simpleResolvers: true, description: 'An exam of a batch.' })
export class BatchMemberNode {
  @Field(() => Int, { description: '1, 2, 3, ... in the order in which they are made.' })
  position: number;

  @Field(() => Boolean, { description: 'Whether its volume was there already.' })
  reused: boolean;

  @Field(() => String, { nullable: true, description: 'One sentence that says why nothing can be made of it.' })
  reason: string | null;

  constructor(readonly row: BatchMember) {
    this.position = row.position;
    this.reused = row.reused;
    this.reason = row.reason;
  }
}

export const BatchMemberConnection = connectionType('BatchMember', () => BatchMemberNode);
