import { Readable } from 'node:stream';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { EXPORT_FILES, type ExportState, isArchive } from '../../domain/exports.js';
import { Export, queryRows } from '../../entities/index.js';
import { type BlobStore, nameBlob, removeUnclaimed, storeAsset } from '../../storage/index.js';
import { advance, type Completion, type RunContext, type StateChange, type WorkKind } from '../../work/index.js';
import { announcing } from '../webhooks/index.js';
import { columnsNamed } from './columns.js';
import type { ExportManifest, ExportSpec } from './manifest.js';
import type { ExportProgress } from './rows.js';
import { shapedColumns } from './shape.js';
import { withVariables } from './variable-columns.js';
import { writeExport } from './write.js';

/** What an export's log says. */
export type ExportEventBody = { type: 'STATE_CHANGED'; payload: StateChange<ExportState> };

export interface ExportResources {
  store: BlobStore;
  /** How long a finished file is kept, ms; default {@link EXPORT_KEEP_MS}. */
  keepMs?: number;
}

/** How long a finished file is kept unless somebody says otherwise, ms. */
export const EXPORT_KEEP_MS = 7 * 24 * 3_600_000;

/** Files of knee exams or their volumes. An export that is interrupted is begun anew; a file is offered only when it is whole. */
export const EXPORT: WorkKind<Export, ExportEventBody, ExportResources> = {
  name: 'export',
  table: 'export',
  entity: Export,
  holder: 'server',
  transitions: {
    QUEUED: ['RUNNING', 'CANCELED'],
    RUNNING: ['QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED'],
    SUCCEEDED: ['EXPIRED'],
    FAILED: [],
    CANCELED: [],
    EXPIRED: [],
  },
  final: ['FAILED', 'CANCELED', 'EXPIRED'],
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
  cancels: 'AT_ONCE',
  entering: { RUNNING: { done: 0, rows: 0 } },
  outbox: announcing('EXPORT'),
  ready: (_row, { store }) => store.requireRoom(0),
  run: writeFile,
  tidy: removeExpired,
};

async function writeFile({
  row,
  lease,
  dataSource,
  resources: { store, keepMs = EXPORT_KEEP_MS },
}: RunContext<Export, ExportEventBody, ExportResources>): Promise<Completion<Export, ExportEventBody>> {
  // Full is said before the work, not after it.
  await store.requireRoom(0);
  let progress: ExportProgress = { done: 0, total: 0, rows: 0, phantoms: 0 };
  lease.report(() => shown(progress));
  const { signal } = lease;
  const { mediaType } = EXPORT_FILES[row.format];
  const stream = writeExport({ dataSource, store }, await specOf(dataSource, row), {
    signal,
    onProgress: (now) => (progress = now),
  });
  const blob = await store.put(Readable.from(stream.pieces, { objectMode: false, signal }), mediaType);
  const { storageKey: _, ...file } = { ...blob, mediaType };
  const manifestFile = stream.manifestFile();
  const manifestAsset = manifestFile && (await storeAsset(dataSource.manager, store, manifestFile, 'application/json'));
  const manifest: ExportManifest = { ...stream.description(), file };
  return {
    async finish(manager) {
      const { id: assetId } = await nameBlob(manager, store, blob, mediaType);
      const expiresAt = await inMs(manager, keepMs);
      const manifestAssetId = manifestAsset?.id ?? null;
      return { set: { ...shown(progress), manifest, assetId, manifestAssetId, expiresAt } };
    },
    undo: () => removeUnclaimed(dataSource, store, blob.sha256),
  };
}

function shown({ done, total, rows }: ExportProgress): Pick<Export, 'done' | 'total' | 'rows'> {
  return { done, total, rows };
}

/** What a row asks for. */
async function specOf(dataSource: DataSource, row: Export): Promise<ExportSpec> {
  const { format, columns, variables, filter, selection, cohorts, archive, shape } = row;
  const shared = { filter, selection, cohorts };
  if (isArchive(format)) return { ...shared, format, archive: archive ?? {} };
  const asked = shape ?? {};
  const [own, unit] =
    asked.unit === 'PARTICIPANT'
      ? ([columnsNamed(columns), 'participant'] as const)
      : ([shapedColumns(columnsNamed(columns), asked), 'knee_exam'] as const);
  const all = await withVariables(dataSource, own, variables, unit);
  return { ...shared, format, columns: all, variables, shape: asked };
}

/** By the database's clock. */
async function inMs(manager: EntityManager, ms: number): Promise<Date> {
  const statement = 'SELECT clock_timestamp() + make_interval(secs => $1) AS at';
  const [row] = await queryRows(manager, z.object({ at: z.instanceof(Date) }), statement, [ms / 1000]);
  return row!.at;
}

/** Takes back the files of exports that have expired; their manifests stay. */
async function removeExpired(dataSource: DataSource, { store }: ExportResources): Promise<void> {
  const expired = await queryRows(
    dataSource,
    z.object({ id: z.number(), attempt: z.number(), sha256: z.string() }),
    `SELECT e.id, e.attempt, a.sha256 FROM export e JOIN asset a ON a.id = e.asset_id
     WHERE e.state = 'SUCCEEDED' AND e.expires_at <= clock_timestamp()`,
  );
  for (const { id, attempt, sha256 } of expired) {
    const seen = { id, state: 'SUCCEEDED', attempt } as const;
    const done = await advance(dataSource.manager, EXPORT, seen, { to: 'EXPIRED', set: { assetId: null } });
    if (done !== undefined) await removeUnclaimed(dataSource, store, sha256);
  }
}
