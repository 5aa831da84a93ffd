import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { type BatchCounters, COUNTED_AS, isFinalBatchState } from '../../domain/batches.js';
import { GENERATION_STATES } from '../../domain/generations.js';
import { queryRow, queryRows } from '../../entities/index.js';
import { advanceBatch, completeBatch, lockBatch } from './transitions.js';

/**
 * Takes exams that are about to be removed out of the counters of every batch, and ends a batch of which nothing is left to be made. What
 * the logs say of their generations is blanked. The caller removes the members, in the same transaction.
 *
 * @returns how many batches there were, and how many lines
 */
export async function uncountExams(
  manager: EntityManager,
  examIds: readonly string[],
): Promise<{ batches: number; lines: number }> {
  const batches = await queryRows(
    manager,
    z.object({ id: z.string() }),
    'SELECT DISTINCT batch_id AS id FROM batch_member WHERE exam_id = ANY($1::integer[]) ORDER BY 1',
    [examIds],
  );
  for (const { id } of batches) {
    const batch = await lockBatch(manager, id);
    if (!batch) continue;
    await advanceBatch(manager, batch, { counted: await countersOf(manager, id, examIds) });
    if (!isFinalBatchState(batch.state)) await completeBatch(manager, batch);
  }
  const { lines } = await queryRow(
    manager,
    z.object({ lines: z.number() }),
    `WITH changed AS (
       UPDATE batch_event e SET payload = e.payload || $2::jsonb FROM batch_member m
       WHERE m.exam_id = ANY($1::integer[]) AND e.batch_id = m.batch_id AND e.type = 'GENERATION_FINISHED'
         AND e.payload ->> 'generationId' = m.generation_id::text
       RETURNING 1
     ) SELECT count(*)::integer AS lines FROM changed`,
    [examIds, JSON.stringify({ generationId: NOBODY, error: null })],
  );
  return { batches: batches.length, lines };
}

/** No generation has this key. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

const MEMBERS = z.object({ is: z.enum(['impossible', 'reused', ...GENERATION_STATES]), exams: z.number() });

/** Where these exams are counted, as what is to be added. */
async function countersOf(
  manager: EntityManager,
  batchId: string,
  examIds: readonly string[],
): Promise<Partial<BatchCounters>> {
  const rows = await queryRows(
    manager,
    MEMBERS,
    `SELECT CASE WHEN m.generation_id IS NULL THEN 'impossible' WHEN m.reused THEN 'reused' ELSE g.state END AS is,
       count(*)::integer AS exams
     FROM batch_member m LEFT JOIN generation g ON g.id = m.generation_id
     WHERE m.batch_id = $1 AND m.exam_id = ANY($2::integer[]) GROUP BY 1`,
    [batchId, examIds],
  );
  return Object.fromEntries(
    rows.map(({ is, exams }) => [is === 'impossible' || is === 'reused' ? is : COUNTED_AS[is], -exams]),
  );
}
