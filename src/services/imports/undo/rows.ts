import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../../entities/index.js';
import { columnOf, FIELDS, type MergedTable } from '../cells.js';
import { compareVersions } from '../precedence.js';
import type { Losses } from './losses.js';
import { type Image, restored } from './restore.js';

/** The import that is undone. */
export interface Undoing {
  readonly manager: EntityManager;
  readonly run: number;
  /** Files and versions that its values come from. */
  readonly sources: ReadonlySet<number>;
  /** Those that were there before it. */
  readonly earlier: ReadonlySet<number>;
  /** The version of every source. */
  readonly versions: ReadonlyMap<number, string | null>;
  readonly losses: Losses;
  /** Images that get other pixels. */
  readonly replaced: Readonly<Record<'radiograph' | 'mri_series', number[]>>;
  /** Exams whose readings change. */
  readonly exams: Set<number>;
}

/** Rows looked at together. */
const AT_ONCE = 2_000;

const ORIGIN = z.union([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number(), z.string()])]);
const IMAGE = z.looseObject({
  id: z.number(),
  origins: z.record(z.string(), ORIGIN),
  missing: z.record(z.string(), z.string()).optional(),
  dropped: z.record(z.string(), z.number()).optional(),
}) satisfies z.ZodType<Image>;

/** A row that an import changed, as it was before and is now, and as later imports found it. */
const CHANGED = z.object({
  before: IMAGE.nullable(),
  now: IMAGE,
  later: z.array(z.object({ run: z.number(), before: IMAGE.nullable() })),
});

type Changed = z.infer<typeof CHANGED>;

/**
 * Takes the values of an import out of the rows of a table, and out of what later imports remember of them. A row that the import made and a
 * later one changed is the later one's from then on.
 */
export async function restoreRows(undoing: Undoing, table: MergedTable): Promise<void> {
  // A row beside an image that is in use has taken its barcode, and gives it back before that image takes it again.
  if (table === 'radiograph' || table === 'mri_series') {
    // Whoever makes something from one of them meanwhile waits until it is decided what becomes of it.
    await undoing.manager.query(
      `SELECT t.id FROM ${table} t JOIN import_change c ON c.row_id = t.id AND c.table_name = $2
       WHERE c.import_id = $1 ORDER BY t.id FOR UPDATE OF t`,
      [undoing.run, table],
    );
    await undoing.manager.query(
      `UPDATE ${table} t SET barcode = NULL FROM import_change c
       WHERE c.import_id = $1 AND c.table_name = $2 AND c.row_id = t.id AND t.barcode IS DISTINCT FROM c.before ->> 'barcode'`,
      [undoing.run, table],
    );
  }
  let last = 0;
  for (;;) {
    const changed = await readChanged(undoing, table, last);
    if (changed.length === 0) return;
    last = changed.at(-1)!.now.id;
    await (table === 'radiograph' || table === 'mri_series'
      ? restoreImages(undoing, table, changed)
      : restoreValues(undoing, table, changed));
  }
}

async function readChanged({ manager, run }: Undoing, table: MergedTable, after: number): Promise<Changed[]> {
  return queryRows(
    manager,
    CHANGED,
    `SELECT c.before, to_jsonb(t) AS now,
       (SELECT coalesce(json_agg(json_build_object('run', l.import_id, 'before', l.before) ORDER BY l.import_id), '[]')
          FROM import_change l WHERE l.table_name = $2 AND l.row_id = c.row_id AND l.import_id > $1) AS later
     FROM import_change c JOIN ${table} t ON t.id = c.row_id
     WHERE c.import_id = $1 AND c.table_name = $2 AND c.row_id > $3 ORDER BY c.row_id LIMIT ${AT_ONCE}`,
    [run, table, after],
  );
}

async function restoreValues(undoing: Undoing, table: MergedTable, changed: readonly Changed[]): Promise<void> {
  const { manager, sources, versions, losses, exams } = undoing;
  const scope = { fields: Object.keys(FIELDS[table]), sources };
  const rows: Image[] = [];
  const remembered: { run: number; id: number; before: Image | null }[] = [];
  const inherited: number[] = [];
  for (const { before, now, later } of changed) {
    const row = restored(now, before, scope, (field, kind) => losses.note(table, columnOf(field), kind));
    if (table === 'reading') exams.add(Number(now['exam_id']));
    const isLast = later.length === 0;
    const dropped = isLast && before?.dropped ? { dropped: before.dropped } : {};
    noteMarks(undoing, table, now, { ...row, ...dropped });
    rows.push({
      ...row,
      ...dropped,
      ...(isLast && before && 'phantom' in before && { phantom: before['phantom'] }),
      ...(table === 'reading' && { version: versionOf(row, before, versions) }),
    });
    for (const [at, one] of later.entries()) {
      const made = before === null && at === 0;
      if (made) inherited.push(now.id);
      if (made || one.before)
        remembered.push({
          run: one.run,
          id: now.id,
          before: made || !one.before ? null : restored(one.before, before, scope),
        });
    }
  }
  const kept = ['missing', 'version', 'dropped', 'phantom'].filter((column) => column in rows[0]!);
  await write(manager, table, [...scope.fields.map(columnOf), 'origins', ...kept], rows);
  await remember(manager, table, remembered);
  await manager.query('DELETE FROM import_change WHERE import_id = $1 AND table_name = $2 AND row_id = ANY($3)', [
    undoing.run,
    table,
    inherited,
  ]);
}

/** An image is not made of values: what it was before it is again, as a whole. No later import has touched it. */
async function restoreImages(
  { manager, losses, replaced }: Undoing,
  table: 'radiograph' | 'mri_series',
  changed: readonly Changed[],
): Promise<void> {
  const fields = [...Object.keys(FIELDS[table]), 'assetId'];
  const rows: Image[] = [];
  for (const { before, now } of changed) {
    for (const column of fields.map(columnOf)) {
      const [is, was] = [now[column] ?? null, before?.[column] ?? null];
      if (is === was) continue;
      losses.note(table, column, before === null ? 'removed' : was === null ? 'emptied' : 'restored');
    }
    if (!before) continue;
    noteMarks({ losses }, table, now, before);
    rows.push(before);
    if (before['asset_id'] !== now['asset_id']) replaced[table].push(now.id);
  }
  if (rows.length === 0) return;
  await write(
    manager,
    table,
    Object.keys(rows[0]!).filter((column) => column !== 'id'),
    rows,
  );
}

/** Tells of a row that is no longer dropped, or is again. */
function noteMarks({ losses }: Pick<Undoing, 'losses'>, table: MergedTable, now: Image, then: Image): void {
  if (!isDeepStrictEqual(now.dropped, then.dropped)) losses.note(table, 'dropped', 'restored');
}

/** The highest version that the row has anything of; that of its last file where it has nothing. */
function versionOf(row: Image, before: Image | null, versions: Undoing['versions']): unknown {
  const all = Object.values(row.origins).map(([source]) => versions.get(source) ?? null);
  if (all.length === 0) return before?.['version'] ?? row['version'];
  return all.reduce((highest, one) => (compareVersions(one, highest) > 0 ? one : highest));
}

async function write(
  manager: EntityManager,
  table: MergedTable,
  columns: readonly string[],
  rows: readonly Image[],
): Promise<void> {
  const list = (prefix: string): string => columns.map((column) => `${prefix}${column}`).join(', ');
  await manager.query(
    `UPDATE ${table} t SET (${list('')}) = ROW(${list('r.')}) FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb) r
     WHERE t.id = r.id AND ROW(${list('t.')}) IS DISTINCT FROM ROW(${list('r.')})`,
    [JSON.stringify(rows)],
  );
}

/** Changes what later imports remember. */
async function remember(
  manager: EntityManager,
  table: MergedTable,
  rows: readonly { run: number; id: number; before: Image | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  await manager.query(
    `UPDATE import_change c SET before = r.before FROM jsonb_to_recordset($2::jsonb) r(run integer, id integer, before jsonb)
     WHERE c.table_name = $1 AND c.import_id = r.run AND c.row_id = r.id`,
    [table, JSON.stringify(rows)],
  );
}
