import { PassThrough } from 'node:stream';
import type { PoolClient } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { pipeline } from 'node:stream/promises';
import type { QueryRunner } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { refused, type Sums, unpack } from './files.js';
import { type Manifest, type TableDump, tableFile } from './manifest.js';

/** TypeORM's list of migrations is written anew when they run. */
const NOT_OURS = ['migrations', 'migrations_id_seq'];

/** So that the same values are the same text whatever the server's settings are. */
const FORM = `SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1;
  SET LOCAL bytea_output = 'hex'; SET LOCAL timezone = 'UTC'; SET LOCAL statement_timeout = 0`;

const TABLE = z.object({ name: z.string(), columns: z.array(z.string()) });

/** Every table of the schema with the columns that have values of their own. */
export function listTables(runner: QueryRunner): Promise<z.infer<typeof TABLE>[]> {
  return queryRows(
    runner,
    TABLE,
    `SELECT c.relname AS name, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
       AND c.relname <> ALL($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     GROUP BY 1 ORDER BY 1`,
    [NOT_OURS],
  );
}

/** Where each sequence stands. Sequences know no snapshots: it may be later than the tables, and never earlier. */
export function listSequences(runner: QueryRunner): Promise<Manifest['sequences']> {
  return queryRows(
    runner,
    z.object({ name: z.string(), last: z.string().nullable() }),
    `SELECT sequencename AS name, last_value::text AS last FROM pg_sequences
     WHERE schemaname = current_schema() AND sequencename <> ALL($1) ORDER BY 1`,
    [NOT_OURS],
  );
}

/** Makes the runner's transaction one in which values are written, or read, in the form of backups. */
export async function useForm(runner: QueryRunner): Promise<void> {
  await runner.query(FORM);
}

/** Writes a table as the runner's transaction sees it. */
export async function dumpTable(
  runner: QueryRunner,
  { name, columns }: z.infer<typeof TABLE>,
  sums: Sums,
): Promise<TableDump> {
  const rows = await dumpSelection(runner, `SELECT ${columns.join(', ')} FROM "${name}"`, tableFile(name), sums);
  return { name, columns, rows };
}

/** Writes the rows of a statement, a line each, columns divided by tabs. @returns how many they are */
export async function dumpSelection(runner: QueryRunner, statement: string, file: string, sums: Sums): Promise<number> {
  const lines = (await clientOf(runner)).query(copyTo(`COPY (${statement}) TO STDOUT`));
  const text = new PassThrough();
  lines.on('error', (error) => text.destroy(error)).pipe(text);
  try {
    await sums.pack(file, text);
  } catch (error) {
    // A full disk: the connection is in the middle of a COPY, and serves for nothing else until that has been read to its end.
    lines.unpipe(text);
    lines.resume();
    throw error;
  }
  return lines.rowCount;
}

/**
 * Fills empty tables. Foreign keys are taken away before and put back after, which compares all rows at once, and no trigger fires: what
 * triggers made is in the backup.
 *
 * @throws UserError FILE_REFUSED when a file has another number of rows than the manifest says
 */
export async function loadTables(
  runner: QueryRunner,
  folder: string,
  { tables, sequences }: Pick<Manifest, 'tables' | 'sequences'>,
  onTable: (done: number) => void,
): Promise<void> {
  const keys = await queryRows(
    runner,
    z.object({ table: z.string(), name: z.string(), definition: z.string() }),
    `SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND connamespace = current_schema()::regnamespace`,
  );
  for (const { table, name } of keys) await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  // Migrations put rows into some.
  for (const { name } of tables) {
    await runner.query(`ALTER TABLE "${name}" DISABLE TRIGGER USER`);
    await runner.query(`TRUNCATE "${name}"`);
  }
  for (const [at, table] of tables.entries()) {
    await loadTable(await clientOf(runner), folder, table);
    onTable(at + 1);
  }
  for (const { name } of tables) await runner.query(`ALTER TABLE "${name}" ENABLE TRIGGER USER`);
  for (const { table, name, definition } of keys) {
    await runner.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
  }
  for (const { name, last } of sequences) {
    if (last !== null) await runner.query('SELECT setval($1::regclass, $2)', [`"${name}"`, last]);
  }
}

async function loadTable(client: PoolClient, folder: string, { name, columns, rows }: TableDump): Promise<void> {
  const lines = client.query(copyFrom(`COPY "${name}" (${columns.join(', ')}) FROM STDIN`));
  await pipeline(unpack(folder, tableFile(name)), lines);
  if (lines.rowCount !== rows)
    throw refused(tableFile(name), `incomplete: it has ${lines.rowCount} rows instead of ${rows}`);
}

async function clientOf(runner: QueryRunner): Promise<PoolClient> {
  return (await runner.connect()) as PoolClient;
}
