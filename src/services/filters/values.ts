import { UserError } from '../../domain/errors.js';
import { aNode, decodeId, keyType } from '../../domain/global-ids.js';
import type { NodeType } from '../../domain/global-ids.js';

/** What a column holds; decides which values may be compared with it and how they travel to PostgreSQL. */
export type ColumnType =
  | { kind: 'integer' }
  | { kind: 'real' }
  | { kind: 'double' }
  | { kind: 'numeric' }
  | { kind: 'boolean' }
  | { kind: 'text' }
  | { kind: 'choice'; of: readonly string[] }
  | { kind: 'date' }
  | { kind: 'timestamp' }
  | { kind: 'id'; of: NodeType };

/** The SQL type a parameter of this kind is cast to, so that PostgreSQL never guesses. */
export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case 'integer':
      return 'integer';
    case 'real':
      return 'real';
    case 'double':
      return 'double precision';
    case 'numeric':
      return 'numeric';
    case 'boolean':
      return 'boolean';
    case 'text':
    case 'choice':
      return 'text';
    case 'date':
      return 'date';
    case 'timestamp':
      return 'timestamptz';
    case 'id':
      return keyType(type.of);
  }
}

/**
 * A value as the parameter of a statement.
 *
 * @param where which field it is for, as the message of a refusal says it.
 * @throws UserError BAD_USER_INPUT when the column cannot hold such a value.
 */
export function parameterValue(type: ColumnType, value: unknown, where: string): unknown {
  switch (type.kind) {
    case 'integer':
      if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 31) return value;
      throw refusal(where, 'a whole number of 32 bits');
    case 'real':
      // A float4 column compares equal only with the float4 nearest to the decimal the caller wrote.
      if (typeof value === 'number' && !Number.isNaN(value)) return Math.fround(value);
      throw refusal(where, 'a number');
    case 'double':
    case 'numeric':
      if (typeof value === 'number' && !Number.isNaN(value)) return value;
      throw refusal(where, 'a number');
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw refusal(where, 'true or false');
    case 'text':
      if (typeof value === 'string' && !value.includes('\0')) return value;
      throw refusal(where, 'text without the character U+0000');
    case 'choice':
      if (typeof value === 'string' && type.of.includes(value)) return value;
      throw refusal(where, `one of ${type.of.join(', ')}`);
    case 'date':
    case 'timestamp':
      return timeValue(type.kind, value, where);
    case 'id':
      return idValue(type.of, value, where);
  }
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/;

function timeValue(kind: 'date' | 'timestamp', value: unknown, where: string): string {
  const wellFormed = value instanceof Date || (typeof value === 'string' && ISO_TIME.test(value));
  const time = wellFormed ? new Date(value) : undefined;
  if (!time || Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1 || time.getUTCFullYear() > 9999) {
    throw refusal(where, kind === 'date' ? 'a date such as 2004-10-28' : 'a time such as 2004-10-28T09:30:00Z');
  }
  if (kind === 'date') return time.toISOString().slice(0, 10);
  // Text keeps the microseconds that a JavaScript Date would drop: cursors depend on them.
  return typeof value === 'string' ? value : time.toISOString();
}

function idValue(of: NodeType, value: unknown, where: string): string | number {
  const id = typeof value === 'string' ? decodeId(value) : undefined;
  if (!id || id.type !== of) throw refusal(where, `the id of ${aNode(of)}`);
  return id.key;
}

function refusal(where: string, accepted: string): UserError {
  return new UserError('BAD_USER_INPUT', `${where} must be ${accepted}.`);
}
