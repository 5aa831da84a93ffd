import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRow, queryRows, type Work } from '../../entities/index.js';
import { advance, type LogBody, type WorkKind } from '../../work/index.js';
import { EVALUATION } from '../evaluations/index.js';
import { READER_STUDY } from '../reader-studies/index.js';
import { idsOf, type Person } from '../people/index.js';

/**
 * Refuses to erase a participant while somebody works on them, who would write what was just removed. What only waits goes with the
 * participant.
 *
 * @throws UserError CONFLICT that says what runs
 */
export async function refuseUnderWay(manager: EntityManager, person: Person): Promise<void> {
  const exams = idsOf(person, 'knee_exam');
  // Nobody starts one of them from here on.
  await manager.query('SELECT id FROM generation WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE', [
    idsOf(person, 'generation'),
  ]);
  const { generations, evaluation, study } = await queryRow(
    manager,
    z.object({ generations: z.number(), evaluation: z.string().nullable(), study: z.string().nullable() }),
    `SELECT
       (SELECT count(*)::integer FROM generation WHERE id = ANY($1::uuid[]) AND state = 'RUNNING') AS generations,
       (SELECT e.name FROM evaluation e JOIN evaluation_exam x ON x.evaluation_id = e.id
        WHERE x.exam_id = ANY($2::integer[]) AND e.state IN ('QUEUED', 'RUNNING') LIMIT 1) AS evaluation,
       (SELECT s.name FROM reader_study s JOIN reader_study_pair p ON p.study_id = s.id
        WHERE p.exam_id = ANY($2::integer[]) AND s.state IN ('QUEUED', 'RUNNING') LIMIT 1) AS study`,
    [idsOf(person, 'generation'), exams],
  );
  if (generations > 0) {
    const what = generations === 1 ? 'A generation' : `${generations} generations`;
    throw new UserError(
      'CONFLICT',
      `${what} of this participant ${generations === 1 ? 'is' : 'are'} running, so nothing was erased; cancel or wait, then erase again.`,
    );
  }
  if (evaluation !== null) {
    throw new UserError(
      'CONFLICT',
      `The evaluation "${evaluation}" includes this participant and is under way, so nothing was erased; cancel it or wait, then erase again.`,
    );
  }
  if (study !== null) {
    throw new UserError(
      'CONFLICT',
      `The reader study "${study}" shows this participant and is being prepared, so nothing was erased; close it or wait, then erase again.`,
    );
  }
}

/** Ends evaluations and reader studies under way that include a participant, where nobody is at them: a database that was just restored. */
export async function endUnderWay(manager: EntityManager, person: Person): Promise<void> {
  const exams = idsOf(person, 'knee_exam');
  await end(manager, EVALUATION, 'SELECT evaluation_id FROM evaluation_exam WHERE exam_id = ANY($1::integer[])', exams);
  await end(manager, READER_STUDY, 'SELECT study_id FROM reader_study_pair WHERE exam_id = ANY($1::integer[])', exams);
}

const SEEN = z.object({ id: z.string(), state: z.enum(['QUEUED', 'RUNNING']), attempt: z.number() });

async function end<R extends Work, B extends LogBody, Resources>(
  manager: EntityManager,
  kind: WorkKind<R, B, Resources>,
  including: string,
  exams: string[],
): Promise<void> {
  const found = await queryRows(
    manager,
    SEEN,
    `SELECT id, state, attempt FROM ${kind.table} WHERE state IN ('QUEUED', 'RUNNING') AND id IN (${including})`,
    [exams],
  );
  for (const seen of found) {
    await advance(manager, kind, seen, { to: kind.canceled, message: 'A participant of it has withdrawn consent.' });
  }
}
