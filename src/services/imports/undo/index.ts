import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../../domain/errors.js';
import { ImportRun, ImportSource, queryRows, takenBack } from '../../../entities/index.js';
import { type BlobStore, letGo, type LetGo, removeForgotten } from '../../../storage/index.js';
import { audit } from '../../access/index.js';
import { FIELDS, type MergedTable } from '../cells.js';
import { withImportLock } from '../lock.js';
import { gradeAnew } from '../preferred-readings.js';
import { countRedacted } from '../redactions.js';
import { beginRun, endRun } from '../runs.js';
import { restoreBlocks } from './blocks.js';
import { type ColumnLoss, Losses } from './losses.js';
import { removeRows } from './removal.js';
import { restoreRows, type Undoing } from './rows.js';
import { describeAnew } from './variables.js';

/** What undoing an import did. */
export interface UndoSummary {
  /** The import that was undone. */
  undone: number;
  /** True when all of it was taken back. */
  dryRun: boolean;
  /** How many values of each column change. */
  changes: ColumnLoss[];
  /** Rows that went, by table. */
  removed: Partial<Record<MergedTable, number>>;
  /** Images that the import changed and that were redacted: they stay as they are. */
  redacted: number;
  /** Images of which no file is left that anything refers to. */
  files: number;
  durationMs: number;
}

/**
 * Takes back what one import did, cell by cell: each value that comes from it is again what it was before, with where that came from, and what
 * it made goes. An image that was redacted stays redacted: nothing of what it was before is kept. All of it is one transaction; files go after that, and a sweep removes what a process that dies leaves. Who was erased in
 * between stays erased.
 *
 * @throws UserError NOT_FOUND; CONFLICT where a later import rests on it, somebody made something from it, it was undone before, it cannot be
 *   undone, or an import is running
 */
export async function undoImport(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  id: number,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<UndoSummary> {
  const started = performance.now();
  const work = (manager: EntityManager) => undo(manager, id);
  const { files, ...done } = await withImportLock(dataSource, () =>
    dryRun ? takenBack(dataSource, work) : dataSource.transaction(work),
  );
  if (!dryRun) await removeForgotten(dataSource, store, files);
  return { undone: id, dryRun, ...done, files: files.length, durationMs: Math.round(performance.now() - started) };
}

type Undone = Pick<UndoSummary, 'changes' | 'removed' | 'redacted'> & { files: LetGo[] };

async function undo(manager: EntityManager, id: number): Promise<Undone> {
  // A whole release is more than any question may take.
  await manager.query('SET LOCAL statement_timeout = 0');
  const { release } = await findUndoable(manager, id);
  await refuseBasis(manager, id);
  const all = await manager.find(ImportSource);
  const undoing: Undoing = {
    manager,
    run: id,
    sources: new Set(all.filter(({ importId }) => importId === id).map((source) => source.id)),
    earlier: new Set(all.filter(({ importId }) => (importId ?? 0) < id).map((source) => source.id)),
    versions: new Map(all.map((source) => [source.id, source.version === '' ? null : source.version])),
    losses: new Losses(),
    replaced: { radiograph: [], mri_series: [] },
    exams: new Set(),
  };
  const images = await imagesOf(manager, id);
  const redacted = await countRedacted(manager, id);
  const variables = await restoreBlocks(undoing);
  for (const table of Object.keys(FIELDS) as MergedTable[]) await restoreRows(undoing, table);
  const removed = await removeRows(undoing);
  await restoreOriginals(manager, id);
  await forgetFiles(undoing);
  await gradeAnew(manager, [...undoing.exams]);
  await forget(manager, id);
  await describeAnew(manager, variables);
  const files = await letGo(manager, images);
  const changes = undoing.losses.list();
  const run = await beginRun(manager, release);
  await manager.update(ImportRun, { id: run }, { undoesId: id, reversible: false });
  const sum = (kind: 'removed' | 'emptied' | 'restored') => changes.reduce((total, change) => total + change[kind], 0);
  const detail = {
    removed: sum('removed'),
    emptied: sum('emptied'),
    restored: sum('restored'),
    gone: removed,
    redacted,
  };
  await endRun(manager, run, detail);
  await audit(manager, { tokenId: null, action: 'undoImport', target: String(id), detail });
  return { changes, removed, redacted, files };
}

async function findUndoable(manager: EntityManager, id: number): Promise<ImportRun> {
  const run = await manager.findOneBy(ImportRun, { id });
  if (!run) throw new UserError('NOT_FOUND', `There is no import ${id}; "osteograph imports" lists them.`);
  if (run.undoesId !== null)
    throw new UserError(
      'CONFLICT',
      `${id} is the undoing of import ${run.undoesId}; import the release again instead.`,
    );
  if (!run.reversible)
    throw new UserError('CONFLICT', `Import ${id} cannot be undone: it is from before imports kept what they replace.`);
  const undone = await manager.findOneBy(ImportRun, { undoesId: id });
  if (undone) throw new UserError('CONFLICT', `Import ${id} has been undone already.`);
  return run;
}

/** @throws UserError CONFLICT where an import that stands has judged its values by those of this one */
async function refuseBasis(manager: EntityManager, id: number): Promise<void> {
  const later = await queryRows(
    manager,
    z.object({ id: z.number() }),
    `SELECT import_id AS id FROM import_basis WHERE on_id = $1
       AND import_id NOT IN (SELECT undoes_id FROM import_run WHERE undoes_id IS NOT NULL) ORDER BY import_id DESC`,
    [id],
  );
  if (later.length === 0) return;
  const ids = later.map((one) => one.id);
  const [which, did] = ids.length === 1 ? [`import ${ids[0]}`, 'has'] : [`imports ${ids.join(', ')}`, 'have'];
  throw new UserError(
    'CONFLICT',
    `Import ${id} cannot be undone yet, because ${which} ${did} read the same values since; undo ${ids.length === 1 ? 'that one' : 'those, in this order,'} first.`,
  );
}

/** Digests of the files of all images that the import made or changed, and of the objects that they came as. */
async function imagesOf(manager: EntityManager, id: number): Promise<string[]> {
  const rows = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `SELECT DISTINCT a.sha256 FROM import_change c
     LEFT JOIN radiograph f ON c.table_name = 'radiograph' AND f.id = c.row_id
     LEFT JOIN mri_series s ON c.table_name = 'mri_series' AND s.id = c.row_id
     LEFT JOIN original_object o ON o.radiograph_id = f.id OR o.series_id = s.id
     JOIN asset a ON a.id IN (f.asset_id, s.asset_id, o.asset_id) WHERE c.import_id = $1`,
    [id],
  );
  return rows.map(({ sha256 }) => sha256);
}

/** The de-identified object of each image is again that of the file which the image is. */
async function restoreOriginals(manager: EntityManager, id: number): Promise<void> {
  const changed = `c.import_id = $1 AND c.table_name = 'original_object' AND c.row_id = t.id`;
  await manager.query(
    `UPDATE original_object t
     SET (study_uid, series_uid, instance_uids, sop_class_uid, asset_id) = ROW(b.study_uid, b.series_uid, b.instance_uids, b.sop_class_uid, b.asset_id)
     FROM import_change c, jsonb_populate_record(NULL::original_object, c.before) b WHERE ${changed} AND c.before IS NOT NULL`,
    [id],
  );
  await manager.query(`DELETE FROM original_object t USING import_change c WHERE ${changed} AND c.before IS NULL`, [
    id,
  ]);
}

/** Paths whose file is not what their image is any more: the next import reads them again. */
async function forgetFiles({ manager, replaced }: Undoing): Promise<void> {
  await manager.query(
    `UPDATE imported_file SET sha256 = '' WHERE became ->> 'radiographId' = ANY($1) OR became -> 'seriesIds' @> ANY($2::jsonb[])`,
    [replaced.radiograph.map(String), replaced.mri_series.map((series) => `[${series}]`)],
  );
}

/** What an import that is undone need not remember. Of rows that stay without values it is known that they are its own. */
async function forget(manager: EntityManager, id: number): Promise<void> {
  await manager.query('DELETE FROM import_change WHERE import_id = $1 AND before IS NOT NULL', [id]);
  await manager.query('DELETE FROM import_block WHERE import_id = $1', [id]);
  await manager.query('DELETE FROM import_basis WHERE import_id = $1 OR on_id = $1', [id]);
  await manager.query('DELETE FROM import_source WHERE import_id = $1', [id]);
}
