import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import {
  type BatchCounters,
  type BatchState,
  COUNTED_AS,
  countersOf,
  isFinalBatchState,
  NO_MEMBERS,
  outcomeOf,
  SAME_FAULT_LIMIT,
} from '../../domain/batches.js';
import { type GenerationState, isFinalState } from '../../domain/generations.js';
import { Batch, queryRows } from '../../entities/index.js';
import { channelOf, countLines, insertLines, requireLegal } from '../../work/index.js';
import { announcing } from '../webhooks/index.js';
import type { BatchEventBody } from './events.js';
import { BATCH } from './kind.js';

export interface BatchChange {
  /** The state to go to; absent to stay. */
  to?: BatchState;
  /** One sentence that says why; stays with the batch until its next change of state. */
  message?: string;
  /** Generations that moved, by how many; the numbers of one change add up to nothing. */
  counted?: Partial<BatchCounters>;
  /** Lines for the log, given the new counters, put before the one that a new state writes. */
  events?: (counters: BatchCounters) => BatchEventBody[];
  cancelRequested?: boolean;
}

/**
 * Locks a batch until the end of the transaction. Whoever changes the state of a batch's generations does this first, so that
 * all of them take their locks in one order, and the counters agree with the rows.
 */
export async function lockBatch(manager: EntityManager, id: string): Promise<Batch | null> {
  return manager.findOne(Batch, { where: { id }, lock: { mode: 'for_no_key_update' } });
}

const announceBatch = announcing('BATCH', {
  detail: `jsonb_build_object(${Object.keys(NO_MEMBERS)
    .map((name) => `'${name}', changed.${name}`)
    .join(', ')})`,
});

/** Locks the batch that a generation belongs to; null when it was asked for by itself. */
export async function lockBatchOf(manager: EntityManager, generationId: string): Promise<Batch | null> {
  return manager
    .createQueryBuilder(Batch, 'batch')
    .where('batch.id = (SELECT batch_id FROM generation WHERE id = :generationId)', { generationId })
    .setLock('for_no_key_update')
    .getOne();
}

/**
 * Makes every change of a batch's state and counters and every entry in its log, and is the only one to do so: writes them,
 * numbered without a gap, and announces them. Brings `batch` up to date.
 *
 * @param batch as {@link lockBatch} gave it, in the same transaction
 * @throws Error for a transition that the states do not allow
 */
export async function advanceBatch(manager: EntityManager, batch: Batch, change: BatchChange): Promise<void> {
  const { to, message = null, counted = {}, events, cancelRequested = batch.cancelRequested } = change;
  if (to !== undefined) requireLegal(BATCH, batch.state, to);
  for (const [name, by] of Object.entries(counted)) batch[name as keyof BatchCounters] += by;
  const counters = countersOf(batch);
  const lines = events?.(counters) ?? [];
  if (to !== undefined) {
    lines.push({ type: 'STATE_CHANGED', payload: { state: to, message, counters } });
    Object.assign(batch, { state: to, message });
  }
  batch.cancelRequested = cancelRequested;
  const times = to === undefined ? [] : timeColumns(to);
  const parameters: unknown[] = [
    batch.state,
    batch.message,
    cancelRequested,
    JSON.stringify(counters),
    JSON.stringify(lines),
    batch.id,
    channelOf(BATCH),
  ];
  const outbox = to === undefined ? undefined : announceBatch(to, (value) => `$${parameters.push(value)}`);
  const columns = Object.keys(counters).map((name) => `${name} = ($4::jsonb->>'${name}')::integer`);
  const [row] = await queryRows(
    manager,
    CHANGED,
    `WITH changed AS (
       UPDATE batch SET ${['state = $1, message = $2, cancel_requested = $3', ...columns, ...times].join(', ')},
         last_seq = last_seq + ${countLines('$5')}
       WHERE id = $6 RETURNING *
     ), logged AS (${insertLines('batch', '$5')} RETURNING seq)${outbox ? `, ${outbox}` : ''}
     SELECT last_seq, started_at, running_since, finished_at, (SELECT pg_notify($7, $6::text || ':' || max(seq)) FROM logged HAVING count(*) > 0) FROM changed`,
    parameters,
  );
  const { last_seq: lastSeq, started_at: startedAt, running_since: runningSince, finished_at: finishedAt } = row!;
  Object.assign(batch, { lastSeq, startedAt, runningSince, finishedAt });
}

const TIME = z.instanceof(Date).nullable();

const CHANGED = z.object({ last_seq: z.number(), started_at: TIME, running_since: TIME, finished_at: TIME });

/** A generation of a batch that has gone from one state to another. */
export interface Moved {
  id: string;
  from: GenerationState;
  to: GenerationState;
  error: string | null;
}

/** Counts a generation that has moved, and draws the consequences for its batch. In the transaction that moved it. */
export async function countInBatch(manager: EntityManager, batch: Batch, moved: Moved): Promise<void> {
  const { id, from, to, error } = moved;
  await advanceBatch(manager, batch, {
    counted: { [COUNTED_AS[from]]: -1, [COUNTED_AS[to]]: 1 },
    events: (counters) =>
      isFinalState(to)
        ? [{ type: 'GENERATION_FINISHED', payload: { generationId: id, outcome: to, error, counters } }]
        : [],
    ...(to === 'RUNNING' && batch.state === 'QUEUED' ? { to: 'RUNNING' } : {}),
  });
  if (isFinalBatchState(batch.state)) {
    if (batch.waiting + batch.running === 0) return;
    return advanceBatch(manager, batch, { to: 'QUEUED', message: 'One of its generations was asked for again.' });
  }
  if (await completeBatch(manager, batch)) return;
  const fault = to === 'FAILED' ? await commonFault(manager, batch) : undefined;
  if (fault !== undefined) await advanceBatch(manager, batch, { to: 'PAUSED', message: fault });
}

/** Takes a batch of which nothing waits or runs to its final state. @returns whether it did. */
export async function completeBatch(manager: EntityManager, batch: Batch): Promise<boolean> {
  const outcome = outcomeOf(batch, batch.cancelRequested);
  if (outcome === undefined) return false;
  const [row] = await queryRows(
    manager,
    z.object({ ms: z.number().nullable() }),
    `SELECT round(1000 * extract(epoch FROM clock_timestamp() - started_at))::integer AS ms FROM batch WHERE id = $1`,
    [batch.id],
  );
  await advanceBatch(manager, batch, {
    to: outcome,
    events: (counters) => [{ type: 'COMPLETED', payload: { counters, durationMs: row!.ms } }],
  });
  return true;
}

/**
 * Why a batch should pause itself: its first generations have all failed, and for the same reason, which is then unlikely to be
 * theirs. Somebody who resumes it knows that.
 */
async function commonFault(
  manager: EntityManager,
  { id, state, cancelRequested, succeeded, failed }: Batch,
): Promise<string | undefined> {
  if (state === 'PAUSED' || cancelRequested || succeeded > 0 || failed !== SAME_FAULT_LIMIT) return undefined;
  const faults = await queryRows(
    manager,
    z.object({ error: z.string() }),
    `SELECT DISTINCT error FROM generation WHERE batch_id = $1 AND state = 'FAILED' LIMIT 2`,
    [id],
  );
  if (faults.length !== 1) return undefined;
  return `Its first ${failed} generations all failed for the same reason: ${faults[0]!.error}`;
}

/** What a state means for the times of the row, by the database's clock. */
function timeColumns(to: BatchState): string[] {
  if (to === 'RUNNING') {
    return ['started_at = COALESCE(started_at, clock_timestamp())', 'running_since = clock_timestamp()'];
  }
  if (to === 'QUEUED' || to === 'PAUSED') return ['running_since = NULL', 'finished_at = NULL'];
  return ['finished_at = clock_timestamp()'];
}
