import { z } from 'zod';
import { queryRows, type Work } from '../entities/index.js';
import { type AttemptOptions, attemptWork, isAway } from './attempt.js';
import { type BackgroundWork, startBackground } from './background.js';
import type { LogBody } from './states.js';
import { Leases } from './leases.js';
import { recoveryOf } from './recovery.js';
import { TIMINGS } from './timings.js';
import { STARTABLE } from './transitions.js';

export type RunnerOptions<R extends Work, B extends LogBody, Resources> = Omit<
  AttemptOptions<R, B, Resources>,
  'leases' | 'onClaim'
>;

/** Work of one kind that a process does one piece after the other. */
export interface Runner extends BackgroundWork {
  /**
   * Stops in good order: takes no more, lets what runs go on for `patience` ms (default 0), then hands it back.
   */
  close(patience?: number): Promise<void>;
}

/**
 * Starts to do the work of one kind, the oldest first, one at a time. Any number of processes may do so on one database: each
 * piece is claimed under an attempt number, and nothing counts that is done under an old one. What a process that dies has
 * finished stays; the next one goes on from there. Each kind has a runner of its own, so that none waits behind another.
 */
export function startRunner<R extends Work, B extends LogBody, Resources>(
  options: RunnerOptions<R, B, Resources>,
): Runner {
  const { registry, kind, dataSource, resources, logger, timings = TIMINGS } = options;
  registry.require(kind);
  const leases = new Leases();
  const recover = recoveryOf({ dataSource, kind, leases, logger, timings });
  const background = startBackground({
    name: `${kind.name} work`,
    logger,
    pollMs: timings.poll,
    async next() {
      await kind.tidy?.(dataSource, resources);
      await recover();
      const [next] = await queryRows(
        dataSource,
        z.object({ id: z.union([z.string(), z.number()]) }),
        `SELECT id FROM ${kind.table} WHERE state = 'QUEUED' AND ${STARTABLE} ORDER BY created_at, id LIMIT 1`,
      );
      if (!next) return undefined;
      return async () => {
        const attempted = await attemptWork({ ...options, leases }, next.id);
        // The others would mostly fare no better now.
        return isAway(attempted) && !kind.waitsApart ? attempted.restMs : undefined;
      };
    },
  });
  return {
    wake: () => background.wake(),
    async close(patience = 0) {
      const closed = background.close();
      await leases.drain(closed, patience);
      await closed;
    },
  };
}
