import { type DataSource, type Migration, MigrationExecutor } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRow, knownMigrations } from '../../entities/index.js';
import { type BlobStore, removeForgotten } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { eraseAgain } from '../erasures/index.js';
import { checkBackedBlobs, copyBlob, forEachBlob, listBlobs, type Lost } from './blobs.js';
import { listedErasures } from './erasures.js';
import { BackupFolder } from './folder.js';
import { checkFiles, type Manifest, refuseNewer } from './manifest.js';
import { loadTables, useForm } from './tables.js';

export interface RestoreOptions {
  /** Name of the backup; default: the newest. */
  name?: string | undefined;
  /** Lists of erasures beside the one of the folder. */
  erasures?: readonly string[];
  signal?: AbortSignal | undefined;
  onProgress?: ((what: 'checked' | 'copied' | 'loaded', done: number, total: number) => void) | undefined;
}

/** A backup that was read from end to end. */
export interface VerifiedBackup {
  name: string;
  folder: BackupFolder;
  manifest: Manifest;
}

/** What a restore came to. */
export interface RestoreReport {
  name: string;
  at: string;
  tables: number;
  rows: number;
  blobs: number;
  bytes: number;
  /** Migrations that were run because the backup is older than the program. */
  migrated: number;
  /** Participants who were erased since the backup, and are again. */
  erased: number;
  /** Blobs that the backup says were lost when it was made. */
  lost: number;
}

/**
 * Reads every file and blob of a backup and compares it with its digest. Damaged blobs are noted in the folder, so that the next backup copies
 * them again.
 *
 * @param migrations names of those that this program knows
 * @throws UserError NOT_FOUND; FILE_REFUSED for what is missing or damaged; CONFLICT for a backup of a newer program
 */
export async function verifyBackup(
  path: string,
  migrations: ReadonlySet<string>,
  { name: asked, signal, onProgress }: RestoreOptions = {},
): Promise<VerifiedBackup> {
  const folder = await BackupFolder.existing(path);
  const name = await folder.find(asked);
  const manifest = await checkFiles(folder.pathOf(name), signal);
  refuseNewer(manifest, migrations);
  let done = 0;
  const bad = await checkBackedBlobs(folder.pathOf(name), folder.blobs, manifest, {
    signal,
    onBlob: () => onProgress?.('checked', ++done, manifest.blobs.count),
  });
  if (bad.length > 0) await refuseBlobs(folder, bad);
  return { name, folder, manifest };
}

/**
 * Restores a backup into an empty database and an empty store. Everything is verified first. The database is one transaction: its tables as
 * they were, newer migrations, and the erasures since; only then can anybody see it. A process that dies leaves an empty
 * database and perhaps blobs, which the next try uses.
 *
 * @throws UserError as {@link verifyBackup}; CONFLICT when the place is not empty
 */
export async function restoreBackup(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  path: string,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  const { signal, onProgress, erasures: files = [] } = options;
  const { name, folder, manifest } = await verifyBackup(path, knownMigrations(dataSource), options);
  const erasures = await listedErasures(folder, files);
  await requireEmpty(dataSource, store, folder);
  const lost = new Set(manifest.lost.map(({ sha256 }) => sha256));
  let copied = 0;
  await forEachBlob(
    listBlobs(folder.pathOf(name)),
    async (blob) => {
      if (lost.has(blob.sha256)) return;
      const done = (await store.exists(blob.storageKey)) ? null : await copyBlob(folder.blobs, store, blob);
      if (done !== null) throw new UserError('FILE_REFUSED', `The blob ${blob.sha256} of the backup is ${done}.`);
      onProgress?.('copied', ++copied, manifest.blobs.count);
    },
    signal,
  );
  const { migrated, erased, forgotten } = await dataSource.transaction(async (manager) => {
    const runner = manager.queryRunner!;
    const executor = new MigrationExecutor(dataSource, runner);
    const [theirs, newer] = parted(await executor.getPendingMigrations(), new Set(manifest.migrations));
    for (const migration of theirs) await executor.executeMigration(migration);
    await useForm(runner);
    await loadTables(runner, folder.pathOf(name), manifest, (done) => {
      signal?.throwIfAborted();
      onProgress?.('loaded', done, manifest.tables.length);
    });
    for (const migration of newer) await executor.executeMigration(migration);
    // The next process to come makes the store and the Redis prefix its own: those of the old place stay there. Its workers are not here.
    await runner.query(`DELETE FROM secret WHERE name IN ('blob-store', 'installation')`);
    await runner.query('DELETE FROM worker');
    const again = await eraseAgain(manager, store, erasures);
    const detail = { backup: name, erased: again.erased };
    await audit(manager, { tokenId: null, action: 'backup.restore', detail });
    return { migrated: newer.length, erased: again.erased, forgotten: again.files };
  });
  await removeForgotten(dataSource, store, forgotten);
  // The planner knows nothing of tables that were just filled.
  await dataSource.query('VACUUM (ANALYZE)');
  const { tables, blobs, at } = manifest;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    name,
    at,
    tables: tables.length,
    rows,
    ...{ blobs: blobs.count, bytes: blobs.bytes },
    migrated,
    erased,
    lost: lost.size,
  };
}

/** @throws UserError FILE_REFUSED, saying which and what to do */
async function refuseBlobs(folder: BackupFolder, bad: readonly Lost[]): Promise<never> {
  const noted = await folder.noteDamaged(bad.flatMap(({ sha256, fault }) => (fault === 'damaged' ? [sha256] : [])));
  const [{ sha256, fault }] = bad as [Lost];
  const what =
    bad.length === 1
      ? `its blob ${sha256} is ${fault}`
      : `${bad.length} of its blobs are missing or damaged, among them ${sha256}`;
  const remedy = noted
    ? `a further backup into the folder copies ${bad.length === 1 ? 'it' : 'them'} again while the store has ${bad.length === 1 ? 'it' : 'them'}`
    : 'verify it again where its folder can be written, and make a further backup into that';
  throw new UserError('FILE_REFUSED', `The backup cannot be used: ${what}; ${remedy}.`);
}

/** @throws UserError CONFLICT when the database has tables, or the store belongs to a database or has blobs of something else */
export async function requireEmpty(dataSource: DataSource, store: BlobStore, folder: BackupFolder): Promise<void> {
  const { tables } = await queryRow(
    dataSource,
    z.object({ tables: z.number() }),
    `SELECT count(*)::integer AS tables FROM pg_class c
     WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relnamespace = current_schema()::regnamespace
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`,
  );
  if (tables > 0) throw new UserError('CONFLICT', 'The database is not empty; restore into a new one.');
  if ((await store.readMark()) !== undefined) {
    throw new UserError(
      'CONFLICT',
      `The blob store ${store.location} belongs to a database; restore into an empty one.`,
    );
  }
  // Those of an attempt that was interrupted may lie there.
  for await (const { storageKey } of store.list()) {
    if (await folder.blobs.exists(storageKey)) continue;
    throw new UserError('CONFLICT', `The blob store ${store.location} is not empty; restore into an empty one.`);
  }
}

function parted(all: readonly Migration[], those: ReadonlySet<string>): [Migration[], Migration[]] {
  return [all.filter(({ name }) => those.has(name)), all.filter(({ name }) => !those.has(name))];
}
