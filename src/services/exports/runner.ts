import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { EXPORT_FILES, isArchive } from '../../domain/exports.js';
import { rowReader } from '../../entities/rows.js';
import type { Row } from '../../entities/rows.js';
import { Export } from '../../entities/index.js';
import {
  type BlobStore,
  BlobStoreUnavailable,
  nameBlob,
  removeUnclaimed,
  storeAsset,
  type StoredBlob,
} from '../../storage/index.js';
import { type BackgroundWork, keepBeating, startBackground } from '../../work/background.js';
import { chooseColumns } from './columns.js';
import { removeExpired } from './files.js';
import type { ExportManifest, ExportSpec } from './manifest.js';
import type { ExportProgress } from './rows.js';
import { writeExport } from './write.js';

export interface ExportRunnerOptions {
  dataSource: DataSource;
  store: BlobStore;
  logger: Logger;
  /** A server that has said nothing for so long has lost its export, ms. */
  staleMs?: number;
  /** How long a finished file is kept, ms; default seven days. */
  keepMs?: number;
}

const POLL_MS = 5_000;
const STALE_MS = 15_000;
const KEEP_MS = 7 * 24 * 3_600_000;

/** How often an export is begun before it is given up. */
const MAX_ATTEMPTS = 3;

/**
 * Starts to write queued exports. Any number of processes may do so on one database: each export is claimed under an attempt
 * number, and nothing counts that is done under an old one. An export whose process dies is begun again by another one; a file
 * is offered only when it is whole.
 */
export function startExportRunner(options: ExportRunnerOptions): BackgroundWork {
  return startBackground({
    name: 'exports',
    logger: options.logger,
    pollMs: POLL_MS,
    async next(stopping) {
      await removeExpired(options.dataSource, options.store);
      const row = await claim(options);
      return row && (() => run(row, options, stopping));
    },
  });
}

/** Takes the oldest export that waits, or whose process has died; one that has cost too many processes fails. */
async function claim({ dataSource, staleMs = STALE_MS, logger }: ExportRunnerOptions): Promise<Export | undefined> {
  for (;;) {
    const [rows] = (await dataSource.query(
      `UPDATE export SET
         state = CASE WHEN attempt < $2 THEN 'RUNNING' ELSE 'FAILED' END,
         error = CASE WHEN attempt >= $2 THEN 'Each of the ' || attempt || ' servers that wrote this file ended meanwhile.' END,
         finished_at = CASE WHEN attempt >= $2 THEN clock_timestamp() END,
         attempt = least(attempt + 1, $2), done = 0, rows = 0,
         started_at = coalesce(started_at, clock_timestamp()), heartbeat_at = clock_timestamp()
       WHERE id = (
         SELECT id FROM export
         WHERE state = 'QUEUED' OR (state = 'RUNNING' AND heartbeat_at < clock_timestamp() - make_interval(secs => $1))
         ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
       )
       RETURNING *`,
      [staleMs / 1000, MAX_ATTEMPTS],
    )) as [Row[], number];
    const row = rows[0] && rowReader(dataSource, Export)(rows[0]);
    if (row?.state !== 'FAILED') return row;
    logger.warn({ export: row.id, attempt: row.attempt }, 'an export was given up');
  }
}

/** Writes an export; while the blob store is down no other one need be tried. */
async function run(row: Export, options: ExportRunnerOptions, stopping: AbortSignal): Promise<void | 'REST'> {
  const { dataSource, store, logger } = options;
  const lost = new AbortController();
  const over = new AbortController();
  const signal = AbortSignal.any([stopping, lost.signal]);
  let progress: ExportProgress = { done: 0, total: 0, rows: 0, phantoms: 0 };
  const heartbeats = keepBeating(over.signal, {
    beat: () => saveProgress(dataSource, row, progress),
    onLost: () => lost.abort(new Error('The export was canceled or given to another process.')),
    onError: (err) => logger.warn({ err, export: row.id }, 'a heartbeat failed'),
  });

  try {
    // Full or down is said before the work, not after it.
    await store.requireRoom(0);
    const { mediaType } = EXPORT_FILES[row.format];
    const stream = writeExport({ dataSource, store }, specOf(row), { signal, onProgress: (now) => (progress = now) });
    const blob = await store.put(Readable.from(stream.pieces, { objectMode: false, signal }), mediaType);
    const { storageKey: _, ...file } = { ...blob, mediaType };
    const manifestFile = stream.manifestFile();
    const manifestAsset =
      manifestFile && (await storeAsset(dataSource.manager, store, manifestFile, 'application/json'));
    const manifest = { ...stream.description(), file };
    await finish(row, blob, { manifest, assetId: manifestAsset?.id ?? null }, progress, options);
  } catch (error) {
    if (!lost.signal.aborted) await putBack(row, error, stopping.aborted, options);
    if (error instanceof BlobStoreUnavailable) return 'REST';
  } finally {
    over.abort();
    await heartbeats;
  }
}

/** What a row asks for. */
function specOf({ format, columns, filter, selection, cohorts, archive }: Export): ExportSpec {
  const shared = { filter, selection, cohorts };
  if (isArchive(format)) return { ...shared, format, archive: archive ?? {} };
  return { ...shared, format, columns: chooseColumns(columns) };
}

/** @returns false when the export is no longer this attempt's. */
async function saveProgress(
  dataSource: DataSource,
  row: Export,
  { done, total, rows }: ExportProgress,
): Promise<boolean> {
  const [, changed] = (await dataSource.query(
    `UPDATE export SET heartbeat_at = clock_timestamp(), done = $3, total = $4, rows = $5
     WHERE id = $1 AND attempt = $2 AND state = 'RUNNING'`,
    [row.id, row.attempt, done, total, rows],
  )) as [unknown, number];
  return changed > 0;
}

/** Offers the file, in one transaction with the row that names it. */
async function finish(
  row: Export,
  blob: StoredBlob,
  { manifest, assetId }: { manifest: ExportManifest; assetId: number | null },
  { done, total, rows }: ExportProgress,
  { dataSource, store, logger, keepMs = KEEP_MS }: ExportRunnerOptions,
): Promise<void> {
  const { sha256, bytes } = blob;
  const offered = await dataSource.transaction(async (manager) => {
    const asset = await nameBlob(manager, store, blob, manifest.file.mediaType);
    const [, changed] = (await manager.query(
      `UPDATE export SET state = 'SUCCEEDED', asset_id = $3, manifest_asset_id = $9, manifest = $4, done = $5, total = $6, rows = $7,
         finished_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => $8)
       WHERE id = $1 AND attempt = $2 AND state = 'RUNNING'`,
      [row.id, row.attempt, asset.id, manifest, done, total, rows, keepMs / 1000, assetId],
    )) as [unknown, number];
    return changed > 0;
  });
  if (offered) logger.info({ export: row.id, rows, bytes }, 'an export is ready');
  else await removeUnclaimed(dataSource, store, sha256);
}

/** Ends an export that failed for good; one that was only interrupted, or whose store is down, waits for its next attempt. */
async function putBack(row: Export, error: unknown, stopping: boolean, { dataSource, logger }: ExportRunnerOptions) {
  const storeDown = error instanceof BlobStoreUnavailable;
  const byCaller = error instanceof UserError && !storeDown;
  const final = byCaller || (!stopping && !storeDown && row.attempt >= MAX_ATTEMPTS);
  if (!stopping) logger.error({ err: error, export: row.id, attempt: row.attempt }, 'an export failed');
  const message = byCaller ? error.message : 'The server failed to write the file; its log says why.';
  await dataSource
    .query(
      `UPDATE export SET state = $3, error = $4, finished_at = CASE WHEN $3 = 'FAILED' THEN clock_timestamp() END,
         attempt = attempt - $5::integer
       WHERE id = $1 AND attempt = $2 AND state = 'RUNNING'`,
      // An orderly stop costs no attempt, nor does a store that is down.
      [row.id, row.attempt, final ? 'FAILED' : 'QUEUED', final ? message : null, stopping || storeDown ? 1 : 0],
    )
    .catch((err: unknown) => logger.warn({ err, export: row.id }, 'an export could not be put back'));
}
