import DataLoader from 'dataloader';
import type { DataSource, ObjectLiteral } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { columnList, readRows, rowReader, tableOf } from '../entities/index.js';

/** How rows are found: all of a column's values at once. */
export interface Lookup<T extends ObjectLiteral> {
  dataSource: DataSource;
  entity: new () => T;
  column: string;
  /** SQL type of the column. */
  type: 'integer' | 'uuid';
}

/** Loads the one row of each key; a key without a row gives a NOT_FOUND error, and the other keys their rows. */
export function oneByKey<K extends number | string, T extends ObjectLiteral>(
  what: string,
  { dataSource, entity, column, type }: Lookup<T>,
): DataLoader<K, T> {
  const read = rowReader(dataSource, entity);
  const select = selectFrom(dataSource, entity);
  return new DataLoader<K, T>(async (keys) => {
    const rows = await readRows(dataSource, `${select} WHERE ${column} = ANY($1::${type}[])`, [keys]);
    const byKey = new Map(rows.map((row) => [row[column] as K, row]));
    return keys.map((key) => {
      const row = byKey.get(key);
      return row ? read(row) : new UserError('NOT_FOUND', `There is no such ${what}.`);
    });
  });
}

/** Loads the rows of each parent, ordered; a parent without rows gets an empty list. */
export function manyByParent<K extends number | string, T extends ObjectLiteral>(
  { dataSource, entity, column, type }: Lookup<T>,
  orderBy: string,
  condition = 'TRUE',
): DataLoader<K, T[]> {
  const read = rowReader(dataSource, entity);
  const select = selectFrom(dataSource, entity);
  return new DataLoader<K, T[]>(async (parents) => {
    const rows = await readRows(
      dataSource,
      `${select} WHERE ${column} = ANY($1::${type}[]) AND ${condition} ORDER BY ${orderBy}`,
      [parents],
    );
    const byParent = Map.groupBy(rows, (row) => row[column] as K);
    return parents.map((parent) => (byParent.get(parent) ?? []).map(read));
  });
}

function selectFrom(dataSource: DataSource, entity: new () => ObjectLiteral): string {
  const table = tableOf(dataSource, entity);
  return `SELECT ${columnList(dataSource, entity, table)} FROM ${table}`;
}
