import type { KneeNumber } from '../../domain/knee-numbers.js';
import { compileFilter, type Parameters, type Scope, selectingAt, type Where } from '../filters/index.js';

/**
 * SQL that selects the exams which numbers are told of: with a change or a slope, those of the first visit that one begins at, so that each knee
 * counts once.
 *
 * @throws UserError BAD_USER_INPUT as filters do, and for one that no exam of the visit can fit
 */
export function selectingNumbers(
  numbers: readonly KneeNumber[],
  where: Where | null | undefined,
  scope: Scope,
  parameters: Parameters,
): string {
  const [first] = numbers.flatMap(({ over }) => over ?? []).sort((a, b) => (a.from < b.from ? -1 : 1));
  if (!first) return compileFilter(where, scope, parameters);
  return selectingAt(first.from, where, scope, parameters, first.kind === 'CHANGE' ? 'change.from' : 'slope.from');
}
