import type { EntityManager, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { queryRow } from '../entities/index.js';

/**
 * Advisory locks ("oblb" and the first byte of the digest) between who writes a row for a blob and who removes blobs without
 * rows. There are 256, one for each folder of a store: one per blob would fill PostgreSQL's lock table in a large import, and one
 * for all would make every writer wait for every sweep.
 */
const LOCK = 0x6f626c62;

/** Keeps the blobs that share a digest's first two digits from being removed until the transaction ends. */
export async function holdBlobs(manager: EntityManager, sha256: string): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock_shared($1, $2)', [LOCK, parseInt(sha256.slice(0, 2), 16)]);
}

/**
 * Makes the transaction the only one that writes rows for, or removes, the blobs that share these two digits. Does not wait:
 * writers that come after one that waits would wait, too.
 *
 * @returns whether nobody else is at it
 */
export async function takeBlobs(manager: EntityManager, firstDigits: string): Promise<boolean> {
  const { taken } = await queryRow(
    manager,
    z.object({ taken: z.boolean() }),
    'SELECT pg_try_advisory_xact_lock($1, $2) AS taken',
    [LOCK, parseInt(firstDigits.slice(0, 2), 16)],
  );
  return taken;
}

/**
 * Keeps every blob that has a row from being removed, for as long as this connection lives or until it lets go of its locks. Waits for who
 * is removing; whoever comes then leaves the blobs to a later sweep.
 */
export async function holdFolders(runner: QueryRunner): Promise<void> {
  await runner.query('SELECT pg_advisory_lock_shared($1, folder) FROM generate_series(0, 255) AS folder', [LOCK]);
}
