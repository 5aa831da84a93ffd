import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';

/** Any number will do, as long as every osteograph process asks for the same. */
const MIGRATION_LOCK = 4_796_019;

const OLDEST_POSTGRES = 140_000;

/**
 * Brings the schema up to date. Processes that start together wait for one another at an advisory lock, and each migration
 * is one transaction. A database that a newer osteograph has migrated is refused: this code does not know its tables.
 *
 * @returns names of the migrations that this call ran.
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  await using runner = dataSource.createQueryRunner();
  await runner.connect();
  const [version] = (await runner.query('SHOW server_version_num')) as { server_version_num: string }[];
  if (Number(version?.server_version_num) < OLDEST_POSTGRES) {
    throw new UserError('UNAVAILABLE', 'This PostgreSQL is too old; osteograph needs version 14 or newer.');
  }
  await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  try {
    await refuseNewer(dataSource);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  }
}

async function refuseNewer(dataSource: DataSource): Promise<void> {
  const [table] = (await dataSource.query(`SELECT to_regclass('migrations') AS name`)) as { name: string | null }[];
  if (!table?.name) return;
  const applied = (await dataSource.query('SELECT name FROM migrations')) as { name: string }[];
  const known = new Set(dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name));
  const unknown = applied.find(({ name }) => !known.has(name));
  if (unknown) {
    throw new UserError(
      'CONFLICT',
      `The database was migrated by a newer osteograph (${unknown.name}); update this installation.`,
    );
  }
}
