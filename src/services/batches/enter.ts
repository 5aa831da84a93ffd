import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { type BatchCounters, MAX_BATCH_EXAMS, NO_MEMBERS } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import { FEATURE_CODES } from '../../domain/features.js';
import { type Batch, queryRows } from '../../entities/index.js';
import { currentTraceparent } from '../../work/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import type { CohortRecipe } from '../generations/index.js';

/**
 * Freezes the exams that a filter selects into a batch and enters their generations, all in one statement: ten thousand take
 * about as long as one. An exam whose result is there already gets that one; one without what it would be made of gets none and the reason.
 *
 * @param where without `inCohort`: expanded
 * @returns how many exams are where
 * @throws UserError LIMIT_EXCEEDED for too many, BAD_USER_INPUT for none
 */
export async function enterMembers(
  manager: EntityManager,
  batch: Batch,
  recipe: CohortRecipe,
  where: Where,
): Promise<BatchCounters> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  const bind = (value: unknown, type: string) => parameters.add(value, type);
  const batchId = bind(batch.id, 'uuid');
  const seed = seedSql(batch, bind(batch.seed, 'integer'));
  const source = recipe.source(bind);
  const columns = Object.entries(recipe.columns(bind));
  const [row] = await queryRows(
    manager,
    z.object({ total: z.number(), waiting: z.number(), reused: z.number() }),
    `WITH exam AS MATERIALIZED (
       SELECT t.id, t.side, t.visit_id, t.visit_code, t.participant_id, ${gradesSql('t')} AS grades
       FROM ${scope.from()} WHERE ${condition} LIMIT ${MAX_BATCH_EXAMS + 1}
     ), keyed AS MATERIALIZED (
       SELECT exam.id AS exam_id, exam.grades, seeded.seed, source.id AS source_id, source.rows AS source_rows,
         source.columns AS source_columns, source.slices AS source_slices, refused.reason,
         CASE WHEN refused.reason IS NULL THEN ${recipe.key(bind)} END AS key
       FROM exam
         JOIN participant ON participant.id = exam.participant_id
         CROSS JOIN LATERAL (SELECT ${seed} AS seed) seeded
         LEFT JOIN LATERAL (${source.found}) source ON true
         CROSS JOIN LATERAL (SELECT ${source.refusal} AS reason) refused
     ), planned AS MATERIALIZED (
       SELECT row_number() OVER (ORDER BY keyed.exam_id)::integer AS position, keyed.*, old.id AS old_id,
         CASE WHEN keyed.key IS NOT NULL AND old.id IS NULL THEN gen_random_uuid() END AS new_id
       FROM keyed LEFT JOIN LATERAL (
         SELECT g.id FROM generation g
         WHERE ${bind(batch.skipExisting, 'boolean')} AND g.key = keyed.key AND g.exam_id = keyed.exam_id AND g.state = 'SUCCEEDED'
         ORDER BY g.finished_at DESC LIMIT 1
       ) old ON true
     ), entered AS (
       INSERT INTO generation (id, exam_id, ${source.column}, bundle_id, state, ${columns.map(([name]) => name).join(', ')},
         requested_by_id, key, batch_id, batch_position, last_seq, traceparent)
       SELECT new_id, exam_id, source_id, ${bind(recipe.bundle.id, 'integer')}, 'QUEUED', ${columns.map(([, sql]) => sql).join(', ')},
         ${bind(batch.requestedById, 'integer')}, key, ${batchId}, position, 1, ${bind(currentTraceparent(), 'text')}
       FROM planned WHERE new_id IS NOT NULL
     ), logged AS (
       INSERT INTO generation_event (generation_id, seq, type, payload, at)
       SELECT new_id, 1, 'STATE_CHANGED', '{"state": "QUEUED", "message": null, "attempt": 0}', clock_timestamp()
       FROM planned WHERE new_id IS NOT NULL
     ), frozen AS (
       INSERT INTO batch_member (batch_id, position, exam_id, generation_id, reused, reason)
       SELECT ${batchId}, position, exam_id, coalesce(new_id, old_id), old_id IS NOT NULL,
         reason
       FROM planned
     )
     SELECT count(*)::integer AS total, count(new_id)::integer AS waiting, count(old_id)::integer AS reused FROM planned`,
    parameters.values,
  );
  const { total, waiting, reused } = row!;
  if (total === 0) throw new UserError('BAD_USER_INPUT', 'No knee exam is selected, so there is nothing to make.');
  if (total > MAX_BATCH_EXAMS) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `More than ${MAX_BATCH_EXAMS} knee exams are selected; make several batches.`,
    );
  }
  return { ...NO_MEMBERS, waiting, reused, impossible: total - waiting - reused };
}

function gradesSql(exam: string): string {
  return `jsonb_build_object(${FEATURE_CODES.map((code) => `'${code}', ${exam}.${code.toLowerCase()}`).join(', ')})`;
}

/** PER_EXAM: 31 bits of the SHA-256 of "seed:participant:visit:side", so the same knee has the same seed in every database. */
function seedSql({ seedRule }: Batch, seed: string): string {
  if (seedRule === 'FIXED') return seed;
  const name = `${seed}::text || ':' || participant.oai_id || ':' || exam.visit_code || ':' || exam.side`;
  const hex = `substr(encode(sha256(convert_to(${name}, 'UTF8')), 'hex'), 1, 8)`;
  return `((('x' || ${hex})::bit(32)::bigint) & 2147483647)::integer`;
}
