import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';

/** Any number will do, as long as it is no other lock's. */
const IMPORT_LOCK = 4_796_021;

/**
 * Runs one import of a database at a time.
 *
 * @param refusal what is said while another process imports
 * @throws UserError CONFLICT then
 */
export async function withImportLock<T>(
  dataSource: DataSource,
  work: () => Promise<T>,
  refusal = 'Another import into this database is running; wait until it is done.',
): Promise<T> {
  await using runner = dataSource.createQueryRunner();
  await runner.connect();
  const { taken } = await queryRow(
    runner,
    z.object({ taken: z.boolean() }),
    'SELECT pg_try_advisory_lock($1) AS taken',
    [IMPORT_LOCK],
  );
  if (!taken) throw new UserError('CONFLICT', refusal);
  try {
    return await work();
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [IMPORT_LOCK]);
  }
}
