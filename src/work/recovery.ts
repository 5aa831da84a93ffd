import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows, type Work } from '../entities/index.js';
import { afterCrash } from './attempt.js';
import type { WorkKind } from './kind.js';
import type { Change, LogBody } from './states.js';
import type { Leases } from './leases.js';
import { reach } from './points.js';
import { emit } from './telemetry.js';
import { type Timings, TIMINGS } from './timings.js';
import { advance } from './transitions.js';

export interface RecoveryOptions<R extends Work, B extends LogBody, Resources> {
  dataSource: DataSource;
  kind: WorkKind<R, B, Resources>;
  /** What this very process is at: a moment in which it could not send heartbeats is no reason to take work from itself. */
  leases: Leases;
  logger: Logger;
  timings?: Pick<Timings, 'stale'>;
}

/**
 * Takes back what a crash has left behind, in any number of processes at once: running work whose process has died goes back to
 * QUEUED, or is canceled, if that was asked for, or fails at its limit. After the database was away, everybody is given as long
 * as a lease to be heard again.
 *
 * @returns does so once
 */
export function recoveryOf<R extends Work, B extends LogBody, Resources>(
  options: RecoveryOptions<R, B, Resources>,
): () => Promise<void> {
  const { dataSource, kind, leases, logger, timings = TIMINGS } = options;
  let away = false;
  let patientUntil = 0;
  return async () => {
    const found = await lostWork(dataSource, kind, timings.stale).catch((error: unknown) => {
      away = true;
      throw error;
    });
    if (away) patientUntil = performance.now() + timings.stale;
    away = false;
    if (performance.now() < patientUntil) return;
    for (const { id, attempt, attempt_limit, cancel_requested } of found) {
      if (leases.has(kind.table, id)) continue;
      await reach('recover', kind.table, id, attempt);
      const change: Change<R, B> = cancel_requested
        ? { to: kind.canceled, message: `Its ${kind.holder} ended before it could stop it.` }
        : afterCrash(attempt, attempt_limit, `Its ${kind.holder} ended unexpectedly`);
      if ((await advance(dataSource.manager, kind, { id, state: 'RUNNING', attempt }, change)) === undefined) continue;
      if (kind.holder === 'worker') emit({ kind: 'worker lost', to: change.to! });
      logger.warn({ [kind.table]: id, to: change.to }, `a ${kind.name} had lost its ${kind.holder}`);
    }
  };
}

const LOST = z.object({
  id: z.union([z.string(), z.number()]),
  attempt: z.number(),
  attempt_limit: z.number(),
  cancel_requested: z.boolean(),
});

function lostWork(dataSource: DataSource, { table }: Pick<WorkKind, 'table'>, stale: number) {
  return queryRows(
    dataSource,
    LOST,
    `SELECT id, attempt, attempt_limit, cancel_requested FROM ${table}
     WHERE state = 'RUNNING' AND heartbeat_at < clock_timestamp() - make_interval(secs => $1)`,
    [stale / 1000],
  );
}
