import type { EntityManager } from 'typeorm';

/** Rows of a batch as SQL sees them: `r` in the statements, with these columns and PostgreSQL types. */
export type RecordColumns = Readonly<Record<string, string>>;

/** `FROM` clause that makes rows `r` of the statement's first parameter, a JSON array of objects. */
export function fromRecords(columns: RecordColumns): string {
  const list = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  return `FROM json_to_recordset($1::json) AS r(${list.join(', ')})`;
}

/** Conflict clause of an upsert that writes only the rows that differ, so that a second import changes nothing. */
export function onConflict(table: string, key: readonly string[], columns: readonly string[]): string {
  const target = `ON CONFLICT (${key.join(', ')})`;
  if (columns.length === 0) return `${target} DO NOTHING`;
  const list = (prefix: string): string => columns.map((column) => `${prefix}.${column}`).join(', ');
  return `${target} DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE (${list(table)}) IS DISTINCT FROM (${list('excluded')})`;
}

/** Runs one statement over a batch and gives its rows. */
export async function runBatch<T>(
  manager: EntityManager,
  sql: string,
  records: readonly object[],
  ...more: unknown[]
): Promise<T[]> {
  return records.length === 0 ? [] : manager.query<T[]>(sql, [JSON.stringify(records), ...more]);
}

/** How often each outcome came up. */
export interface Changes {
  inserted: number;
  updated: number;
}

/** Counts rows that an upsert returned with `(xmax = 0) AS inserted`: a fresh row has no deleting transaction. */
export function countChanges(rows: readonly { inserted: boolean }[]): Changes {
  const inserted = rows.filter((row) => row.inserted).length;
  return { inserted, updated: rows.length - inserted };
}
