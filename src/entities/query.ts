import type { DataSource, EntityManager } from 'typeorm';
import { type ZodType, z } from 'zod';

/**
 * Rows of a statement that is no entity's own, each checked against the shape that the caller expects of it: a column that is
 * misspelt or has another type is an error here and not a wrong value somewhere else.
 *
 * @throws ZodError for a row of another shape, and as `query`
 */
export async function queryRows<T>(
  database: DataSource | EntityManager,
  row: ZodType<T>,
  statement: string,
  parameters: unknown[] = [],
): Promise<T[]> {
  return z.array(row).parse(rowsOf(await database.query<unknown>(statement, parameters)));
}

/** TypeORM gives [rows, count] for UPDATE and DELETE, and rows for everything else. */
function rowsOf(result: unknown): unknown {
  const counted =
    Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && Number.isInteger(result[1]);
  return counted ? (result[0] as unknown) : result;
}
