import type { Pool } from 'pg';
import { type DataSource, QueryFailedError } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { Row } from './rows.js';

/** Statements that every connection may keep prepared; further ones are planned anew each time. */
const MAX_PREPARED = 200;

/** Statements remembered because they came once. */
const MAX_SEEN = 2_000;

const prepared = new Map<string, string>();
const seen = new Set<string>();

/**
 * Rows of one reading statement outside transactions. A statement that comes again is prepared: PostgreSQL then parses it once
 * per connection, and stops planning it when a plan for any parameters is as good. For the statements behind a page, that is a
 * third of their time.
 *
 * @param text names its columns: `*` would fail in a prepared statement when a newer process adds a column.
 * @throws QueryFailedError as TypeORM does, and logged as TypeORM's own statements are.
 */
export async function readRows(dataSource: DataSource, text: string, values: unknown[]): Promise<Row[]> {
  const pool = (dataSource.driver as PostgresDriver).master as Pool;
  const name = nameOf(text);
  dataSource.logger.logQuery(text, values);
  try {
    const { rows } = await pool.query<Row>(name === undefined ? { text, values } : { name, text, values });
    return rows;
  } catch (error) {
    dataSource.logger.logQueryError(error as Error, text, values);
    throw new QueryFailedError(text, values, error as Error);
  }
}

/** Filters make endless different statements, and PostgreSQL never forgets a prepared one: only so many get a name. */
function nameOf(text: string): string | undefined {
  const name = prepared.get(text);
  if (name !== undefined || prepared.size >= MAX_PREPARED) return name;
  if (!seen.has(text)) {
    if (seen.size >= MAX_SEEN) seen.clear();
    seen.add(text);
    return undefined;
  }
  seen.delete(text);
  const given = `osteograph_${prepared.size}`;
  prepared.set(text, given);
  return given;
}
