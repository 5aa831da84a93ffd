import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';
import { encodeId } from '../../domain/global-ids.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';

export interface MemberCounts {
  examCount: number;
  participantCount: number;
}

/** Freezes the exams a filter selects, inside PostgreSQL. @param where without `inCohort`: expanded. */
export async function freezeFilter(manager: EntityManager, versionId: number, where: Where): Promise<MemberCounts> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const version = parameters.add(versionId, 'integer');
  const condition = compileFilter(where, scope, parameters);
  await manager.query(
    `INSERT INTO cohort_member (version_id, exam_id) SELECT ${version}, t.id FROM ${scope.from()} WHERE ${condition}`,
    parameters.values,
  );
  return countMembers(manager, versionId);
}

/** @throws UserError NOT_FOUND naming an exam that is not there. */
export async function freezeExams(
  manager: EntityManager,
  versionId: number,
  exams: readonly number[],
): Promise<MemberCounts> {
  await refuseUnknown(manager, exams);
  await manager.query(
    `INSERT INTO cohort_member (version_id, exam_id)
     SELECT $1::integer, e.id FROM knee_exam e WHERE e.id = ANY($2::integer[])`,
    [versionId, exams],
  );
  return countMembers(manager, versionId);
}

/** Exams by their keys, or those that a filter selects; `where` is without `inCohort`: expanded. */
export type ExamSelection = { exams: readonly number[] } | { where: Where };

/** How many members an edit took in and left out: exams that were there already, or were not, are not among them. */
export interface EditCounts extends MemberCounts {
  added: number;
  removed: number;
}

/**
 * The members of an earlier version with some removed and some added; an exam that is both is there.
 *
 * @throws UserError NOT_FOUND as {@link freezeExams}
 */
export async function freezeEdited(
  manager: EntityManager,
  versionId: number,
  from: number,
  { add, remove }: { add: ExamSelection; remove: ExamSelection },
): Promise<EditCounts> {
  if ('exams' in add) await refuseUnknown(manager, add.exams);
  const parameters = new Parameters();
  const version = parameters.add(versionId, 'integer');
  const before = `(SELECT exam_id FROM cohort_member WHERE version_id = ${parameters.add(from, 'integer')})`;
  await manager.query(
    `WITH came AS (${selectionSql(add, parameters)}), gone AS (${selectionSql(remove, parameters)})
     INSERT INTO cohort_member (version_id, exam_id)
     SELECT ${version}, o.exam_id FROM ${before} o WHERE NOT EXISTS (SELECT 1 FROM gone g WHERE g.id = o.exam_id)
     UNION SELECT ${version}, c.id FROM came c`,
    parameters.values,
  );
  const counts = await queryRow(
    manager,
    z.object({ added: z.number(), removed: z.number() }),
    `SELECT count(*) FILTER (WHERE o.exam_id IS NULL)::integer AS added,
            count(*) FILTER (WHERE n.exam_id IS NULL)::integer AS removed
     FROM (SELECT exam_id FROM cohort_member WHERE version_id = $1::integer) n
     FULL JOIN (SELECT exam_id FROM cohort_member WHERE version_id = $2::integer) o ON o.exam_id = n.exam_id`,
    [versionId, from],
  );
  return { ...(await countMembers(manager, versionId)), ...counts };
}

/** SQL of the keys of a selection's exams, as `id`. */
function selectionSql(selection: ExamSelection, parameters: Parameters): string {
  if ('exams' in selection) {
    return `SELECT e.id FROM knee_exam e WHERE e.id = ANY(${parameters.add(selection.exams, 'integer[]')})`;
  }
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(selection.where, scope, parameters);
  return `SELECT t.id FROM ${scope.from()} WHERE ${condition}`;
}

export async function countMembers(manager: EntityManager, versionId: number): Promise<MemberCounts> {
  return queryRow(
    manager,
    z.object({ examCount: z.number(), participantCount: z.number() }),
    `SELECT count(*)::integer AS "examCount", count(DISTINCT e.participant_id)::integer AS "participantCount"
     FROM cohort_member m JOIN knee_exam e ON e.id = m.exam_id WHERE m.version_id = $1::integer`,
    [versionId],
  );
}

/** Deletes the members of every version of a cohort. @param cohortId key of the cohort. */
export async function deleteMembers(manager: EntityManager, cohortId: string): Promise<void> {
  await manager.query(
    `DELETE FROM cohort_member m USING cohort_version v WHERE v.id = m.version_id AND v.cohort_id = $1::uuid`,
    [cohortId],
  );
}

async function refuseUnknown(manager: EntityManager, exams: readonly number[]): Promise<void> {
  const [unknown] = await queryRows(
    manager,
    z.object({ id: z.number() }),
    `SELECT id FROM unnest($1::integer[]) AS id WHERE NOT EXISTS (SELECT 1 FROM knee_exam e WHERE e.id = id.id) LIMIT 1`,
    [exams],
  );
  if (!unknown) return;
  throw new UserError('NOT_FOUND', `There is no knee exam with the id ${encodeId('KneeExam', unknown.id)}.`);
}
