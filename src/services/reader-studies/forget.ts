import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';

/**
 * Takes the trials of exams that are about to be removed out of every reader's way, answered or not. Who has no trial left to answer has
 * finished. The caller removes the pairs, in the same transaction.
 *
 * @returns how many trials were removed, and how many studies are shorter
 */
export async function removeTrials(
  manager: EntityManager,
  examIds: readonly string[],
): Promise<{ trials: number; studies: number }> {
  const studies = await queryRows(
    manager,
    z.object({ id: z.string() }),
    `WITH shown AS (
       SELECT study_id, count(*) AS pairs FROM reader_study_pair WHERE exam_id = ANY($1::integer[]) GROUP BY study_id
     ) UPDATE reader_study s SET pair_count = pair_count - shown.pairs FROM shown WHERE s.id = shown.study_id RETURNING s.id`,
    [examIds],
  );
  const trials = await queryRows(
    manager,
    z.object({ session: z.string() }),
    `WITH removed AS (
       DELETE FROM reader_trial t USING reader_session s, reader_study_pair p
       WHERE s.id = t.session_id AND p.study_id = s.study_id AND p.place = t.pair AND p.exam_id = ANY($1::integer[])
       RETURNING t.session_id
     ) SELECT session_id AS session FROM removed`,
    [examIds],
  );
  await manager.query(
    `UPDATE reader_session s SET finished_at = clock_timestamp()
     WHERE id = ANY($1::uuid[]) AND finished_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM reader_trial t WHERE t.session_id = s.id AND t.choice IS NULL)`,
    [trials.map(({ session }) => session)],
  );
  return { trials: trials.length, studies: studies.length };
}
