import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { DataSource, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { packageVersion } from '../../domain/package.js';
import { queryRow, queryRows } from '../../entities/index.js';
import { type BlobStore, holdFolders } from '../../storage/index.js';
import { BLOB_LIST, copyBlob, forEachBlob, listBlobs, type Lost } from './blobs.js';
import { databaseName, keepErasures } from './erasures.js';
import { Sums } from './files.js';
import { BackupFolder } from './folder.js';
import { BLOBS, FORMAT, type Manifest, MANIFEST } from './manifest.js';
import { dumpSelection, dumpTable, listSequences, listTables, useForm } from './tables.js';

export interface BackupOptions {
  signal?: AbortSignal | undefined;
  /** Called after each blob. */
  onBlob?: ((done: number, total: number) => void) | undefined;
}

/** What a backup came to. */
export interface BackupReport {
  name: string;
  tables: number;
  rows: number;
  blobs: number;
  bytes: number;
  /** Blobs that were not in the folder yet. */
  copied: number;
  copiedBytes: number;
  /** Blobs that were damaged in the folder, and were copied again. */
  repaired: number;
  lost: Lost[];
}

/**
 * Backs up database and blobs while everything goes on: all tables as of one moment, and every blob that they name. Nobody waits for it;
 * sweeps leave blobs alone until they are copied. Blobs that the folder has are not copied again, unless they are known to be damaged. A process that dies leaves the folder
 * with the backups that it had.
 *
 * @throws UserError CONFLICT for a folder of something else, UNAVAILABLE from a store that does not answer, the signal's reason
 */
export async function createBackup(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  path: string,
  { signal, onBlob }: BackupOptions = {},
): Promise<BackupReport> {
  const database = await databaseName(dataSource);
  const folder = await BackupFolder.forDatabase(path, database);
  const draft = await folder.begin();
  await using runner = dataSource.createQueryRunner();
  try {
    // Before the snapshot: whoever has removed a blob by now has removed its row.
    await holdFolders(runner);
    const sums = new Sums(draft);
    const { name, ...dump } = await dumpDatabase(runner, sums);
    const copied = await copyBlobs(draft, store, folder, { signal, onBlob, total: dump.blobs.count });
    const manifest: Manifest = { format: FORMAT, osteograph: packageVersion, database, ...dump, lost: copied.lost };
    await sums.keep(MANIFEST, Readable.from([`${JSON.stringify(manifest, null, 1)}\n`], { objectMode: false }));
    await sums.close();
    await keepErasures(dataSource, folder);
    signal?.throwIfAborted();
    await folder.publish(draft, name);
    const { tables, blobs } = dump;
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return { name, tables: tables.length, rows, blobs: blobs.count, bytes: blobs.bytes, ...copied };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  } finally {
    await runner.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  }
}

type Dump = Pick<Manifest, 'at' | 'postgres' | 'migrations' | 'tables' | 'sequences' | 'blobs'> & { name: string };

/** Every table as of one moment. */
async function dumpDatabase(runner: QueryRunner, sums: Sums): Promise<Dump> {
  const listed = await listTables(runner);
  await runner.startTransaction('REPEATABLE READ');
  try {
    await useForm(runner);
    // Before the first SELECT, which fixes the moment: no table may change its columns after it.
    await runner.query(`LOCK TABLE ${listed.map(({ name }) => `"${name}"`).join(', ')} IN ACCESS SHARE MODE`);
    const about = await queryRow(
      runner,
      z.object({ at: z.string(), name: z.string(), postgres: z.string() }),
      `SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, to_char(now(), 'YYYYMMDD"T"HH24MISS.MS"Z"') AS name,
         current_setting('server_version') AS postgres`,
    );
    const migrations = await queryRows(
      runner,
      z.object({ name: z.string() }),
      'SELECT name FROM migrations ORDER BY id',
    );
    const blobs = await queryRow(
      runner,
      z.object({ count: z.number(), bytes: z.number() }),
      'SELECT count(*)::integer AS count, coalesce(sum(bytes), 0)::float8 AS bytes FROM asset',
    );
    const tables = [];
    for (const table of listed) tables.push(await dumpTable(runner, table, sums));
    await dumpSelection(runner, BLOB_LIST, BLOBS, sums);
    const sequences = await listSequences(runner);
    await runner.commitTransaction();
    return { ...about, migrations: migrations.map(({ name }) => name), tables, sequences, blobs };
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

/** Copies the blobs that the folder has not, has of another size, or has damaged as a check has found. */
async function copyBlobs(
  draft: string,
  from: BlobStore,
  folder: BackupFolder,
  { signal, onBlob, total }: BackupOptions & { total: number },
): Promise<Pick<BackupReport, 'copied' | 'copiedBytes' | 'repaired' | 'lost'>> {
  const report = { copied: 0, copiedBytes: 0, repaired: 0, lost: [] as Lost[] };
  const damaged = await folder.damaged();
  let done = 0;
  await forEachBlob(
    listBlobs(draft),
    async (blob) => {
      const { sha256, bytes, storageKey } = blob;
      const size = await folder.blobs.sizeOf(storageKey);
      if (size !== bytes || damaged.has(sha256)) {
        const fault = await copyBlob(from, folder.blobs, blob);
        if (fault !== null) report.lost.push({ sha256, fault });
        else if (size === undefined) {
          report.copied++;
          report.copiedBytes += bytes;
        } else report.repaired++;
        if (fault === null) await folder.noteRepaired(sha256);
      }
      onBlob?.(++done, total);
    },
    signal,
  );
  return report;
}
