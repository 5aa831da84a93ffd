import type { DerivedSource } from '../../domain/variables/index.js';
import { compileFilter } from './compile.js';
import { Literals, Scope } from './scope.js';
import { KNEE_EXAMS } from './tables.js';

/**
 * A derived variable as a table in parentheses: `id` of each knee exam and the `code` of its value there, null where it is not known. Its filters are
 * compiled with three values, and their operands written as literals, so that it stands in any statement whatever the parameters of that are.
 *
 * @throws UserError as `compileFilter` does, for a definition that is no longer valid
 */
export function derivedTable({ values, otherwise }: DerivedSource): string {
  const scope = new Scope(KNEE_EXAMS, 'd');
  const literals = new Literals();
  const conditions = values.map(({ where }) => compileFilter(where, scope, literals, { unknowns: true }));
  // The first that holds counts; one that is unknown leaves open whether a later one is the first.
  const code = conditions.reduceRight(
    (rest, condition, index) => `CASE (${condition}) WHEN TRUE THEN ${values[index]!.code} WHEN FALSE THEN ${rest} END`,
    String(otherwise?.code ?? 'NULL::integer'),
  );
  return `(SELECT d.id, ${code} AS code FROM ${scope.from()})`;
}
