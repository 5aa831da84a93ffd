import type { EntityManager } from 'typeorm';
import { ImportRun } from '../../entities/index.js';
import { importer } from './origins.js';

/** Notes that an import begins. One that never ends was stopped, and can be undone as well. */
export async function beginRun(manager: EntityManager, release: string | null, by = importer()): Promise<number> {
  const run = manager.create(ImportRun, { by, release });
  return (await manager.save(run)).id;
}

/** Notes what came of an import that has ended. */
export async function endRun(manager: EntityManager, id: number, detail: Record<string, unknown>): Promise<void> {
  await manager.update(ImportRun, { id }, { endedAt: () => 'clock_timestamp()', detail: detail as object });
}

/**
 * Has the database keep, for the rest of the transaction, each row as it was before the import changes it (`keep_import_change`): that is what
 * undoing goes by.
 */
export async function keepChanges(manager: EntityManager, run: number): Promise<void> {
  await manager.query(`SELECT set_config('osteograph.import', $1, true)`, [String(run)]);
}

/**
 * Notes that what an import does rests on rows which earlier imports made or changed, so that those are not undone before it. Outside of an
 * import it does nothing.
 */
export async function restOnRows(manager: EntityManager, table: string, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await manager.query(
    `INSERT INTO import_basis (import_id, on_id, cells)
     SELECT run.id, c.import_id, count(*)
     FROM (SELECT NULLIF(current_setting('osteograph.import', true), '')::integer AS id) run, import_change c
     WHERE run.id IS NOT NULL AND c.import_id <> run.id AND c.table_name = $1 AND c.row_id = ANY($2)
     GROUP BY 1, 2 ON CONFLICT (import_id, on_id) DO UPDATE SET cells = import_basis.cells + excluded.cells`,
    [table, ids],
  );
}

/** Notes that a file which was not read again rests on the imports that have read it: the database holds what it says because of them. */
export async function restOnFile(
  manager: EntityManager,
  run: number,
  { file, sha256 }: { file: string; sha256: string },
  rows: number,
): Promise<void> {
  await manager.query(
    `INSERT INTO import_basis (import_id, on_id, cells)
     SELECT DISTINCT $1::integer, import_id, $4::integer FROM import_source
     WHERE file = $2 AND sha256 = $3 AND import_id IS NOT NULL AND import_id <> $1
     ON CONFLICT (import_id, on_id) DO UPDATE SET cells = import_basis.cells + excluded.cells`,
    [run, file, sha256, rows],
  );
}
