import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRecords, queryRows, sqlState } from '../entities/index.js';
import type { BlobStore, ListedBlob } from './blob-store.js';
import { FOLDERS } from './digest.js';
import { takeBlobs } from './locks.js';

/** How old something must be before a sweep takes it for forgotten, ms; default. */
export const SWEEP_GRACE_MS = 24 * 3_600_000;

/** What a sweep has found, and removed unless it was a dry run. */
export interface SweepReport {
  /** Blobs that no row names. */
  blobs: number;
  /** Rows of assets that nothing refers to, with their blobs. */
  assets: number;
  /** Bytes of both. */
  bytes: number;
  /** Unfinished puts of processes that are gone. */
  drafts: number;
  /** Digests of rows whose blob is not in the store; nothing is done about them. */
  missing: string[];
  /** Folders (of 256) that were in use the whole time; the next sweep sees to them. */
  skipped: number;
}

export interface SweepOptions {
  dataSource: DataSource;
  store: BlobStore;
  /** Default {@link SWEEP_GRACE_MS}. */
  graceMs?: number;
  /** Counts only. */
  dryRun?: boolean;
  signal?: AbortSignal | undefined;
  /** Called after each of the 256 folders. */
  onProgress?: ((folders: number) => void) | undefined;
}

/** Blobs removed while one folder is held: those who want to write there wait for so many deletions at most. */
const CHUNK = 100;

/** How often a folder that is in use is tried, and the pause between, ms. */
const TRIES = 5;
const PAUSE_MS = 200;

/**
 * Removes blobs without rows, rows that nothing refers to, and drafts of dead processes, all older than the grace period; tells
 * which rows have lost their blob. Safe beside anything else at any grace period: whoever writes a row holds the folder of its
 * blob and looks whether it is still there ({@link nameBlob}), and a sweep removes only while nobody does. The grace period
 * spares those who have put a blob, or made a row, and not yet used it, from doing so again.
 *
 * @throws BlobStoreUnavailable, the signal's reason
 */
export async function sweepBlobs(options: SweepOptions): Promise<SweepReport> {
  const { store, graceMs = SWEEP_GRACE_MS, dryRun = false, signal, onProgress } = options;
  const report: SweepReport = { blobs: 0, assets: 0, bytes: 0, drafts: 0, missing: [], skipped: 0 };
  const before = new Date(Date.now() - graceMs);
  report.drafts = await store.removeDrafts(before, { dryRun });
  const references = await referencesToAssets(options.dataSource.manager);
  let folders = 0;
  for await (const [digits, listed] of byFolder(store.list())) {
    signal?.throwIfAborted();
    await sweepFolder({ ...options, graceMs, dryRun, before, references }, digits, listed, report);
    folders++;
    onProgress?.(folders);
  }
  return report;
}

/**
 * Removes the rows and the blobs of files that their owner has let go, unless something else refers to them or their folder is in
 * use; then a later sweep does.
 */
export async function removeUnclaimed(
  dataSource: DataSource,
  store: BlobStore,
  sha256: string | readonly string[],
): Promise<void> {
  const references = await referencesToAssets(dataSource.manager);
  const folders = Map.groupBy([sha256].flat(), (digest) => digest.slice(0, 2));
  for (const [digits, digests] of folders) {
    for (const chunk of chunked(digests)) {
      await dataSource.transaction(async (manager) => {
        if (!(await takeBlobs(manager, digits))) return;
        const removed = await deleteUnclaimed(manager, chunk, { references });
        for (const { storage_key: key } of removed) await store.delete(key);
      });
    }
  }
}

/** A file whose row is gone. */
export interface LetGo {
  sha256: string;
  storageKey: string;
  bytes: number;
}

/**
 * Removes, in the caller's transaction, the rows of those files that nothing refers to any more: from its end on they cannot be asked for.
 * {@link removeForgotten} then removes the files.
 */
export async function letGo(manager: EntityManager, digests: readonly string[]): Promise<LetGo[]> {
  const references = await referencesToAssets(manager);
  const removed = await deleteUnclaimed(manager, digests, { references });
  return removed.map(({ sha256, storage_key: storageKey, bytes }) => ({ sha256, storageKey, bytes: Number(bytes) }));
}

/** Removes files without a row. One whose folder stays in use is left to a sweep, and so are all where the process dies. */
export async function removeForgotten(
  dataSource: DataSource,
  store: BlobStore,
  files: readonly Omit<LetGo, 'bytes'>[],
): Promise<void> {
  const folders = Map.groupBy(files, ({ sha256 }) => sha256.slice(0, 2));
  for (const [digits, own] of folders) {
    for (const chunk of chunked(own)) {
      await inFolder(dataSource, digits, async (manager) => {
        for (const { storageKey } of await withoutRow(manager, chunk)) await store.delete(storageKey);
      });
    }
  }
}

interface Sweep extends SweepOptions {
  before: Date;
  /** See {@link referencesToAssets}. */
  references: readonly string[];
}

async function sweepFolder(
  { dataSource, store, dryRun = false, before, references }: Sweep,
  digits: string,
  listed: ReadonlyMap<string, ListedBlob>,
  report: SweepReport,
): Promise<void> {
  const rows = await rowsOf(dataSource, digits, before, references);
  const named = new Set(rows.map(({ sha256 }) => sha256));
  const unclaimed = rows.filter((row) => !row.claimed && row.old).map(({ sha256 }) => sha256);
  const nameless = [...listed.values()].filter(({ sha256, storedAt }) => !named.has(sha256) && storedAt < before);
  for (const { sha256, storage_key: key } of rows) {
    // Looked at again: the blob may have been put after the listing, and the row may have gone.
    if (!listed.has(sha256) && !(await store.exists(key)) && (await isNamed(dataSource, sha256))) {
      report.missing.push(sha256);
    }
  }

  const chunks = [
    ...chunked(unclaimed).map((digests) => ({ digests, blobs: [] as ListedBlob[] })),
    ...chunked(nameless).map((blobs) => ({ digests: [] as string[], blobs })),
  ];
  for (const { digests, blobs } of chunks) {
    const done = await inFolder(dataSource, digits, async (manager) => {
      // The rows go for good when the transaction ends: a blob is removed first, and a crash in between leaves a row to be
      // reported as missing, never a file that nothing knows of.
      const removed = await deleteUnclaimed(manager, digests, { references, before, dryRun });
      const forgotten = await withoutRow(manager, blobs);
      if (!dryRun) for (const { storage_key: key } of removed) await store.delete(key);
      if (!dryRun) for (const { storageKey } of forgotten) await store.delete(storageKey);
      report.assets += removed.length;
      report.blobs += forgotten.length;
      report.bytes += sum(removed.map(({ bytes }) => Number(bytes))) + sum(forgotten.map(({ bytes }) => bytes));
    });
    if (!done) return void report.skipped++;
  }
}

const ASSET = z.object({ sha256: z.string(), storage_key: z.string(), claimed: z.boolean(), old: z.boolean() });
type AssetRow = z.infer<typeof ASSET>;

/** Each folder in turn, empty ones too, with its blobs by digest. */
async function* byFolder(blobs: AsyncIterable<ListedBlob>): AsyncGenerator<[string, ReadonlyMap<string, ListedBlob>]> {
  let at = 0;
  let listed = new Map<string, ListedBlob>();
  for await (const blob of blobs) {
    for (; !blob.sha256.startsWith(FOLDERS[at]!); at++) {
      yield [FOLDERS[at]!, listed];
      listed = new Map();
    }
    listed.set(blob.sha256, blob);
  }
  for (; at < FOLDERS.length; at++) {
    yield [FOLDERS[at]!, listed];
    listed = new Map();
  }
}

function rowsOf(
  dataSource: DataSource,
  digits: string,
  before: Date,
  references: readonly string[],
): Promise<AssetRow[]> {
  return queryRows(
    dataSource,
    ASSET,
    `SELECT sha256, storage_key, stored_at < $3 AS old, ${references.join(' OR ') || 'false'} AS claimed
     FROM asset WHERE sha256 >= $1 AND sha256 < $2`,
    // "g" comes after "f": the range is open above for the last folder.
    [digits, FOLDERS[FOLDERS.indexOf(digits) + 1] ?? 'g', before],
  );
}

async function isNamed(dataSource: DataSource, sha256: string): Promise<boolean> {
  return (await queryRecords(dataSource, 'SELECT 1 FROM asset WHERE sha256 = $1', [sha256])).length > 0;
}

async function withoutRow<T extends { sha256: string }>(manager: EntityManager, blobs: readonly T[]): Promise<T[]> {
  if (blobs.length === 0) return [];
  const rows = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    'SELECT sha256 FROM asset WHERE sha256 = ANY($1)',
    [blobs.map(({ sha256 }) => sha256)],
  );
  const named = new Set(rows.map(({ sha256 }) => sha256));
  return blobs.filter(({ sha256 }) => !named.has(sha256));
}

/** Deletes those of these rows that nothing refers to; with `dryRun` gives them only. */
async function deleteUnclaimed(
  manager: EntityManager,
  digests: readonly string[],
  { references, before, dryRun = false }: { references: readonly string[]; before?: Date; dryRun?: boolean },
): Promise<{ sha256: string; storage_key: string; bytes: string }[]> {
  if (digests.length === 0) return [];
  const condition = [
    'sha256 = ANY($1)',
    "stored_at < coalesce($2, 'infinity'::timestamptz)",
    ...references.map((exists) => `NOT ${exists}`),
  ].join(' AND ');
  const parameters = [digests, before ?? null];
  const statement = dryRun
    ? `SELECT sha256, storage_key, bytes FROM asset WHERE ${condition}`
    : `DELETE FROM asset WHERE ${condition} RETURNING sha256, storage_key, bytes`;
  const removed = z.object({ sha256: z.string(), storage_key: z.string(), bytes: z.string() });
  return queryRows(manager, removed, statement, parameters);
}

/**
 * A condition for each column that refers to assets, as the database itself knows them: a table that is added later is not
 * forgotten here.
 */
async function referencesToAssets(manager: EntityManager): Promise<string[]> {
  const columns = await queryRows(
    manager,
    z.object({ table: z.string(), column: z.string() }),
    `SELECT conrelid::regclass::text AS "table", quote_ident(attname) AS "column" FROM pg_constraint
     JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
     WHERE contype = 'f' AND confrelid = 'asset'::regclass ORDER BY 1, 2`,
  );
  return columns.map(({ table, column }) => `EXISTS (SELECT 1 FROM ${table} r WHERE r.${column} = asset.id)`);
}

/** Runs `work` while nobody else writes rows for a folder's blobs; false when it was in use at every try. */
async function inFolder(
  dataSource: DataSource,
  digits: string,
  work: (manager: EntityManager) => Promise<void>,
): Promise<boolean> {
  for (let tried = 0; tried < TRIES; tried++) {
    if (tried > 0) await delay(PAUSE_MS);
    const done = await dataSource
      .transaction(async (manager) => {
        if (!(await takeBlobs(manager, digits))) return false;
        await work(manager);
        return true;
      })
      .catch((error: unknown) => {
        if (isForeignKeyViolation(error)) return false;
        throw error;
      });
    if (done) return true;
  }
  return false;
}

/** A row that was about to go has just been referred to. */
function isForeignKeyViolation(error: unknown): boolean {
  return sqlState(error) === '23503';
}

function chunked<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, at) => items.slice(at * CHUNK, (at + 1) * CHUNK));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
