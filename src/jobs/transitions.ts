import type { EntityManager } from 'typeorm';
import { type GenerationState, isFinalState, isLegalTransition, MAX_ATTEMPTS } from '../domain/generations.js';
import { Generation } from '../entities/index.js';
import { countInBatch, lockBatchOf } from './batch-transitions.js';
import type { GenerationEventBody } from './events.js';
import { countLines, insertLines } from './log-pages.js';
import { currentTraceparent } from './telemetry.js';

/** PostgreSQL channel on which every new line of a log is announced as "<generation id>:<seq>". */
export const EVENT_CHANNEL = 'generation_event';

/** PostgreSQL channel on which a cancellation of a running generation is announced by its id. */
export const CANCEL_CHANNEL = 'generation_cancel';

/** A generation as its caller last read it. A change is made only while it still is so. */
export interface Seen {
  id: string;
  state: GenerationState;
  attempt: number;
}

export interface Change {
  /** The state to go to; absent to stay and only write to the log. */
  to?: GenerationState;
  /** One sentence that says why, for the log; the error of a generation that goes to FAILED. */
  message?: string;
  /** Lines for the log, put before the one that a new state writes. */
  events?: readonly GenerationEventBody[];
  /** Columns to change beside those that the new state itself changes. */
  set?: Partial<ProgressColumns>;
}

type ProgressColumns = Pick<
  Generation,
  | 'worker'
  | 'box'
  | 'origin'
  | 'traceparent'
  | 'device'
  | 'attemptLimit'
  | 'psnr'
  | 'ssim'
  | 'rssim'
  | 'adjacentCorrelation'
  | 'durationMs'
  | 'denoiserEvaluations'
>;

/** What a request decides. */
export type NewGeneration = Pick<
  Generation,
  | 'id'
  | 'examId'
  | 'radiographId'
  | 'bundleId'
  | 'sliceCount'
  | 'steps'
  | 'sampler'
  | 'eta'
  | 'seed'
  | 'noise'
  | 'features'
  | 'featureOverrides'
  | 'clientKey'
  | 'requestedById'
> &
  Partial<Pick<Generation, 'uploadId' | 'side' | 'box' | 'key' | 'priority' | 'request'>>;

/**
 * Makes every change of a generation's state and every entry in its log, and is the only one to do so. One statement changes the
 * row if (state, attempt) are still those that the caller read, numbers the new lines without a gap, writes them and announces
 * them; the row's lock orders it against all others. Claiming it (to RUNNING) counts a new attempt, which shuts out whoever had
 * the one before, and changes nothing while its batch is paused. A batch is told of a new state in the same transaction.
 *
 * @returns the newest sequence number, or undefined when the generation has moved on: then nothing was changed
 * @throws Error for a transition that the states do not allow
 */
export async function advance(manager: EntityManager, seen: Seen, change: Change): Promise<number | undefined> {
  const { to } = change;
  const which = (bind: Bind) =>
    `id = ${bind(seen.id)} AND state = ${bind(seen.state)} AND attempt = ${bind(seen.attempt)}`;
  if (to === undefined) return (await write(manager, which, seen.state, change))[0];
  if (!isLegalTransition(seen.state, to)) throw new Error(`A generation does not go from ${seen.state} to ${to}.`);
  return inTransaction(manager, async (own) => {
    const batch = await lockBatchOf(own, seen.id);
    if (to === 'RUNNING' && batch?.state === 'PAUSED') return undefined;
    const [seq] = await write(own, which, seen.state, change);
    const error = to === 'FAILED' ? (change.message ?? null) : null;
    if (seq !== undefined && batch) await countInBatch(own, batch, { id: seen.id, from: seen.state, to, error });
    return seq;
  });
}

/**
 * Takes all of a batch's generations from one state to another, as {@link advance} does with one; the batch is left to the caller,
 * who has locked it.
 *
 * @returns how many they were
 */
export async function advanceAll(
  manager: EntityManager,
  batchId: string,
  from: GenerationState,
  change: Pick<Change, 'message'> & { to: GenerationState },
): Promise<number> {
  if (!isLegalTransition(from, change.to)) throw new Error(`A generation does not go from ${from} to ${change.to}.`);
  const which = (bind: Bind) => `batch_id = ${bind(batchId)} AND state = ${bind(from)}`;
  return (await write(manager, which, from, change)).length;
}

/** Enters a new generation: its row in state QUEUED and the first line of its log. Call it in a transaction. */
export async function enter(manager: EntityManager, generation: NewGeneration): Promise<Seen> {
  const seen: Seen = { id: generation.id, state: 'QUEUED', attempt: 0 };
  await manager.insert(Generation, { traceparent: currentTraceparent(), ...generation, state: 'QUEUED' } as object);
  const payload = { state: 'QUEUED', message: null, attempt: 0 } as const;
  await advance(manager, seen, { events: [{ type: 'STATE_CHANGED', payload }] });
  return seen;
}

type Bind = (value: unknown) => string;

/** @returns the newest sequence number of each generation that was changed. */
async function write(
  manager: EntityManager,
  which: (bind: Bind) => string,
  from: GenerationState,
  { to, message, events = [], set = {} }: Change,
): Promise<number[]> {
  const lines: object[] = [...events];
  if (to) lines.push({ type: 'STATE_CHANGED', payload: { state: to, message: message ?? null } });
  const parameters: unknown[] = [JSON.stringify(lines), EVENT_CHANNEL];
  const bind: Bind = (value) => `$${parameters.push(value)}`;
  const assignments = to ? stateColumns(from, to, bind, message) : [];
  const { columns } = manager.connection.getMetadata(Generation);
  for (const [property, value] of Object.entries(set)) {
    const column = columns.find(({ propertyName }) => propertyName === property)!;
    assignments.push(`${column.databaseName} = ${bind(value)}`);
  }
  const payload = `CASE line.event->>'type'
    WHEN 'STATE_CHANGED' THEN (line.event->'payload') || jsonb_build_object('attempt', changed.attempt)
    ELSE line.event->'payload'
  END`;
  const rows = (await manager.query(
    `WITH changed AS (
       UPDATE generation SET ${[`last_seq = last_seq + ${countLines('$1')}`, ...assignments].join(', ')}
       WHERE ${which(bind)} RETURNING id, attempt, last_seq
     ), logged AS (${insertLines('generation', '$1', payload)})
     SELECT last_seq, pg_notify($2, id || ':' || last_seq) FROM changed`,
    parameters,
  )) as { last_seq: number }[];
  return rows.map(({ last_seq }) => last_seq);
}

/** In the transaction there is, or one of its own. */
function inTransaction<T>(manager: EntityManager, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  return manager.queryRunner?.isTransactionActive ? work(manager) : manager.transaction(work);
}

/** What a state means for the row. */
function stateColumns(from: GenerationState, to: GenerationState, bind: Bind, message?: string): string[] {
  const columns = [`state = ${bind(to)}`];
  if (to === 'RUNNING') {
    columns.push(
      'attempt = attempt + 1',
      'started_at = COALESCE(started_at, now())',
      'heartbeat_at = clock_timestamp()',
    );
  }
  if (to === 'QUEUED') columns.push('worker = NULL', 'heartbeat_at = NULL');
  if (to === 'QUEUED' && isFinalState(from)) {
    columns.push('error = NULL', 'cancel_requested = false', 'started_at = NULL', 'finished_at = NULL');
    columns.push(`attempt_limit = attempt + ${MAX_ATTEMPTS}`);
  }
  if (isFinalState(to)) columns.push('finished_at = clock_timestamp()', 'heartbeat_at = NULL');
  if (to === 'FAILED') columns.push(`error = ${bind(message ?? null)}`);
  return columns;
}
