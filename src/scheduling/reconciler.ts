import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { GenerationQueue } from './queue.js';
import { tell } from '../work/index.js';
import { advance } from '../services/generations/index.js';
import { topUp } from './turns.js';

/** A running generation whose worker has said nothing for so long has lost it, ms. Heartbeats come every 2 s; on an overloaded machine
 * several in a row may be late, and who loses its work for that may lose it five times. */
const STALE_MS = 15_000;

/**
 * Repairs what a crash can leave behind, in any number of processes at once: generations whose worker has died go back to QUEUED
 * (or to CANCELED, if that was asked for, or to FAILED at their limit), and waiting ones that the queue has lost and whose turn it
 * is are put back.
 *
 * @param isHeldHere tells which generations this very process computes: a moment in which it could not send heartbeats is no
 *   reason to take them from itself
 */
export async function reconcile(
  dataSource: DataSource,
  queue: GenerationQueue,
  logger: Logger,
  isHeldHere: (id: string) => boolean,
): Promise<void> {
  for (const lost of await generationsWithoutWorker(dataSource)) {
    if (isHeldHere(lost.id)) continue;
    const seen = { id: lost.id, state: 'RUNNING', attempt: lost.attempt } as const;
    const change = lost.cancel_requested
      ? ({ to: 'CANCELED', message: 'Its worker ended before it could stop it.' } as const)
      : afterCrash(lost.attempt, lost.attempt_limit, 'Its worker ended unexpectedly');
    if ((await advance(dataSource.manager, seen, change)) !== undefined) {
      tell({ kind: 'worker lost', to: change.to });
      logger.warn({ generation: lost.id, worker: lost.worker, to: change.to }, 'a generation had lost its worker');
    }
  }
  await topUp(dataSource, queue);
}

/** Where a crash on attempt `attempt` leads. `what` says what happened, without full stop. */
export function afterCrash(attempt: number, limit: number, what: string) {
  return attempt < limit
    ? ({ to: 'QUEUED', message: `${what}; it will be continued.` } as const)
    : ({ to: 'FAILED', message: `${what} on attempt ${attempt}, the last one allowed.` } as const);
}

interface LostGeneration {
  id: string;
  attempt: number;
  attempt_limit: number;
  cancel_requested: boolean;
  worker: string | null;
}

function generationsWithoutWorker(dataSource: DataSource): Promise<LostGeneration[]> {
  return dataSource.query(
    `SELECT id, attempt, attempt_limit, cancel_requested, worker FROM generation
     WHERE state = 'RUNNING' AND heartbeat_at < clock_timestamp() - make_interval(secs => $1)`,
    [STALE_MS / 1000],
  ) as Promise<LostGeneration[]>;
}
