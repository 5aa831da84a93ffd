import { createHash, randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { SEED_RULES, type SeedRule } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import {
  EVALUATION_LIMITS,
  type EvaluationArm,
  type EvaluationSettings,
  FIGURES_VERSION,
} from '../../domain/evaluations.js';
import { encodeId } from '../../domain/global-ids.js';
import {
  type Asset,
  Evaluation,
  EvaluationFile,
  type Generation,
  queryRows,
  standingSql,
} from '../../entities/index.js';
import { GENERATION, MAX_SEED } from '../generations/index.js';
import { advance, cancelWork, enterLog } from '../../work/index.js';
import { audit } from '../access/index.js';
import { expandCohorts } from '../cohorts/index.js';
import { compileFilter, hasRadiograph, KNEE_EXAMS, Parameters, Scope, type Where } from '../filters/index.js';
import { type Principal, requireOwnWork } from '../../policy/index.js';
import { pinVersions } from '../variables/index.js';
import { type ArmsRequest, evaluationArms } from './arms.js';
import { EVALUATION } from './kind.js';

/** Evaluations of one token that may wait or run at a time. */
const MAX_UNFINISHED = 3;

const RESAMPLES = 2000;
const CONFIDENCE = 0.95;

/** What a caller asks to compare, and on which exams. */
export interface EvaluationRequest extends ArmsRequest {
  /** Default: made from the bundles. */
  name?: string | null | undefined;
  where?: Where | null | undefined;
  /** The filter in the API's own words. */
  written?: object | null | undefined;
  /** Default 0. */
  seed?: number | null | undefined;
  /** Default: PER_EXAM. */
  seedRule?: SeedRule | null | undefined;
}

/**
 * Freezes the exams and queues the evaluation. Asking for what was asked before finds the evaluation there is; one that failed or
 * was canceled is queued anew and keeps the volumes it has.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED, LIMIT_EXCEEDED
 */
export async function requestEvaluation(
  dataSource: DataSource,
  actor: Principal,
  request: EvaluationRequest,
): Promise<Evaluation> {
  const settings = settingsOf(request);
  const name = request.name?.trim() ?? '';
  if (name.length > 200) throw new UserError('BAD_USER_INPUT', 'name must have at most 200 characters.');
  return dataSource.transaction(async (manager) => {
    const arms = await evaluationArms(manager, request);
    const { where: selection, cohorts, names } = await expandCohorts(manager, actor, request.where ?? null);
    const exams = await selectExams(manager, selection);
    const usable = exams.filter(({ seriesId, hasFilm }) => seriesId !== null && hasFilm);
    refuseUnusable(exams.length, usable.length, arms.length);
    const keys = keysOf(arms, settings, usable);
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`evaluation ${keys.key}`]);
    const known = await manager.findOneBy(Evaluation, { key: keys.key });
    if (known) return again(manager, actor, known);
    await refuseTooMany(manager, actor);
    const filter = await pinVersions(manager, request.written ?? null);
    const id = randomUUID();
    await manager.insert(Evaluation, {
      id,
      name: name || `${[...new Set(arms.map(({ bundle }) => bundle))].join(' / ')}`,
      state: 'QUEUED',
      ...keys,
      arms,
      settings,
      filter,
      cohorts: cohorts.map(({ id: cohort, version }) => ({
        id: encodeId('Cohort', cohort),
        version,
        name: names.get(cohort) ?? '',
      })),
      examCount: usable.length,
      participantCount: new Set(usable.map(({ participantId }) => participantId)).size,
      phantomCount: usable.filter(({ phantom }) => phantom).length,
      withoutMri: exams.filter(({ seriesId }) => seriesId === null).length,
      withoutRadiograph: exams.filter(({ seriesId, hasFilm }) => seriesId !== null && !hasFilm).length,
      requestedById: actor.tokenId,
    } as object);
    await freeze(manager, id, usable, arms.length);
    await enterLog(manager, EVALUATION, id);
    const detail = { arms: arms.map(({ label }) => label), exams: usable.length, filter };
    await audit(manager, { tokenId: actor.tokenId, action: 'evaluateBundles', target: id, detail });
    return manager.findOneByOrFail(Evaluation, { id });
  });
}

/**
 * Stops an evaluation, waiting or running, and the volumes that it asked for and nobody else needs. One that is over stays as
 * it is.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN
 */
export async function cancelEvaluation(
  dataSource: DataSource,
  actor: Pick<Principal, 'tokenId' | 'role'>,
  id: string,
): Promise<Evaluation> {
  return dataSource.transaction(async (manager) => {
    const row = await manager.findOne(Evaluation, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw new UserError('NOT_FOUND', 'There is no such evaluation.');
    requireOwnWork(row, actor, 'cancelEvaluation');
    if (row.state === 'QUEUED' || row.state === 'RUNNING') {
      await cancelWork(manager, EVALUATION, id, 'It was stopped on request.');
      for (const generation of await ownVolumes(manager, id)) await cancelWork(manager, GENERATION, generation);
    }
    await audit(manager, { tokenId: actor.tokenId, action: 'cancelEvaluation', target: id });
    return manager.findOneByOrFail(Evaluation, { id });
  });
}

/** @throws UserError NOT_FOUND */
export async function findEvaluation(dataSource: DataSource, id: string): Promise<Evaluation> {
  const row = await dataSource.getRepository(Evaluation).findOneBy({ id });
  if (!row) throw new UserError('NOT_FOUND', 'There is no such evaluation.');
  return row;
}

/** A file of a finished evaluation. @throws UserError NOT_FOUND naming those there are */
export async function evaluationFile(dataSource: DataSource, evaluationId: string, name: string): Promise<Asset> {
  const files = await dataSource.manager.find(EvaluationFile, {
    where: { evaluationId },
    order: { name: 'ASC' },
    relations: { asset: true },
  });
  const found = files.find((file) => file.name === name);
  if (found) return found.asset;
  const known = files.map((file) => file.name).join(', ') || 'none';
  throw new UserError('NOT_FOUND', `The report has no file ${JSON.stringify(name)}; there are: ${known}.`);
}

function settingsOf({ seed, seedRule }: EvaluationRequest): EvaluationSettings {
  if (seed != null && !(Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED)) {
    throw new UserError('BAD_USER_INPUT', `seed is ${seed}; it must be a whole number from 0 to ${MAX_SEED}.`);
  }
  if (seedRule != null && !SEED_RULES.includes(seedRule)) {
    throw new UserError('BAD_USER_INPUT', `seedRule is '${seedRule}'; accepted: ${SEED_RULES.join(', ')}.`);
  }
  return {
    seed: seed ?? 0,
    seedRule: seedRule ?? 'PER_EXAM',
    ssimMode: 'skimage',
    resamples: RESAMPLES,
    confidence: CONFIDENCE,
  };
}

const SELECTED_EXAM = z.object({
  examId: z.number(),
  participantId: z.number(),
  label: z.string(),
  kl: z.number().nullable(),
  side: z.string(),
  sex: z.string().nullable(),
  phantom: z.boolean(),
  seriesId: z.number().nullable(),
  hasFilm: z.boolean(),
});

type SelectedExam = z.infer<typeof SELECTED_EXAM>;

/** The exams of a filter with the series that volumes are held to: the first imported coronal T1 FLASH with pixels. */
async function selectExams(manager: EntityManager, where: Where | null): Promise<SelectedExam[]> {
  const parameters = new Parameters();
  const scope = new Scope(KNEE_EXAMS, 't');
  const condition = compileFilter(where, scope, parameters);
  return await queryRows(
    manager,
    SELECTED_EXAM,
    `SELECT exam.id AS "examId", exam.participant_id AS "participantId", exam.xrkl AS kl, exam.side,
       p.oai_id || ' ' || v.code || ' ' || exam.side AS label, p.sex, ref.id AS "seriesId",
       COALESCE(ref.provenance = 'PHANTOM', false) AS phantom,
       ${hasRadiograph('exam')} AS "hasFilm"
     FROM (SELECT t.* FROM ${scope.from()} WHERE ${condition}) exam
     JOIN visit v ON v.id = exam.visit_id JOIN participant p ON p.id = exam.participant_id
     LEFT JOIN LATERAL (SELECT s.id, s.provenance FROM mri_series s WHERE s.exam_id = exam.id AND NOT s.synthetic
       AND s.plane = 'CORONAL' AND s.asset_id IS NOT NULL AND ${standingSql('s')} AND s.sequence ~* 'COR.*T1.*FLASH' ORDER BY s.id LIMIT 1) ref ON true
     ORDER BY exam.id`,
    parameters.values,
  );
}

function refuseUnusable(selected: number, usable: number, arms: number): void {
  if (usable === 0) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The filter selects ${selected} knee exams, none of which has both a radiograph and an imported coronal T1 FLASH series to compare with.`,
    );
  }
  if (usable * arms > EVALUATION_LIMITS.volumes) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `${usable} exams times ${arms} arms are ${usable * arms} volumes; at most ${EVALUATION_LIMITS.volumes} are accepted.`,
    );
  }
}

function keysOf(
  arms: readonly EvaluationArm[],
  settings: EvaluationSettings,
  exams: readonly SelectedExam[],
): Pick<Evaluation, 'key' | 'comparisonKey'> {
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  const comparisonKey = digest([settings, exams.map(({ examId, seriesId }) => [examId, seriesId])]);
  return { comparisonKey, key: digest([comparisonKey, arms, FIGURES_VERSION]) };
}

async function again(
  manager: EntityManager,
  actor: Pick<Principal, 'tokenId'>,
  known: Evaluation,
): Promise<Evaluation> {
  const { id, state } = known;
  if (state === 'FAILED' || state === 'CANCELED') {
    await refuseTooMany(manager, actor);
    await manager.query(
      `UPDATE evaluation_score SET state = 'QUEUED', generation_id = NULL, reused = false, error = NULL
       WHERE evaluation_id = $1 AND state <> 'SUCCEEDED'`,
      [id],
    );
    await advance(manager, EVALUATION, known, { to: 'QUEUED', message: 'It was asked for again.' });
  }
  await audit(manager, { tokenId: actor.tokenId, action: 'evaluateBundles', target: id, detail: { found: state } });
  return manager.findOneByOrFail(Evaluation, { id });
}

async function refuseTooMany(manager: EntityManager, { tokenId }: Pick<Principal, 'tokenId'>): Promise<void> {
  if (tokenId === null) return;
  // One at a time per token, or two requests could both find the last free place.
  await manager.query('SELECT id FROM api_token WHERE id = $1 FOR UPDATE', [tokenId]);
  const [{ count } = { count: 0 }] = await queryRows(
    manager,
    z.object({ count: z.number() }),
    `SELECT count(*)::integer AS count FROM evaluation WHERE requested_by_id = $1 AND state IN ('QUEUED', 'RUNNING')`,
    [tokenId],
  );
  if (count < MAX_UNFINISHED) return;
  throw new UserError(
    'LIMIT_EXCEEDED',
    `${count} of your evaluations are not finished yet; at most ${MAX_UNFINISHED} are allowed. Wait for one to finish or cancel one.`,
  );
}

async function freeze(manager: EntityManager, id: string, exams: readonly SelectedExam[], arms: number): Promise<void> {
  await manager.query(
    `INSERT INTO evaluation_exam (evaluation_id, exam_id, participant_id, label, kl, side, sex, phantom, series_id)
     SELECT $1, e."examId", e."participantId", e.label, e.kl, e.side, e.sex, e.phantom, e."seriesId"
     FROM jsonb_to_recordset($2::jsonb) AS e ("examId" integer, "participantId" integer, label text, kl smallint,
       side text, sex text, phantom boolean, "seriesId" integer)`,
    [id, JSON.stringify(exams)],
  );
  await manager.query(
    `INSERT INTO evaluation_score (evaluation_id, arm, exam_id)
     SELECT $1, arm, exam_id FROM evaluation_exam, generate_series(0, $2::integer - 1) arm WHERE evaluation_id = $1`,
    [id, arms],
  );
}

/** Volumes under way that the evaluation asked for and no other one waits for. */
async function ownVolumes(manager: EntityManager, id: string): Promise<Generation['id'][]> {
  const rows = await queryRows(
    manager,
    z.object({ id: z.string() }),
    `SELECT g.id FROM evaluation_score s JOIN generation g ON g.id = s.generation_id
     WHERE s.evaluation_id = $1 AND NOT s.reused AND g.state IN ('QUEUED', 'RUNNING')
       AND NOT EXISTS (SELECT 1 FROM evaluation_score o JOIN evaluation e ON e.id = o.evaluation_id
         WHERE o.generation_id = g.id AND e.id <> $1 AND e.state IN ('QUEUED', 'RUNNING'))
     ORDER BY g.id`,
    [id],
  );
  return rows.map((row) => row.id);
}
