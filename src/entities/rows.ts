import type { DataSource, ObjectLiteral } from 'typeorm';

/** A row as `pg` gives it: values by column name. */
export type Row = Record<string, unknown>;

/** Which columns of a row are read: all, or those of these properties, such as `id` and `grades.XRKL`. */
export type Columns = 'all' | readonly string[];

interface ColumnReader {
  column: string;
  path: readonly [string] | readonly [string, string];
  read: (value: unknown) => unknown;
}

const known = new WeakMap<DataSource, Map<unknown, Map<string, ColumnReader[]>>>();

/**
 * How a row of hand-written SQL becomes an object shaped like the entity: property names, embedded grades, and the types
 * TypeORM would give. Lists of thousands of rows need this instead of the query builder's hydration, which costs more than
 * the query.
 */
export function rowReader<T extends ObjectLiteral>(
  dataSource: DataSource,
  entity: new () => T,
  columns: Columns = 'all',
): (row: Row) => T {
  const readers = readersOf(dataSource, entity, columns);
  return (row) => {
    const object: Row = {};
    for (const { column, path, read } of readers) place(object, path, read(row[column]));
    return object as T;
  };
}

/** The same for a row that travels inside another one: the JSON array that {@link jsonRow} makes. */
export function jsonReader<T extends ObjectLiteral>(
  dataSource: DataSource,
  entity: new () => T,
  columns: Columns = 'all',
): (values: readonly unknown[]) => T {
  const readers = readersOf(dataSource, entity, columns);
  return (values) => {
    const object: Row = {};
    for (let index = 0; index < readers.length; index++) {
      const { path, read } = readers[index]!;
      place(object, path, read(values[index]));
    }
    return object as T;
  };
}

/** SQL of a row as a JSON array, a third smaller and quicker than an object. */
export function jsonRow(
  dataSource: DataSource,
  entity: new () => ObjectLiteral,
  alias: string,
  columns: Columns = 'all',
): string {
  return `json_build_array(${columnList(dataSource, entity, alias, columns)})`;
}

/** The columns of an entity for a SELECT list. */
export function columnList(
  dataSource: DataSource,
  entity: new () => ObjectLiteral,
  alias: string,
  columns: Columns = 'all',
): string {
  return readersOf(dataSource, entity, columns)
    .map(({ column }) => `${alias}."${column}"`)
    .join(', ');
}

/** The table of an entity, quoted for SQL. */
export function tableOf(dataSource: DataSource, entity: new () => ObjectLiteral): string {
  return `"${dataSource.getMetadata(entity).tableName}"`;
}

function place(object: Row, path: ColumnReader['path'], value: unknown): void {
  if (path.length === 1) object[path[0]] = value;
  else ((object[path[0]] ??= {}) as Row)[path[1]] = value;
}

function readersOf(dataSource: DataSource, entity: new () => ObjectLiteral, columns: Columns): ColumnReader[] {
  let entities = known.get(dataSource);
  if (!entities) known.set(dataSource, (entities = new Map()));
  let kinds = entities.get(entity);
  if (!kinds) entities.set(entity, (kinds = new Map()));
  const key = columns === 'all' ? columns : columns.join();
  let readers = kinds.get(key);
  if (!readers) {
    const all = makeReaders(dataSource, entity);
    readers = columns === 'all' ? all : all.filter(({ path }) => columns.includes(path.join('.')));
    kinds.set(key, readers);
  }
  return readers;
}

function makeReaders(dataSource: DataSource, entity: new () => ObjectLiteral): ColumnReader[] {
  const { driver } = dataSource;
  return dataSource.getMetadata(entity).columns.map((column): ColumnReader => {
    const [first = '', second] = column.propertyPath.split('.');
    const { type, transformer } = column;
    return {
      column: column.databaseName,
      path: second === undefined ? [first] : [first, second],
      read:
        type === 'timestamptz'
          ? (value) => (typeof value === 'string' ? new Date(value) : value)
          : type === 'date' || transformer
            ? (value) => driver.prepareHydratedValue(value, column) as unknown
            : (value) => value,
    };
  });
}
