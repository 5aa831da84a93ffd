import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';
import { isJsonObject } from '../../domain/json.js';
import { visitMonth, type VisitCode } from '../../domain/visits.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';

const TRANSITION_KINDS = ['CELL', 'FROM_TOTAL', 'TO_TOTAL', 'TOTAL'] as const;

/** One cell or margin of the matrix of grades at two visits. */
export interface KlTransition {
  /** CELL: `from` and `to`. FROM_TOTAL: all of `from`. TO_TOTAL: all of `to`. TOTAL: everything. */
  kind: (typeof TRANSITION_KINDS)[number];
  /** Grade at the earlier visit; null = not graded, or a total over it. */
  from: number | null;
  /** Grade at the later visit; null = not graded, or a total over it. */
  to: number | null;
  knees: number;
  /** Different people behind the knees. */
  participants: number;
}

/**
 * Counts knees by their KL grade of the preferred reading at two visits, with both margins, in one statement. Only knees that were examined at
 * both visits count.
 *
 * @param where selects exams of the visit `from`.
 * @throws UserError BAD_USER_INPUT unless `from` comes before `to`, for a filter that no exam of `from` can fit, or for a filter that cannot be asked for.
 */
export async function countTransitions(
  dataSource: DataSource,
  request: { where?: Where | null | undefined; from: VisitCode; to: VisitCode },
): Promise<KlTransition[]> {
  const { where, from, to } = request;
  if (from >= to) throw new UserError('BAD_USER_INPUT', `from must be a visit before to, got ${from} and ${to}.`);
  const place = leavesOut(where, from, 'where');
  if (place) {
    throw new UserError(
      'BAD_USER_INPUT',
      `where selects exams of the visit from, which is ${from}, and ${place} leaves that visit out: nothing can match.`,
    );
  }
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const visit = scope.join('visit').alias;
  const condition = compileFilter(where, scope, parameters);
  const [earlier, later] = [parameters.add(from, 'text'), parameters.add(to, 'text')];
  const rows = await queryRows(
    dataSource,
    TRANSITION,
    `SELECT grade_from, grade_to, grouping(grade_from, grade_to) AS kind, sum(knees)::integer AS knees,
            count(DISTINCT participant_id)::integer AS participants
       FROM (SELECT t.xrkl AS grade_from, e.xrkl AS grade_to, t.participant_id, count(*)::integer AS knees
               FROM ${scope.from()}
               JOIN visit v ON v.participant_id = t.participant_id AND v.code = ${later}
               JOIN knee_exam e ON e.visit_id = v.id AND e.side = t.side
              WHERE ${visit}.code = ${earlier} AND (${condition})
              GROUP BY 1, 2, 3) grouped
      GROUP BY GROUPING SETS ((grade_from, grade_to), (grade_from), (grade_to), ())
     HAVING count(*) > 0
      ORDER BY 3, 1, 2`,
    parameters.values,
  );
  return rows.map(({ grade_from, grade_to, kind, knees, participants }) => ({
    kind: TRANSITION_KINDS[kind]!,
    from: grade_from,
    to: grade_to,
    knees,
    participants,
  }));
}

const TRANSITION = z.object({
  grade_from: z.number().nullable(),
  grade_to: z.number().nullable(),
  kind: z.number(),
  knees: z.number(),
  participants: z.number(),
});

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
