import { UserError } from '../../domain/errors.js';
import { type KneeNumber, numberName } from '../../domain/knee-numbers.js';
import { type ColumnField, type Parameters, type Scope, sqlType } from '../filters/index.js';
import { numberSql } from '../numbers/index.js';
import type { OrderTerm } from './cursors.js';

/** Most columns one list may be ordered by. */
const MAX_ORDER_TERMS = 8;

export type Order = { direction: 'ASC' | 'DESC' } & (
  | { field: string }
  /** Only of lists of knee exams. */
  | { number: KneeNumber }
);

/** What of a listing decides the order of its rows. */
export interface Orderable {
  /** The unique column that breaks ties. */
  key: ColumnField;
  /** By the names that `orderBy` uses. */
  orders: Record<string, ColumnField>;
  defaultOrder: readonly Order[];
}

/**
 * What a list is ordered by, its key last, so that every row has a place of its own; columns and numbers of others are joined to `scope`.
 *
 * @throws UserError LIMIT_EXCEEDED for too many fields, BAD_USER_INPUT for one that the list is not ordered by
 */
export function orderTerms(
  listing: Orderable,
  orderBy: readonly Order[] | null | undefined,
  scope: Scope,
): OrderTerm[] {
  const asked = orderBy?.length ? orderBy : listing.defaultOrder;
  if (asked.length > MAX_ORDER_TERMS) {
    throw new UserError('LIMIT_EXCEEDED', `orderBy takes at most ${MAX_ORDER_TERMS} fields, got ${asked.length}.`);
  }
  const terms = asked.map((order, index): OrderTerm => {
    const { direction } = order;
    if ('number' in order) {
      const { joins, number } = numberSql(order.number, scope.alias, `${scope.alias}o${index}`);
      scope.attach(joins);
      return { name: numberName(order.number), direction, type: { kind: 'double' }, sql: number };
    }
    const { field } = order;
    const column = Object.hasOwn(listing.orders, field) ? listing.orders[field] : undefined;
    if (!column) throw new UserError('BAD_USER_INPUT', `orderBy: ${field} is not a field that can be ordered by.`);
    return { name: field, direction, type: column.type, sql: scope.sql(column) };
  });
  // A field named twice decides once.
  const unique = terms.filter((term, index) => terms.findIndex(({ name }) => name === term.name) === index);
  return [...unique, { name: 'key', direction: 'ASC', type: listing.key.type, sql: scope.sql(listing.key) }];
}

/**
 * The rows after a cursor, or before it: the usual lexicographic comparison, written out so that missing values come last either
 * way.
 */
export function besideCursor(
  side: 'after' | 'before',
  order: readonly OrderTerm[],
  values: readonly unknown[],
  parameters: Parameters,
): string {
  let equal: string[] = [];
  const alternatives: string[] = [];
  for (const [index, { sql, type, direction }] of order.entries()) {
    const value = values[index];
    if (value === null) {
      // Nothing comes after a missing value, and everything that is not missing before it.
      if (side === 'before') alternatives.push([...equal, `${sql} IS NOT NULL`].join(' AND '));
      equal = [...equal, `${sql} IS NULL`];
      continue;
    }
    const parameter = parameters.add(value, sqlType(type));
    const beyond = `${sql} ${(direction === 'ASC') === (side === 'after') ? '>' : '<'} ${parameter}`;
    // The key, which comes last, is never missing.
    const missingToo = side === 'after' && index < order.length - 1;
    alternatives.push([...equal, missingToo ? `(${beyond} OR ${sql} IS NULL)` : beyond].join(' AND '));
    equal = [...equal, `${sql} = ${parameter}`];
  }
  return alternatives.map((alternative) => `(${alternative})`).join(' OR ');
}

/** What follows ORDER BY. @param backwards from the end of the list to its start */
export function orderSql(order: readonly OrderTerm[], backwards: boolean): string {
  return order
    .map(({ sql, direction }) => {
      const forwards = `${sql} ${direction} NULLS LAST`;
      return backwards ? `${sql} ${direction === 'ASC' ? 'DESC' : 'ASC'} NULLS FIRST` : forwards;
    })
    .join(', ');
}

/** Timestamps as text with microseconds: a JavaScript Date would round them and the next page would skip or repeat rows. */
export function asCursorValue(sql: string, kind: string): string {
  if (kind === 'timestamp') return `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  return kind === 'date' ? `${sql}::text` : sql;
}
