import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { encodeId } from '../../domain/global-ids.js';
import { type AttritionCounts, type Cohort, type CohortVersion, queryRow, queryRows } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { ownerOf } from './access.js';
import type { Principal } from '../../policy/index.js';
import { countAttrition } from './attrition.js';
import { expandCohorts } from './expand.js';

export interface CohortCounts {
  exams: number;
  participants: number;
}

/** The exams of a cohort at a version, as a filter. */
export function inCohort(id: string, version: number): Where {
  return { inCohort: { eq: encodeId('Cohort', id), version } };
}

/** A static version's counts as they were frozen; a dynamic one's of this moment. */
export async function countCohort(
  database: DataSource | EntityManager,
  actor: Principal,
  { cohortId, version, examCount, participantCount }: CohortVersion,
): Promise<CohortCounts> {
  if (examCount !== null && participantCount !== null) return { exams: examCount, participants: participantCount };
  const { where } = await expandCohorts(database, actor, inCohort(cohortId, version));
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  return queryRow(
    database,
    z.object({ exams: z.number(), participants: z.number() }),
    `SELECT count(*)::integer AS exams, count(DISTINCT t.participant_id)::integer AS participants
     FROM ${scope.from()} WHERE ${condition}`,
    parameters.values,
  );
}

/**
 * Those of these exams that a cohort holds now.
 *
 * @throws UserError NOT_FOUND for a cohort that the actor may not read, CONFLICT for one whose filter is no longer valid
 */
export async function examsWithin(
  database: DataSource | EntityManager,
  actor: Principal,
  cohortId: string,
  exams: readonly number[],
): Promise<number[]> {
  const { where } = await expandCohorts(database, actor, { inCohort: { eq: encodeId('Cohort', cohortId) } });
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const among = parameters.add([...exams], 'integer[]');
  const rows = await queryRows(
    database,
    z.object({ id: z.number() }),
    `SELECT t.id FROM ${scope.from()} WHERE ${condition} AND t.id = ANY(${among})`,
    parameters.values,
  );
  const held = new Set(rows.map(({ id }) => id));
  return exams.filter((id) => held.has(id));
}

/** The attrition of a version: as it was frozen, or of this moment. Null where the exams came from no filter. */
export async function cohortAttrition(
  database: DataSource | EntityManager,
  cohort: Cohort,
  { filter, attrition }: CohortVersion,
): Promise<AttritionCounts | null> {
  if (cohort.kind === 'STATIC' || filter === null) return attrition;
  return countAttrition(database, await ownerOf(database, cohort), filter);
}

/** What is no longer valid in the filter of a version, in one sentence; null while all of it is. */
export async function cohortProblem(
  database: DataSource | EntityManager,
  actor: Principal,
  { cohortId, version }: CohortVersion,
): Promise<string | null> {
  try {
    await expandCohorts(database, actor, inCohort(cohortId, version));
    return null;
  } catch (error) {
    if (error instanceof UserError && error.code === 'CONFLICT') return error.message;
    throw error;
  }
}
