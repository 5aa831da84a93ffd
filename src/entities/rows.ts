import type { DataSource, ObjectLiteral } from 'typeorm';

/** A row as `pg` gives it: values by column name. */
export type Row = Record<string, unknown>;

interface ColumnReader {
  column: string;
  path: readonly [string] | readonly [string, string];
  read: (value: unknown) => unknown;
}

const readers = new WeakMap<DataSource, Map<unknown, (row: Row) => unknown>>();

/**
 * How a row of hand-written SQL becomes an object shaped like the entity: property names, embedded grades, and the types
 * TypeORM would give. Lists of thousands of rows need this instead of the query builder's hydration, which costs more than
 * the query.
 */
export function rowReader<T extends ObjectLiteral>(dataSource: DataSource, entity: new () => T): (row: Row) => T {
  let known = readers.get(dataSource);
  if (!known) readers.set(dataSource, (known = new Map()));
  let reader = known.get(entity);
  if (!reader) known.set(entity, (reader = makeReader(dataSource, entity)));
  return reader as (row: Row) => T;
}

/** The table of an entity, quoted for SQL. */
export function tableOf(dataSource: DataSource, entity: new () => ObjectLiteral): string {
  return `"${dataSource.getMetadata(entity).tableName}"`;
}

function makeReader(dataSource: DataSource, entity: new () => ObjectLiteral): (row: Row) => unknown {
  const { driver } = dataSource;
  const columns = dataSource.getMetadata(entity).columns.map((column): ColumnReader => {
    const [first = '', second] = column.propertyPath.split('.');
    const asIs = column.type !== 'date' && !column.transformer;
    return {
      column: column.databaseName,
      path: second === undefined ? [first] : [first, second],
      read: asIs ? (value) => value : (value) => driver.prepareHydratedValue(value, column) as unknown,
    };
  });
  return (row) => {
    const object: Record<string, unknown> = {};
    for (const { column, path, read } of columns) {
      const value = read(row[column]);
      if (path.length === 1) object[path[0]] = value;
      else ((object[path[0]] ??= {}) as Record<string, unknown>)[path[1]] = value;
    }
    return object;
  };
}
