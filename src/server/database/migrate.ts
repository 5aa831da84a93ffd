import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { knownMigrations, giveBack, queryRow, queryRows } from '../../entities/index.js';

/** Any number will do, as long as every osteograph process asks for the same. */
const MIGRATION_LOCK = 4_796_019;

/** As `server_version_num` writes it. */
export const OLDEST_POSTGRES = 140_000;

/**
 * Brings the schema up to date. Processes that start together wait for one another at an advisory lock, and each migration
 * is one transaction. A database that a newer osteograph has migrated is refused: this code does not know its tables.
 *
 * @returns names of the migrations that this call ran.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  await using runner = dataSource.createQueryRunner();
  await runner.connect();
  const version = await queryRow(runner, z.object({ server_version_num: z.string() }), 'SHOW server_version_num');
  if (Number(version.server_version_num) < OLDEST_POSTGRES) {
    throw new UserError('UNAVAILABLE', 'This PostgreSQL is too old; osteograph needs version 14 or newer.');
  }
  await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    await refuseNewer(dataSource);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await giveBack(runner, () => runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]));
  }
}

/** How many of this program's migrations the database has not run; all of them where it has run none. */
export async function pendingMigrations(dataSource: DataSource): Promise<number> {
  const applied = await appliedMigrations(dataSource);
  return [...knownMigrations(dataSource)].filter((name) => !applied.has(name)).length;
}

async function appliedMigrations(dataSource: DataSource): Promise<Set<string>> {
  const table = await queryRow(
    dataSource,
    z.object({ name: z.string().nullable() }),
    `SELECT to_regclass('migrations')::text AS name`,
  );
  if (table.name === null) return new Set();
  const rows = await queryRows(dataSource, z.object({ name: z.string() }), 'SELECT name FROM migrations');
  return new Set(rows.map(({ name }) => name));
}

async function refuseNewer(dataSource: DataSource): Promise<void> {
  const known = knownMigrations(dataSource);
  const unknown = [...(await appliedMigrations(dataSource))].find((name) => !known.has(name));
  if (unknown) {
    throw new UserError(
      'CONFLICT',
      `The database was migrated by a newer osteograph (${unknown}); update this installation.`,
    );
  }
}
