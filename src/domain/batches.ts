import type { GenerationState } from './generations.js';

/** Life of a batch; the diagram is in docs/architecture.md. */
export const BATCH_STATES = ['QUEUED', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELED'] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** Nothing of the batch waits or runs any more. */
export function isFinalBatchState(state: BatchState): boolean {
  return state === 'SUCCEEDED' || state === 'PARTIAL' || state === 'FAILED' || state === 'CANCELED';
}

/** What has become of one exam of a batch. */
export const MEMBER_STATES = [
  'WAITING',
  'RUNNING',
  'SUCCEEDED',
  'REUSED',
  'FAILED',
  'CANCELED',
  'NOT_POSSIBLE',
] as const;
export type MemberState = (typeof MEMBER_STATES)[number];

/** How many exams of a batch are where; their sum is the number of its exams. */
export interface BatchCounters {
  waiting: number;
  running: number;
  succeeded: number;
  /** A volume with the same key was there already. */
  reused: number;
  failed: number;
  canceled: number;
  /** No generation could be made, for want of a film. */
  impossible: number;
}

/** Where a generation of a batch is counted. */
export const COUNTED_AS: Readonly<Record<GenerationState, keyof BatchCounters>> = {
  QUEUED: 'waiting',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELED: 'canceled',
};

export const NO_MEMBERS: Readonly<BatchCounters> = {
  waiting: 0,
  running: 0,
  succeeded: 0,
  reused: 0,
  failed: 0,
  canceled: 0,
  impossible: 0,
};

/** The counters among the columns of a batch. */
export function countersOf(batch: BatchCounters): BatchCounters {
  const { waiting, running, succeeded, reused, failed, canceled, impossible } = batch;
  return { waiting, running, succeeded, reused, failed, canceled, impossible };
}

export function sumOf(counters: BatchCounters): number {
  return Object.keys(NO_MEMBERS).reduce((sum, name) => sum + counters[name as keyof BatchCounters], 0);
}

/** The final state of a batch of which nothing waits or runs; undefined while something does. */
export function outcomeOf(counters: BatchCounters, cancelRequested: boolean): BatchState | undefined {
  const { waiting, running, succeeded, reused, failed, canceled, impossible } = counters;
  if (waiting + running > 0) return undefined;
  if (cancelRequested) return 'CANCELED';
  if (failed + canceled + impossible === 0) return 'SUCCEEDED';
  if (succeeded + reused > 0) return 'PARTIAL';
  return failed + impossible > 0 ? 'FAILED' : 'CANCELED';
}

/** So many first generations of a batch that all fail with one and the same sentence make it pause itself. */
export const SAME_FAULT_LIMIT = 5;

/** Where the seeds of a batch come from. */
export const SEED_RULES = ['FIXED', 'PER_EXAM'] as const;
export type SeedRule = (typeof SEED_RULES)[number];

/** Batches of a higher priority go first. */
export const PRIORITY_RANGE = { min: -10, max: 10 } as const;

/** A generation that was asked for by itself goes before every batch: somebody is waiting for it. */
export const SINGLE_PRIORITY = 11;

/** An evaluation's volumes line up with batches of usual priority: nobody watches each of them. */
export const EVALUATION_PRIORITY = 0;

/** Most exams of one batch. */
export const MAX_BATCH_EXAMS = 100_000;
