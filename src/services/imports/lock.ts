import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { giveBack, queryRow } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';

/** Any number will do, as long as it is no other lock's. */
const IMPORT_LOCK = 4_796_021;

const RUNNING = 'Another import into this database is running; wait until it is done.';

/** How often a lock that is waited for is tried, ms: a statement that waits for it would run into its time limit. */
const TRY_MS = 100;

/**
 * Runs one import of a database at a time.
 *
 * @param refusal what is said while another process imports
 * @param waitMs how long the other one is waited for, ms
 * @throws UserError CONFLICT then; UNAVAILABLE after it was waited for in vain
 */
export async function withImportLock<T>(
  dataSource: DataSource,
  work: () => Promise<T>,
  { refusal = RUNNING, waitMs = 0 }: { refusal?: string; waitMs?: number } = {},
): Promise<T> {
  await using runner = dataSource.createQueryRunner();
  await runner.connect();
  const until = performance.now() + waitMs;
  while (!(await take(runner))) {
    if (performance.now() >= until) throw new UserError(waitMs > 0 ? 'UNAVAILABLE' : 'CONFLICT', refusal);
    await delay(TRY_MS);
  }
  try {
    return await work();
  } finally {
    await giveBack(runner, () => runner.query('SELECT pg_advisory_unlock($1)', [IMPORT_LOCK]));
  }
}

async function take(runner: QueryRunner): Promise<boolean> {
  const { taken } = await queryRow(
    runner,
    z.object({ taken: z.boolean() }),
    'SELECT pg_try_advisory_lock($1) AS taken',
    [IMPORT_LOCK],
  );
  return taken;
}
