import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { type Origin, type Origins, queryRows } from '../../entities/index.js';
import type { Statement, Statements } from '../../oai/index.js';
import { columnOf, compact, type FieldType, type MergedTable } from './cells.js';
import type { ChangeKind } from './changes.js';
import { compareVersions, judge, type Standing } from './precedence.js';
import { restOnRows } from './runs.js';
import type { Sources } from './sources.js';
import { type Batch, fromBatch, upsert } from './statements.js';

/** What became of a row: the first of these that holds of any of its values; `silent` where it has none that could be compared or kept. */
export const ROW_OUTCOMES = ['inserted', 'updated', 'kept', 'blank', 'unchanged', 'silent'] as const;
export type RowOutcome = (typeof ROW_OUTCOMES)[number];

/** A row of the database that a table's row speaks of. */
export interface Given {
  readonly line: number;
  readonly version: string | null;
  readonly said: Statements;
}

export interface Merge {
  table: MergedTable;
  /** Columns of a unique constraint. */
  key: Batch;
  /** What else a new row needs. */
  insert?: Batch;
  /**
   * Columns that say whose an image is: they follow any row that is not older than what is stored, until the image has pixels. From then on a row
   * that says otherwise is refused.
   */
  owner?: Batch;
  /** Fields that a table may speak of, and the type of their column. */
  fields: Readonly<Record<string, FieldType>>;
  /** As many as each batch holds. */
  rows: readonly Given[];
  /** Whether the table has columns of its own for the codes of missing values and for the version of its row. */
  keepsCodes?: boolean;
  /** What to know of the rows that were written, e.g. `visit_id AS "visitId"`. */
  returning?: readonly string[];
}

/**
 * Merges a batch into a table, field by field, by the rule of precedence ({@link judge}). Rows in which nothing changes are not
 * written.
 *
 * @returns what became of each row, what `returning` asks of those that were written, and places of the rows that were refused because they would
 *   have given an image with pixels to another owner
 */
export async function mergeRows<T = object>(
  manager: EntityManager,
  sources: Sources,
  merge: Merge,
): Promise<{ outcomes: RowOutcome[]; written: T[]; refused: number[] }> {
  const { table, key, insert = {}, owner = {}, fields, rows, keepsCodes = false, returning = [] } = merge;
  if (rows.length === 0) return { outcomes: [], written: [], refused: [] };
  const names = Object.keys(fields);
  await sources.announce(rows.map(({ version }) => version));
  const stored = await readStored(manager, merge);
  // Whose an image is, and that it is there, is no single value: what is done about it rests on the whole row.
  if (merge.owner) {
    await restOnRows(
      manager,
      table,
      [...stored.values()].map(({ id }) => id),
    );
  }
  const results = rows.map((given, index) => {
    const owners = Object.values(owner).map(([, values]) => values[index] as number | null);
    const before = stored.get(index);
    const merged = mergeRow(names, before, given, { sources, owners, keepsCodes });
    if (merged.refused) return { ...merged, write: false };
    merged.taken.forEach((at) => sources.changes.note(table, columnOf(names[at]!), changeOf(before, at)));
    return merged;
  });
  const writing = results.flatMap(({ write }, index) => (write ? [index] : []));
  const column = (type: string, value: (result: Merged) => SqlValue): Batch[string] => [
    type,
    writing.map((index) => value(results[index]!)),
  ];
  const changing: Batch = {
    ...Object.fromEntries(
      Object.entries(owner).map(([name, [type]], at) => [name, column(type, (row) => row.owners[at])]),
    ),
    ...Object.fromEntries(names.map((name, at) => [columnOf(name), column(fields[name]!, (row) => row.values[at])])),
    ...(keepsCodes && {
      version: column('text', (row) => row.version),
      missing: column('jsonb', (row) => JSON.stringify(row.missing)),
    }),
    origins: column('jsonb', (row) => JSON.stringify(row.origins)),
  };
  const picked = Object.entries({ ...key, ...insert }).map(([name, [type, values]]): [string, Batch[string]] => [
    name,
    [type, writing.map((index) => values[index])],
  ]);
  const written = await upsert<T>(manager, {
    table,
    key: Object.keys(key),
    rows: { ...Object.fromEntries(picked), ...changing },
    update: Object.keys(changing),
    returning,
  });
  const refused = results.flatMap((result, index) => (result.refused ? [index] : []));
  return { outcomes: results.map(({ outcome }) => outcome), written, refused };
}

type SqlValue = Batch[string][1][number];

/** A stored row that a given one speaks of. */
const STORED = z.object({
  n: z.number(),
  id: z.number(),
  origins: z.record(
    z.string(),
    z.union([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number(), z.string()])]),
  ),
  values: z.array(z.union([z.string(), z.number(), z.boolean()]).nullable()),
  owners: z.array(z.number().nullable()),
  hasPixels: z.boolean(),
  missing: z.record(z.string(), z.string()).nullable(),
  version: z.string().nullable(),
});
type Stored = z.infer<typeof STORED>;

async function readStored(manager: EntityManager, merge: Merge): Promise<Map<number, Stored>> {
  const { table, key, owner = {}, fields, rows, keepsCodes } = merge;
  const { from, parameters } = fromBatch({ n: ['integer', rows.map((_, index) => index)], ...key });
  const values = Object.entries(fields).map(([name, type]) => `t.${columnOf(name)}${type === 'date' ? '::text' : ''}`);
  const owners = Object.keys(owner).map((name) => `t.${name}`);
  const found = await queryRows(
    manager,
    STORED,
    `SELECT r.n, t.id, t.origins, json_build_array(${values.join(', ')}) AS values, json_build_array(${owners.join(', ')}) AS owners,
            ${merge.owner ? 't.asset_id IS NOT NULL' : 'false'} AS "hasPixels", ${keepsCodes ? 't.missing, t.version' : 'NULL AS missing, NULL AS version'}
     ${from} JOIN ${table} t ON ${Object.keys(key)
       .map((name) => `t.${name} = r.${name}`)
       .join(' AND ')}`,
    parameters,
  );
  return new Map(found.map((row) => [row.n, row]));
}

interface Merged {
  outcome: RowOutcome;
  write: boolean;
  /** Whether it would move an image that has pixels. */
  refused: boolean;
  /** Places of the fields whose value is another one now. */
  taken: readonly number[];
  values: Statement['value'][];
  owners: readonly (number | null)[];
  missing: Record<string, string>;
  origins: Origins;
  version: string | null;
}

const NOTHING: Statement = { value: null, missing: null };

function mergeRow(
  names: readonly string[],
  stored: Stored | undefined,
  { line, version, said }: Given,
  { sources, owners, keepsCodes }: { sources: Sources; owners: readonly (number | null)[]; keepsCodes: boolean },
): Merged {
  const source = sources.own(version);
  const standing: Standing = { version, table: sources.table };
  const origins: Record<string, Origin> = {};
  const missing: Record<string, string> = {};
  const verdicts = new Set<string>();
  const taken: number[] = [];
  let unknown = false;
  const silent = !Object.values(said).some(says);
  const values = names.map((name, at) => {
    const origin = stored && (stored.origins[name] ?? stored.origins['*']);
    const before: Statement = stored
      ? { value: stored.values[at]!, missing: stored.missing?.[name] ?? stored.origins[name]?.[2] ?? null }
      : NOTHING;
    const of: Standing = origin ? sources.standing(origin[0]) : { version: stored?.version ?? null, table: null };
    const now = said[name];
    if (now && origin && says(now) && says(before)) sources.met(origin[0]);
    const verdict = now ? judge({ ...before, ...of }, { ...now, ...standing }) : 'same';
    verdicts.add(verdict);
    if (verdict === 'taken') taken.push(at);
    const takes = now !== undefined && (verdict === 'taken' || verdict === 'confirms');
    const held = takes ? now : before;
    if (!says(held)) return null;
    if (keepsCodes && held.missing !== null) missing[name] = held.missing;
    const from = takes ? ([source, line] as const) : origin;
    if (!from) unknown = true;
    else origins[name] = held.missing !== null && !keepsCodes ? [from[0], from[1], held.missing] : [from[0], from[1]];
    return held.value;
  });
  const newest = stored ? newestOf(stored, sources) : null;
  const moves = !stored || compareVersions(version, newest) >= 0;
  const elsewhere = stored?.owners.some((id, at) => id !== owners[at]) ?? false;
  const changed = verdicts.has('taken') || (elsewhere && moves);
  const kept = verdicts.has('kept') || (elsewhere && !moves);
  const still = kept ? 'kept' : verdicts.has('blank') ? 'blank' : silent ? 'silent' : 'unchanged';
  return {
    outcome: !stored ? 'inserted' : changed ? 'updated' : still,
    write: !stored || changed || verdicts.has('confirms'),
    refused: elsewhere && moves && stored?.hasPixels === true,
    taken,
    values,
    owners: moves ? owners : stored.owners,
    missing,
    origins: unknown ? origins : compact(origins),
    version: stored && compareVersions(version, newest) <= 0 ? newest : version,
  };
}

/** Whether a statement is no blank. */
function says({ value, missing }: Statement): boolean {
  return value !== null || missing !== null;
}

function changeOf(stored: Stored | undefined, at: number): ChangeKind {
  if (!stored) return 'added';
  return stored.values[at] === null ? 'filled' : 'replaced';
}

/** The highest version that a stored row has anything of. */
function newestOf({ origins, version }: Stored, sources: Sources): string | null {
  return Object.values(origins)
    .map(([source]) => sources.standing(source).version)
    .reduce((highest, one) => (compareVersions(one, highest) > 0 ? one : highest), version);
}
