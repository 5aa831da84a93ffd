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

/** The arguments that take a cursor, with what to pass there. */
const PASSED = { after: 'the endCursor of the page before', before: 'the startCursor of the page after' } as const;

/**
 * The values of a cursor, ready to be parameters.
 *
 * @throws UserError BAD_USER_INPUT when it was made up, or made by a list in another order.
 */
export function decodeCursor(order: readonly OrderTerm[], cursor: string, argument: keyof typeof PASSED): unknown[] {
  const [made, ...values] = parse(cursor, argument);
  if (made !== fingerprint(order) || values.length !== order.length) {
    throw new UserError(
      'BAD_USER_INPUT',
      `${argument} is a cursor of a list in another order; pass the same orderBy that gave it.`,
    );
  }
  return values.map((value, index) => {
    const { type } = order[index]!;
    if (value === null && index < order.length - 1) return null;
    // Keys travel as they are in the database; everything else obeys its column's type.
    if (type.kind === 'id')
      return keyType(type.of) === 'uuid' ? uuid(value, argument) : parameterValue({ kind: 'integer' }, value, argument);
    return parameterValue(type, value, argument);
  });
}

function parse(cursor: string, argument: keyof typeof PASSED): unknown[] {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(decoded)) return decoded;
  } catch {
    // Falls through to the one refusal.
  }
  throw noCursor(argument);
}

function uuid(value: unknown, argument: keyof typeof PASSED): string {
  if (typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value)) return value;
  throw noCursor(argument);
}

/** What is refused as no cursor. */
export function noCursor(argument: keyof typeof PASSED): UserError {
  return new UserError('BAD_USER_INPUT', `${argument} is not a cursor; pass ${PASSED[argument]}.`);
}

function fingerprint(order: readonly OrderTerm[]): string {
  const text = order.map(({ name, direction }) => `${name} ${direction}`).join(',');
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}
