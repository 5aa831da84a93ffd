import type { DataSource } from 'typeorm';
import { readRows } from '../../entities/index.js';
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
