import type { DataSource, ObjectLiteral } from 'typeorm';
import { columnList, readRows, rowReader } from '../../entities/index.js';
import { compileFilter, leftOut, Parameters, Scope, type Table, type Unless, type Where } from '../filters/index.js';
import { keyTypeOf } from './pages.js';

/**
 * Which of some rows of a table a filter selects, by their keys and in their order.
 *
 * @param unless rows that the filter leaves out unless it speaks of them
 * @throws UserError as the compiler of filters does
 */
export async function fittingRows<K extends number | string>(
  dataSource: DataSource,
  { table, unless = [] }: { table: Table; unless?: readonly Unless[] },
  where: Where | null | undefined,
  keys: readonly K[],
): Promise<boolean[]> {
  const parameters = new Parameters();
  const scope = new Scope(table, 't');
  const conditions = [compileFilter(where, scope, parameters), ...leftOut(unless, where, scope.alias)];
  const rows = await readRows(
    dataSource,
    `SELECT t.id FROM ${scope.from()} WHERE t.id = ANY(${parameters.add(keys, keyTypeOf(keys))}) ` +
      `AND ${conditions.map((condition) => `(${condition})`).join(' AND ')}`,
    parameters.values,
  );
  const fitting = new Set(rows.map(({ id }) => id as K));
  return keys.map((key) => fitting.has(key));
}

/** A short list that each of several parents has, whose rows have no key but the parent's and their place. */
export interface PlacedRows<T extends ObjectLiteral> {
  table: Table;
  entity: new () => T;
  /** Column with the parent's key, a uuid. */
  parent: string;
  /** Columns that order the rows of one parent. */
  order: readonly string[];
}

/**
 * The rows of several parents that a filter selects, each parent's in their order, in the order of the parents.
 *
 * @throws UserError as the compiler of filters does
 */
export async function fittingRowsOf<T extends ObjectLiteral>(
  dataSource: DataSource,
  { table, entity, parent, order }: PlacedRows<T>,
  where: Where,
  parents: readonly string[],
): Promise<T[][]> {
  const parameters = new Parameters();
  const scope = new Scope(table, 't');
  const condition = compileFilter(where, scope, parameters);
  const rows = await readRows(
    dataSource,
    `SELECT ${columnList(dataSource, entity, 't')} FROM ${scope.from()} WHERE t.${parent} = ANY(${parameters.add(parents, 'uuid[]')}) ` +
      `AND (${condition}) ORDER BY ${order.map((column) => `t.${column}`).join(', ')}`,
    parameters.values,
  );
  const read = rowReader(dataSource, entity);
  const byParent = Map.groupBy(rows, (row) => row[parent]);
  return parents.map((key) => (byParent.get(key) ?? []).map(read));
}
