import { createHash } from 'node:crypto';
import { UserError } from '../../domain/errors.js';
import { keyType } from '../../domain/global-ids.js';
import { type ColumnType, parameterValue } from '../filters/index.js';

/** One column of an order; the last one of a list is always the key, which makes the order total. */
export interface OrderTerm {
  /** Name by which the order is recognised in a cursor. */
  name: string;
  direction: 'ASC' | 'DESC';
  type: ColumnType;
  /** The column in SQL. */
  sql: string;
}

/** Makes cursors: where a page ends is told by the values of its last row in the order's columns. */
export function cursorEncoder(order: readonly OrderTerm[]): (values: readonly unknown[]) => string {
  const made = fingerprint(order);
  return (values) => Buffer.from(JSON.stringify([made, ...values])).toString('base64url');
}

/**
 * The values of a cursor, ready to be parameters.
 *
 * @throws UserError BAD_USER_INPUT when it was made up, or made by a list in another order.
 */
export function decodeCursor(order: readonly OrderTerm[], cursor: string): unknown[] {
  const [made, ...values] = parse(cursor);
  if (made !== fingerprint(order) || values.length !== order.length) {
    throw new UserError(
      'BAD_USER_INPUT',
      'after is a cursor of a list in another order; pass the same orderBy that gave it.',
    );
  }
  return values.map((value, index) => {
    const { type } = order[index]!;
    if (value === null && index < order.length - 1) return null;
    // Keys travel as they are in the database; everything else obeys its column's type.
    if (type.kind === 'id')
      return keyType(type.of) === 'uuid' ? uuid(value) : parameterValue({ kind: 'integer' }, value, 'after');
    return parameterValue(type, value, 'after');
  });
}

function parse(cursor: string): unknown[] {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(decoded)) return decoded;
  } catch {
    // Falls through to the one refusal.
  }
  throw new UserError('BAD_USER_INPUT', 'after is not a cursor; pass the endCursor of the page before.');
}

function uuid(value: unknown): string {
  if (typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value)) return value;
  throw new UserError('BAD_USER_INPUT', 'after is not a cursor; pass the endCursor of the page before.');
}

function fingerprint(order: readonly OrderTerm[]): string {
  const text = order.map(({ name, direction }) => `${name} ${direction}`).join(',');
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}
