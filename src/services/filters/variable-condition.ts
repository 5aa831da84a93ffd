import { UserError } from '../../domain/errors.js';
import type { VariableRef, VariableTable } from '../../domain/variables/index.js';
import { conditionSql, type ValueSql } from './variable-sql.js';
import { comparison, entries } from './comparison.js';
import type { Parameters } from './scope.js';
import { parameterValue } from './values.js';
import { orUnknown } from './variable-comparison.js';

/** The entry that the expansion of a filter adds to a condition: what its name means. */
export const RESOLVED = 'ref';

/** Rows that a condition is on. */
interface Place {
  from: VariableTable;
  alias: string;
  /** Begins aliases that nothing else uses. */
  fresh: string;
  /** As a refusal names it. */
  path: string;
  /** Whether a comparison is to be null, and not false, where the value is missing. */
  unknowns: boolean;
}

/**
 * SQL of a condition on one variable: `{ name, ...comparisons of its number, text, missing, isNull }`. A comparison holds of no value
 * that is missing.
 *
 * @throws UserError BAD_USER_INPUT as comparisons do, and for a comparison of numbers with words
 */
export function variableCondition(condition: unknown, place: Place, parameters: Parameters): string {
  const { path } = place;
  const {
    name,
    [RESOLVED]: resolved,
    isNull,
    text,
    missing,
    ...numbers
  } = Object.fromEntries(entries(condition, path));
  const ref = resolved as VariableRef | undefined;
  if (!ref) throw new UserError('BAD_USER_INPUT', `${path}.name is not accepted here.`);
  let parts = 0;
  const having = (holds: (value: Pick<ValueSql, 'text' | 'number' | 'missing'>) => string): string =>
    conditionSql(ref, place.from, place.alias, `${place.fresh}${parts++}`, holds);
  /** A comparison of what may be missing. */
  const comparing = (holds: (value: Pick<ValueSql, 'text' | 'number' | 'missing'>) => string): string => {
    const condition = having(holds);
    return place.unknowns
      ? orUnknown(
          condition,
          having((value) => `${value.text} IS NOT NULL`),
        )
      : condition;
  };
  const conditions: string[] = [];
  if (Object.keys(numbers).length > 0) {
    if (ref.kind === 'TEXT' || ref.kind === 'DATE') {
      throw new UserError(
        'BAD_USER_INPUT',
        `${path}: ${String(name)} holds ${ref.kind === 'DATE' ? 'dates' : 'words'}, which are compared by text: { ${Object.keys(numbers)[0]!}: ... }.`,
      );
    }
    conditions.push(
      comparing((value) =>
        Object.entries(numbers)
          .map(([operator, operand]) =>
            comparison(value.number, { kind: 'real' }, operator, operand, `${path}.${operator}`, parameters),
          )
          .join(' AND '),
      ),
    );
  }
  for (const [field, given] of Object.entries({ text, missing }) as ['text' | 'missing', unknown][]) {
    if (given === undefined) continue;
    const inner = `${path}.${field}`;
    for (const [operator, operand] of entries(given, inner)) {
      const where = `${inner}.${operator}`;
      conditions.push(
        operator === 'isNull'
          ? unlessKnown(
              operand,
              where,
              having((value) => `${value[field]} IS NOT NULL`),
            )
          : (field === 'text' ? comparing : having)((value) =>
              comparison(value[field], { kind: 'text' }, operator, operand, where, parameters),
            ),
      );
    }
  }
  if (isNull !== undefined) {
    conditions.push(
      unlessKnown(
        isNull,
        `${path}.isNull`,
        having((value) => `${value.text} IS NOT NULL`),
      ),
    );
  }
  if (conditions.length === 0) {
    throw new UserError('BAD_USER_INPUT', `${path} needs a condition on ${String(name)}, such as gte: 1.`);
  }
  return conditions.map((one) => `(${one})`).join(' AND ');
}

function unlessKnown(isNull: unknown, path: string, known: string): string {
  if (isNull === null) throw new UserError('BAD_USER_INPUT', `${path} is null; use true or false.`);
  return parameterValue({ kind: 'boolean' }, isNull, path) ? `NOT ${known}` : known;
}
