import { UserError } from '../../domain/errors.js';
import type { Parameters } from './scope.js';
import { type ColumnType, parameterValue, sqlType } from './values.js';

/** Most values of `in` and `nin`. */
const MAX_LIST = 10_000;

const COMPARISONS: Record<string, string> = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' };

/**
 * SQL of one operator on one value. Only `isNull` holds of a missing value.
 *
 * @param sql what is compared.
 * @param path the operator as a refusal names it, e.g. `where.kl.gte`.
 * @throws UserError BAD_USER_INPUT for an unknown operator or a value of the wrong kind, LIMIT_EXCEEDED for a list too long.
 */
export function comparison(
  sql: string,
  type: ColumnType,
  operator: string,
  operand: unknown,
  path: string,
  parameters: Parameters,
): string {
  if (operand === null) throw new UserError('BAD_USER_INPUT', `${path} is null; use isNull.`);
  const sign = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (sign) return `${sql} ${sign} ${parameters.add(parameterValue(type, operand, path), sqlType(type))}`;
  switch (operator) {
    case 'in':
    case 'nin': {
      const values = list(operand, path);
      if (values.length > MAX_LIST) {
        throw new UserError('LIMIT_EXCEEDED', `${path} takes at most ${MAX_LIST} values, got ${values.length}.`);
      }
      const array = parameters.add(
        values.map((value) => parameterValue(type, value, path)),
        `${sqlType(type)}[]`,
      );
      // An empty list holds nothing: "nin: []" is true of every value, but of a missing one it is unknown, as everything is.
      return operator === 'in'
        ? `${sql} = ANY(${array})`
        : `CASE WHEN ${sql} IS NOT NULL THEN ${sql} <> ALL(${array}) END`;
    }
    case 'isNull':
      return `${sql} IS ${parameterValue({ kind: 'boolean' }, operand, path) ? '' : 'NOT '}NULL`;
    case 'contains': {
      const text = parameterValue({ kind: 'text' }, operand, path) as string;
      return `${sql} ILIKE ${parameters.add(`%${text.replace(/[\\%_]/g, '\\$&')}%`, 'text')}`;
    }
    default:
      throw new UserError('BAD_USER_INPUT', `${path} is not an operator.`);
  }
}

/** The entries of an object that a caller gave, those left undefined aside. */
export function entries(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError('BAD_USER_INPUT', `${path} must be an object.`);
  }
  return Object.entries(value).filter(([, entry]) => entry !== undefined);
}

/** A list that a caller gave. */
export function list(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw new UserError('BAD_USER_INPUT', `${path} must be a list.`);
  return value;
}

/** What a caller named. */
export function lookUp<T>(named: Record<string, T>, name: string, path: string): T {
  const found = Object.hasOwn(named, name) ? named[name] : undefined;
  if (found === undefined) throw new UserError('BAD_USER_INPUT', `${path} is not a field that can be filtered by.`);
  return found;
}
