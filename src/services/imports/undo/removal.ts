import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../../domain/errors.js';
import { queryRow, queryRows, readReferences, type Reference } from '../../../entities/index.js';
import type { MergedTable } from '../cells.js';
import type { Undoing } from './rows.js';

/** Tables of what is imported, those that refer to others first, and whether an empty row of it is kept for what hangs on it. */
const TABLES: readonly (readonly [table: MergedTable, isParent: boolean])[] = [
  ['reading', false],
  ['joint_outcome', false],
  ['radiograph', false],
  ['mri_series', false],
  ['knee_exam', true],
  ['visit', true],
  ['participant', true],
];

/** Tables that refer to imported rows without being anybody's work on them; the objects that images came as go with the images. */
const NO_USE: ReadonlySet<string> = new Set([
  ...TABLES.map(([table]) => table),
  'audit_key',
  'original_object',
  'former_result',
]);

/** Of those, what goes with an empty row instead of keeping it. */
const REMEMBERED: ReadonlySet<string> = new Set(['audit_key', 'former_result']);

/**
 * Removes the rows that the import made. A participant, a visit or an exam stays, without values, while something of another import hangs
 * on it, and goes when that is undone.
 *
 * @returns how many of each table went
 * @throws UserError CONFLICT where somebody has made something from them
 */
export async function removeRows(undoing: Undoing): Promise<Partial<Record<MergedTable, number>>> {
  const { manager, run } = undoing;
  const references = await readReferences(manager);
  const removed: Partial<Record<MergedTable, number>> = {};
  for (const [table, isParent] of TABLES) {
    const ids = isParent ? await emptyRows(manager, run, table, references) : await madeRows(manager, run, table);
    // What was made from pixels that the import replaced was made from these.
    const replaced = table === 'radiograph' || table === 'mri_series' ? undoing.replaced[table] : [];
    await refuseUsed(undoing, table, [...ids, ...replaced], references);
    if (ids.length === 0) continue;
    await manager.query(`DELETE FROM ${table} WHERE id = ANY($1)`, [ids]);
    removed[table] = ids.length;
  }
  return removed;
}

async function idsOf(manager: EntityManager, sql: string, values: unknown[]): Promise<number[]> {
  return (await queryRows(manager, z.object({ id: z.number() }), sql, values)).map(({ id }) => id);
}

async function madeRows(manager: EntityManager, run: number, table: MergedTable): Promise<number[]> {
  return idsOf(
    manager,
    `SELECT t.id FROM ${table} t JOIN import_change c ON c.table_name = $2 AND c.row_id = t.id AND c.import_id = $1 AND c.before IS NULL`,
    [run, table],
  );
}

/** Rows that this import, or one that was undone before it, has made, of which nothing is known and on which nothing hangs. */
async function emptyRows(
  manager: EntityManager,
  run: number,
  table: MergedTable,
  references: readonly Reference[],
): Promise<number[]> {
  const hanging = references
    .filter(({ to, table: from }) => to === table && NO_USE.has(from) && !REMEMBERED.has(from))
    .map(({ table: from, column }) => `AND NOT EXISTS (SELECT 1 FROM ${from} x WHERE x.${column} = t.id)`);
  const ids = await idsOf(
    manager,
    `SELECT t.id FROM ${table} t WHERE t.origins = '{}' ${hanging.join(' ')}
       AND t.id IN (SELECT c.row_id FROM import_change c WHERE c.table_name = $2 AND c.before IS NULL
                      AND (c.import_id = $1 OR c.import_id IN (SELECT undoes_id FROM import_run)))`,
    [run, table],
  );
  const filled = new Set(
    await idsOf(
      manager,
      `SELECT DISTINCT t.id FROM unnest($1::integer[]) t(id) JOIN variable_block b ON b.block = t.id / 256
       JOIN variable v ON v.id = b.variable_id AND v.owner = $2 WHERE b.codes[t.id % 256 + 1] <> 0`,
      [ids, table],
    ),
  );
  return ids.filter((id) => !filled.has(id));
}

/** @throws UserError CONFLICT that says what stands on these rows */
async function refuseUsed(
  { manager, run }: Undoing,
  table: MergedTable,
  ids: readonly number[],
  references: readonly Reference[],
): Promise<void> {
  if (ids.length === 0) return;
  for (const { table: from, column } of references.filter(({ to }) => to === table)) {
    if (NO_USE.has(from)) continue;
    const { rows } = await queryRow(
      manager,
      z.object({ rows: z.number() }),
      `SELECT count(*)::integer AS rows FROM ${from} x WHERE x.${column} = ANY($1)`,
      [ids],
    );
    if (rows === 0) continue;
    const what = `${rows} ${from.replaceAll('_', ' ')}${rows === 1 ? '' : 's'}`;
    throw new UserError(
      'CONFLICT',
      `Import ${run} cannot be undone, because what it brought is in use (${what}); remove what was made from it first.`,
    );
  }
}
