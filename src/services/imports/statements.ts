import type { EntityManager } from 'typeorm';

type SqlValue = string | number | boolean | null | undefined;

/** A batch by columns: PostgreSQL type and values of each, all of one length. */
export type Batch = Readonly<Record<string, readonly [type: string, values: readonly SqlValue[]]>>;

interface Upsert {
  table: string;
  /** Columns of a unique constraint. */
  key: readonly string[];
  rows: Batch;
  /** Columns that a row which is there takes over. */
  update: readonly string[];
  /** What to know of the rows that were written, e.g. `visit_id AS "visitId"`. */
  returning?: readonly string[];
}

/**
 * Inserts a batch and updates the rows that are there already. Only rows that differ are written, and only those are returned:
 * a second import changes nothing.
 */
export async function upsert<T = object>(
  manager: EntityManager,
  statement: Upsert,
): Promise<(T & { inserted: boolean })[]> {
  const { table, key, rows, update, returning = [] } = statement;
  const { from, parameters } = fromBatch(rows);
  const list = (prefix: string): string => update.map((column) => `${prefix}.${column}`).join(', ');
  const action =
    update.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${update.map((column) => `${column} = excluded.${column}`).join(', ')}
         WHERE (${list(table)}) IS DISTINCT FROM (${list('excluded')})`;
  // A fresh row has no deleting transaction: xmax tells inserts from updates.
  return manager.query(
    `INSERT INTO ${table} (${Object.keys(rows).join(', ')}) SELECT * ${from}
     ON CONFLICT (${key.join(', ')}) ${action} RETURNING ${[...returning, '(xmax = 0) AS inserted'].join(', ')}`,
    parameters,
  );
}

/**
 * `FROM` clause that makes rows `r` of a batch, and its parameters. Arrays by column are what costs both sides least: a JSON
 * object per row took three times as long.
 */
export function fromBatch(rows: Batch): { from: string; parameters: string[] } {
  const columns = Object.entries(rows);
  const arrays = columns.map(([, [type]], index) => `$${index + 1}::${type}[]`);
  return {
    from: `FROM unnest(${arrays.join(', ')}) AS r(${columns.map(([name]) => name).join(', ')})`,
    parameters: columns.map(([, [, values]]) => arrayLiteral(values)),
  };
}

/** PostgreSQL's text form of an array. */
function arrayLiteral(values: readonly SqlValue[]): string {
  return `{${values.map((value) => (value == null ? 'NULL' : typeof value === 'string' ? quote(value) : value)).join(',')}}`;
}

function quote(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}
