import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { knownLabel, resolveColumn, type VariableTable } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import type { StoredColumn } from '../../oai/index.js';
import type { Levels } from './stored-levels.js';
import { fromBatch } from './statements.js';

const KNOWN = z.object({ id: z.number(), name: z.string(), owner: z.enum(['participant', 'visit', 'knee_exam']) });

/**
 * Keys of the variables of some columns, in the columns' order, made where they are not there. A name belongs to one kind of owner: a column of
 * the same name with another owner, or with the name of one of our own columns, gets its table's name before it.
 */
export async function variableIds(
  manager: EntityManager,
  table: string,
  columns: readonly StoredColumn[],
): Promise<number[]> {
  const full = (name: string): string => `${table.toUpperCase()}.${name}`;
  const known = await knownVariables(manager, [...columns.flatMap(({ name }) => [name, full(name)])]);
  const named = columns.map((column) => {
    const owner = known.get(column.name)?.owner ?? column.owner;
    return owner === column.owner && !resolveColumn(column.name) ? column.name : full(column.name);
  });
  const absent = new Map<string, StoredColumn>();
  for (const [index, name] of named.entries()) if (!known.has(name)) absent.set(name, columns[index]!);
  await insertVariables(manager, absent);
  const ids = absent.size > 0 ? await knownVariables(manager, named) : known;
  const labels = columns.flatMap(({ label }, index) => (label === null ? [] : [[named[index]!, label] as const]));
  if (labels.length > 0) await writeLabels(manager, labels);
  return named.map((name) => ids.get(name)!.id);
}

/** Notes what the values of some variables are, in which readings they have some, and that this table has them. */
export async function describeVariables(manager: EntityManager, table: string, all: readonly Levels[]): Promise<void> {
  if (all.length === 0) return;
  const { from, parameters } = fromBatch({
    id: ['integer', all.map(({ variable }) => variable)],
    kind: ['text', all.map((levels) => levels.kind())],
  });
  const given = `$${parameters.length + 1}::text[]`;
  const tables = `ARRAY(SELECT DISTINCT x FROM unnest(v.tables || ${given}) x ORDER BY x)`;
  const readings = 'ARRAY(SELECT DISTINCT b.reading FROM variable_block b WHERE b.variable_id = v.id ORDER BY 1)';
  await manager.query(
    `UPDATE variable v SET kind = r.kind, tables = ${tables}, readings = ${readings} ${from}
     WHERE v.id = r.id AND (v.kind <> r.kind OR NOT v.tables @> ${given} OR v.readings <> ${readings})`,
    [...parameters, [table]],
  );
}

async function knownVariables(
  manager: EntityManager,
  names: readonly string[],
): Promise<Map<string, { id: number; owner: VariableTable }>> {
  const rows = await queryRows(manager, KNOWN, 'SELECT id, name, owner FROM variable WHERE name = ANY($1)', [names]);
  return new Map(rows.map(({ name, ...row }) => [name, row]));
}

async function insertVariables(manager: EntityManager, absent: ReadonlyMap<string, StoredColumn>): Promise<void> {
  if (absent.size === 0) return;
  const columns = [...absent.values()];
  const known = columns.map(({ name }) => knownLabel(name));
  const { from, parameters } = fromBatch({
    name: ['text', [...absent.keys()]],
    owner: ['text', columns.map(({ owner }) => owner)],
    label: ['text', columns.map(({ label }, index) => label ?? known[index]?.label)],
    unit: ['text', known.map((one) => one?.unit)],
  });
  await manager.query(`INSERT INTO variable (name, owner, label, unit) SELECT * ${from}`, parameters);
}

/** What a file calls a column is better than what we guess by its name; the first file that says it counts. */
async function writeLabels(manager: EntityManager, labels: readonly (readonly [string, string])[]): Promise<void> {
  const own = labels.map(([name]) => knownLabel(name.replace(/^.*\./, ''))?.label);
  const { from, parameters } = fromBatch({
    name: ['text', labels.map(([name]) => name)],
    label: ['text', labels.map(([, label]) => label)],
    own: ['text', own],
  });
  await manager.query(
    `UPDATE variable v SET label = r.label ${from} WHERE v.name = r.name AND v.label IS NOT DISTINCT FROM r.own AND v.label IS DISTINCT FROM r.label`,
    parameters,
  );
}

/** How many cells of a variable have a value at a visit, and how many a code of why there is none: what changes. */
export class Coverage {
  readonly #counts = new Map<string, { variable: number; visit: string; filled: number; missing: number }>();

  note(variable: number, visit: string, { filled, missing }: { filled: number; missing: number }): void {
    const key = `${variable} ${visit}`;
    const counts = this.#counts.get(key) ?? { variable, visit, filled: 0, missing: 0 };
    counts.filled += filled;
    counts.missing += missing;
    this.#counts.set(key, counts);
  }

  async write(manager: EntityManager): Promise<void> {
    const all = [...this.#counts.values()].filter(({ filled, missing }) => filled !== 0 || missing !== 0);
    if (all.length === 0) return;
    const { from, parameters } = fromBatch({
      variable_id: ['integer', all.map(({ variable }) => variable)],
      visit: ['text', all.map(({ visit }) => visit)],
      filled: ['integer', all.map(({ filled }) => filled)],
      missing: ['integer', all.map(({ missing }) => missing)],
    });
    await manager.query(
      `INSERT INTO variable_coverage (variable_id, visit, filled, missing) SELECT * ${from}
       ON CONFLICT (variable_id, visit)
       DO UPDATE SET filled = variable_coverage.filled + excluded.filled, missing = variable_coverage.missing + excluded.missing`,
      parameters,
    );
  }
}
