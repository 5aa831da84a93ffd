import { UserError } from '../../domain/errors.js';
import { isJsonObject } from '../../domain/json.js';
import { visitMonth, type VisitCode } from '../../domain/visits.js';
import { compileFilter, type Parameters, type Scope, type Where } from './compile.js';

/**
 * SQL that selects the exams of one visit which a filter fits.
 *
 * @param argument what the API calls the visit
 * @throws UserError BAD_USER_INPUT for a filter that no exam of the visit can fit, or one that cannot be asked for
 */
export function selectingAt(
  visit: VisitCode,
  where: Where | null | undefined,
  scope: Scope,
  parameters: Parameters,
  argument: 'from' | 'origin' | 'asOf.origin' | 'event.origin' | 'change.from' | 'slope.from',
): string {
  const place = leavesOut(where, visit, 'where');
  if (place) {
    throw new UserError(
      'BAD_USER_INPUT',
      `where selects exams of the visit ${argument}, which is ${visit}, and ${place} leaves that visit out: nothing can match.`,
    );
  }
  const condition = compileFilter(where, scope, parameters);
  return `${scope.alias}.visit_code = ${parameters.add(visit, 'text')} AND (${condition})`;
}

/** The condition on the visit that must hold and does not at this one, as a place in the filter. */
function leavesOut(where: unknown, visit: VisitCode, path: string): string | null {
  if (!isJsonObject(where)) return null;
  if (isJsonObject(where['visit']) && !holds(where['visit'], visit)) return `${path}.visit`;
  if (isJsonObject(where['month']) && !holds(where['month'], visitMonth(visit))) return `${path}.month`;
  const parts: unknown[] = Array.isArray(where['and']) ? where['and'] : [];
  for (const [index, part] of parts.entries()) {
    const place = leavesOut(part, visit, `${path}.and[${index}]`);
    if (place) return place;
  }
  return null;
}

/** Whether the comparisons hold of a value that is never missing. What is no comparison is left to the filter's compiler. */
function holds<T extends string | number>(operators: Record<string, unknown>, value: T): boolean {
  return Object.entries(operators).every(([operator, operand]) => {
    if (operator === 'in' || operator === 'nin') {
      return !Array.isArray(operand) || operand.includes(value) === (operator === 'in');
    }
    if (typeof operand !== typeof value) return true;
    const other = operand as T;
    switch (operator) {
      case 'eq':
        return value === other;
      case 'ne':
        return value !== other;
      case 'gt':
        return value > other;
      case 'gte':
        return value >= other;
      case 'lt':
        return value < other;
      case 'lte':
        return value <= other;
      default:
        return true;
    }
  });
}
