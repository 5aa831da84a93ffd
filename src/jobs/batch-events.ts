import type { DataSource } from 'typeorm';
import { type BatchCounters, type BatchState, isFinalBatchState } from '../domain/batches.js';
import { UserError } from '../domain/errors.js';
import type { GenerationState } from '../domain/generations.js';
import type { LogPage } from './event-hub.js';
import { LOG_PAGE } from './events.js';

/**
 * What a batch's log says, by type. When nothing of it waits or runs any more, COMPLETED and, last of all, STATE_CHANGED to a
 * final state are written in the transaction that ended the last generation.
 */
export type BatchEventBody =
  | { type: 'STATE_CHANGED'; payload: BatchStateChanged }
  | { type: 'GENERATION_FINISHED'; payload: BatchGenerationFinished }
  | { type: 'COMPLETED'; payload: BatchCompleted };

export interface BatchStateChanged {
  state: BatchState;
  /** One sentence that says why, where there is something to say. */
  message: string | null;
  counters: BatchCounters;
}

export interface BatchGenerationFinished {
  generationId: string;
  outcome: GenerationState;
  /** One sentence that says why it failed. */
  error: string | null;
  counters: BatchCounters;
}

export interface BatchCompleted {
  counters: BatchCounters;
  /** From the first start to the end, pauses included; null when nothing had to be made. */
  durationMs: number | null;
}

/** One line of a batch's log. */
export type LoggedBatchEvent = { batchId: string; seq: number; at: Date } & BatchEventBody;

/**
 * The next lines of a batch's log after `after`, at most 500; one snapshot of the database.
 *
 * @throws UserError NOT_FOUND
 */
export async function readBatchEvents(
  dataSource: DataSource,
  batchId: string,
  after: number,
): Promise<LogPage<LoggedBatchEvent>> {
  const rows = (await dataSource.query(
    `SELECT batch.state, batch.last_seq, event.seq, event.type, event.payload, event.at
     FROM batch LEFT JOIN LATERAL (
       SELECT * FROM batch_event WHERE batch_id = batch.id AND seq > $2 ORDER BY seq LIMIT $3
     ) event ON true
     WHERE batch.id = $1 ORDER BY event.seq`,
    [batchId, after, LOG_PAGE],
  )) as { state: BatchState; last_seq: number; seq: number | null; type: string; payload: unknown; at: Date }[];
  const first = rows[0];
  if (!first) throw new UserError('NOT_FOUND', 'There is no such batch.');
  const events = rows
    .filter((row) => row.seq !== null)
    .map(({ seq, at, type, payload }) => ({ batchId, seq, at, type, payload }) as LoggedBatchEvent);
  const last = events.at(-1)?.seq ?? after;
  return { events, ended: isFinalBatchState(first.state) && last >= first.last_seq };
}
