import { UserError } from '../../domain/errors.js';
import { NUMBER_RELATIONS, type NumberRelation } from '../../domain/knee-numbers.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { valueSql } from './variable-sql.js';
import { entries } from './comparison.js';
import type { Parameters } from './scope.js';
import { parameterValue } from './values.js';

const SIGNS: Record<NumberRelation, string> = { EQ: '=', NE: '<>', GT: '>', GTE: '>=', LT: '<', LTE: '<=' };

/**
 * SQL of a comparison of two variables of one knee exam: `{ left, is, right, plus }`. It holds of no exam that lacks either.
 *
 * @param condition with what the names mean in place of the names
 * @param place.unknowns whether it is to be null, and not false, where either is missing
 * @throws UserError BAD_USER_INPUT for words and dates
 */
export function variableComparison(
  condition: unknown,
  place: { alias: string; fresh: string; path: string; unknowns: boolean },
  parameters: Parameters,
): string {
  const { alias, fresh, path, unknowns } = place;
  const { left, right, is, plus = 0 } = Object.fromEntries(entries(condition, path));
  const relation = parameterValue({ kind: 'choice', of: NUMBER_RELATIONS }, is, `${path}.is`) as NumberRelation;
  const amount = parameters.add(parameterValue({ kind: 'numeric' }, plus, `${path}.plus`), 'numeric');
  const sides = (row: string, names: string) =>
    [left, right].map((ref, side) => valueSql(numeric(ref, path), 'knee_exam', row, `${names}${'lr'[side]!}`));
  const compared = ([one, other]: ReturnType<typeof sides>): string =>
    `${one!.exact}::numeric ${SIGNS[relation]} ${other!.exact}::numeric + ${amount}`;
  const own = sides(alias, fresh);
  // Columns of the exam itself need no look-up.
  if (own.every(({ joins }) => joins === '')) return `(${compared(own)})`;
  const row = `${fresh}e`;
  const found = sides(row, fresh);
  const examsWhere = (holds: string): string =>
    `(${alias}.id IN (SELECT ${row}.id FROM knee_exam ${row}${found.map(({ joins }) => joins).join('')} WHERE ${holds}) IS TRUE)`;
  const holds = examsWhere(compared(found));
  return unknowns
    ? orUnknown(holds, examsWhere(found.map(({ exact }) => `${exact} IS NOT NULL`).join(' AND ')))
    : holds;
}

/** A condition that is null where it does not hold and is not known. */
export function orUnknown(holds: string, known: string): string {
  return `(${holds} OR (NULL::boolean AND NOT ${known}))`;
}

function numeric(ref: unknown, path: string): VariableRef {
  if (typeof ref !== 'object' || ref === null) {
    throw new UserError('BAD_USER_INPUT', `${path} is not accepted here.`);
  }
  const { kind, name } = ref as VariableRef;
  if (kind !== 'TEXT' && kind !== 'DATE') return ref as VariableRef;
  throw new UserError(
    'BAD_USER_INPUT',
    `${path}: ${name} holds ${kind === 'DATE' ? 'dates' : 'words'}; numbers are compared with one another.`,
  );
}
