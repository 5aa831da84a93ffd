import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { type ZodType, z } from 'zod';
import type { Row } from './rows.js';

type Database = DataSource | EntityManager | QueryRunner;

/**
 * Rows of a statement that is no entity's own, each checked against the shape that the caller expects of it: a column that is
 * misspelt or has another type is an error here and not a wrong value somewhere else.
 *
 * @throws ZodError for a row of another shape, and as `query`
 */
export async function queryRows<T>(
  database: Database,
  row: ZodType<T>,
  statement: string,
  parameters: unknown[] = [],
): Promise<T[]> {
  return z.array(row).parse(rowsOf(await database.query<unknown>(statement, parameters)));
}

/** The row of a statement that always gives one, such as an aggregate over everything; as {@link queryRows} otherwise. */
export async function queryRow<T>(
  database: Database,
  row: ZodType<T>,
  statement: string,
  parameters: unknown[] = [],
): Promise<T> {
  const [only] = await queryRecords(database, statement, parameters);
  return row.parse(only);
}

/** Rows whose columns only the caller's own statement knows, for {@link rowReader} and such. */
export function queryRecords(database: Database, statement: string, parameters: unknown[] = []): Promise<Row[]> {
  return queryRows(database, RECORD, statement, parameters);
}

const RECORD = z.custom<Row>((row) => typeof row === 'object' && row !== null);

/** TypeORM gives [rows, count] for UPDATE and DELETE, and rows for everything else. */
function rowsOf(result: unknown): unknown {
  const counted =
    Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && Number.isInteger(result[1]);
  return counted ? (result[0] as unknown) : result;
}
