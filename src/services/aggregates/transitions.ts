import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';
import type { FeatureCode } from '../../domain/features.js';
import { UNGRADED_REASONS, type UngradedReason } from '../../domain/survival.js';
import type { VisitCode } from '../../domain/visits.js';
import { KNEE_EXAMS, Parameters, Scope, selectingAt, type Where } from '../filters/index.js';
import { laterKnee } from '../timeline/index.js';

const TRANSITION_KINDS = ['CELL', 'FROM_TOTAL', 'TO_TOTAL', 'TOTAL'] as const;

/** One cell or margin of the matrix of grades at two visits. */
export interface GradeTransition {
  /** CELL: `from` and `to`. FROM_TOTAL: all of `from`. TO_TOTAL: all of `to`. TOTAL: everything. */
  kind: (typeof TRANSITION_KINDS)[number];
  /** Grade at the earlier visit; null = not graded, or a total over it. */
  from: number | null;
  /** Grade at the later visit; null = no grade, or a total over it. */
  to: number | null;
  /** Why there is no grade at the later visit; null where there is one, or of a total over it. */
  ungraded: UngradedReason | null;
  knees: number;
  /** Different people behind the knees. */
  participants: number;
}

/**
 * Counts knees by one grade of the preferred reading at two visits, with both margins, in one statement. Every knee that was examined at the
 * earlier visit counts; where it has no grade at the later one, the first of {@link UNGRADED_REASONS} that holds says why.
 *
 * @param where selects exams of the visit `from`.
 * @throws UserError BAD_USER_INPUT unless `from` comes before `to`, for a filter that no exam of `from` can fit, or for a filter that cannot be asked for.
 */
export async function countTransitions(
  dataSource: DataSource,
  request: { where?: Where | null | undefined; feature: FeatureCode; from: VisitCode; to: VisitCode },
): Promise<GradeTransition[]> {
  const { where, feature, from, to } = request;
  if (from >= to) throw new UserError('BAD_USER_INPUT', `from must be a visit before to, got ${from} and ${to}.`);
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = selectingAt(from, where, scope, parameters, 'from');
  const grade = feature.toLowerCase();
  const { joins, exam, ungraded } = laterKnee('t', parameters.add(to, 'text'), 'l', feature);
  const rows = await queryRows(
    dataSource,
    TRANSITION,
    `SELECT grade_from, grade_to, ungraded, grouping(grade_from, grade_to) AS kind, sum(knees)::integer AS knees,
            count(DISTINCT participant_id)::integer AS participants
       FROM (SELECT t.${grade} AS grade_from, ${exam}.${grade} AS grade_to, t.participant_id, count(*)::integer AS knees,
                    CASE WHEN ${exam}.${grade} IS NULL THEN ${ungraded} END AS ungraded
               FROM ${scope.from()}${joins}
              WHERE ${condition}
              GROUP BY grade_from, grade_to, ungraded, t.participant_id) grouped
      GROUP BY GROUPING SETS ((grade_from, grade_to, ungraded), (grade_from), (grade_to, ungraded), ())
     HAVING count(*) > 0
      ORDER BY 4, 1, 2, array_position(${parameters.add(UNGRADED_REASONS, 'text[]')}, ungraded)`,
    parameters.values,
  );
  return rows.map(({ grade_from, grade_to, ungraded, kind, knees, participants }) => ({
    kind: TRANSITION_KINDS[kind]!,
    from: grade_from,
    to: grade_to,
    ungraded,
    knees,
    participants,
  }));
}

const TRANSITION = z.object({
  grade_from: z.number().nullable(),
  grade_to: z.number().nullable(),
  ungraded: z.enum(UNGRADED_REASONS).nullable(),
  kind: z.number(),
  knees: z.number(),
  participants: z.number(),
});
