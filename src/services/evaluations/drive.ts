import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { EVALUATION_PRIORITY } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import type { EvaluationArm } from '../../domain/evaluations.js';
import { type Evaluation, EvaluationExam, EvaluationFile, EvaluationScore, queryRows } from '../../entities/index.js';
import { topUp } from '../../scheduling/index.js';
import { storeAsset } from '../../storage/index.js';
import type { Change, Completion, Lease } from '../../work/index.js';
import { findOrEnter } from '../generations/index.js';
import type { DriveContext } from './context.js';
import type { EvaluationEventBody, VolumeScored } from './events.js';
import { Measuring } from './measuring.js';
import { evaluationPictures } from './pictures.js';
import { volumeRequest } from './volumes.js';

/** Volumes that are asked for before the first of them has to be there: enough for several workers, few enough to delay nobody. */
const AHEAD = 16;

/** How often finished volumes are looked for, ms. */
const LOOK_MS = 250;

type EvaluationLease = Lease<Evaluation, EvaluationEventBody>;

/** Changes the evaluation in the transaction that has locked it. */
type Write = (change: Change<Evaluation, EvaluationEventBody>) => Promise<void>;

/**
 * Carries an evaluation that was claimed to its end: asks for its volumes a few at a time, takes over the scores of those that are
 * done, measures them, and makes the report. Every step is one transaction that holds only while the evaluation is still this attempt's.
 *
 * @throws whatever interrupts it; what is done by then stays done
 */
export async function driveEvaluation(
  row: Evaluation,
  lease: EvaluationLease,
  context: DriveContext,
): Promise<Completion<Evaluation, EvaluationEventBody>> {
  const { signal } = lease;
  const measuring = new Measuring(row, context);
  for (;;) {
    signal.throwIfAborted();
    const settled = await takeScores(row, lease, context.dataSource);
    const asked = await askForVolumes(row, lease, context);
    const { open } = await progressOf(context.dataSource.manager, row.id);
    if (open === 0) break;
    const measured = await measuring.measureOne();
    if (settled + asked === 0 && !measured) await delay(LOOK_MS, undefined, { signal });
  }
  while (await measuring.measureOne()) signal.throwIfAborted();
  return report(row, context, signal);
}

/** Enters the next volumes, or finds them; one that cannot be asked for has failed. @returns how many were dealt with */
async function askForVolumes(
  row: Evaluation,
  lease: EvaluationLease,
  { dataSource, queue }: DriveContext,
): Promise<number> {
  const next = await queryRows(
    dataSource,
    z.object({ arm: z.number(), examId: z.number() }),
    `SELECT s.arm, s.exam_id AS "examId" FROM evaluation_score s
     WHERE s.evaluation_id = $1 AND s.state = 'QUEUED' AND s.generation_id IS NULL
     ORDER BY s.exam_id, s.arm
     LIMIT greatest(0, $2 - (SELECT count(*) FROM evaluation_score w
       WHERE w.evaluation_id = $1 AND w.state = 'QUEUED' AND w.generation_id IS NOT NULL))`,
    [row.id, AHEAD],
  );
  let entered = false;
  for (const { arm, examId } of next) {
    entered =
      (await lease.transaction(async (manager, write) => {
        const exam = await manager.findOneByOrFail(EvaluationExam, { evaluationId: row.id, examId });
        try {
          // A volume that cannot be asked for must not undo the rest of the transaction.
          const request = volumeRequest(row.arms[arm]!, exam, row.settings);
          const volume = await manager.transaction((inner) =>
            findOrEnter(inner, { tokenId: row.requestedById }, request, EVALUATION_PRIORITY),
          );
          const found = { generationId: volume.id, reused: volume.found };
          await manager.update(EvaluationScore, { evaluationId: row.id, arm, examId }, found);
          return !volume.found;
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          await settle(manager, row, write, [failed(arm, examId, null, false, error.message)]);
          return false;
        }
      })) || entered;
  }
  if (entered) await topUp(dataSource, queue);
  return next.length;
}

const SCORE = z.number().nullable();

const ENDED_VOLUME = z.object({
  arm: z.number(),
  examId: z.number(),
  generationId: z.string(),
  reused: z.boolean(),
  state: z.enum(['SUCCEEDED', 'FAILED', 'CANCELED']),
  psnr: SCORE,
  ssim: SCORE,
  rssim: SCORE,
  adjacentCorrelation: SCORE,
  error: z.string().nullable(),
});

/** Takes over the scores of the volumes that have ended since the last look. @returns how many */
async function takeScores(row: Evaluation, lease: EvaluationLease, dataSource: DataSource): Promise<number> {
  const ended = await queryRows(
    dataSource,
    ENDED_VOLUME,
    `SELECT s.arm, s.exam_id AS "examId", g.id AS "generationId", s.reused, g.state, g.psnr, g.ssim, g.rssim,
       g.adjacent_correlation AS "adjacentCorrelation", g.error
     FROM evaluation_score s JOIN generation g ON g.id = s.generation_id
     WHERE s.evaluation_id = $1 AND s.state = 'QUEUED' AND g.state IN ('SUCCEEDED', 'FAILED', 'CANCELED')
     ORDER BY g.finished_at, s.exam_id, s.arm LIMIT 100`,
    [row.id],
  );
  if (ended.length === 0) return 0;
  await lease.transaction((manager, write) => settle(manager, row, write, ended.map(outcome)));
  return ended.length;
}

type Outcome = Omit<VolumeScored, 'done' | 'failed' | 'total'>;

function outcome(volume: z.infer<typeof ENDED_VOLUME>): Outcome {
  const { arm, examId, generationId, reused, state, psnr, ssim, rssim, adjacentCorrelation } = volume;
  if (state === 'FAILED') return failed(arm, examId, generationId, reused, volume.error ?? 'The generation failed.');
  if (state === 'CANCELED') return failed(arm, examId, generationId, reused, 'The generation was canceled.');
  if (ssim === null) {
    const message = 'The generation has no scores: its exam had no MRI series that it could be compared with.';
    return failed(arm, examId, generationId, reused, message);
  }
  return { arm, examId, generationId, reused, psnr, ssim, rssim, adjacentCorrelation, error: null };
}

function failed(arm: number, examId: number, generationId: string | null, reused: boolean, error: string): Outcome {
  const none = { psnr: null, ssim: null, rssim: null, adjacentCorrelation: null };
  return { arm, examId, generationId, reused, ...none, error };
}

/** Writes what volumes came to, and a line of the log for each. The caller has locked the evaluation. */
async function settle(
  manager: EntityManager,
  row: Evaluation,
  write: Write,
  outcomes: readonly Outcome[],
): Promise<void> {
  const before = await progressOf(manager, row.id);
  let { done, failed: failures } = before;
  const events = outcomes.map((one): EvaluationEventBody => {
    done++;
    if (one.error !== null) failures++;
    return { type: 'VOLUME_SCORED', payload: { ...one, done, failed: failures, total: before.total } };
  });
  for (const { arm, examId, error, psnr, ssim, rssim, adjacentCorrelation } of outcomes) {
    const state = error === null ? 'SUCCEEDED' : 'FAILED';
    await manager.update(
      EvaluationScore,
      { evaluationId: row.id, arm, examId },
      { state, error, psnr, ssim, rssim, adjacentCorrelation },
    );
  }
  await write({ events });
}

/** How many volumes have ended, failed, are still open, and are there at all. */
export async function progressOf(
  manager: EntityManager,
  id: string,
): Promise<{ done: number; failed: number; open: number; total: number; reused: number }> {
  const count = z.number();
  const rows = await queryRows(
    manager,
    z.object({ done: count, failed: count, open: count, total: count, reused: count }),
    `SELECT count(*)::integer AS total, count(*) FILTER (WHERE state = 'QUEUED')::integer AS open,
       count(*) FILTER (WHERE state <> 'QUEUED')::integer AS done,
       count(*) FILTER (WHERE state = 'FAILED')::integer AS failed, count(*) FILTER (WHERE reused)::integer AS reused
     FROM evaluation_score WHERE evaluation_id = $1`,
    [id],
  );
  return rows[0]!;
}

/** Makes the report: files first, then the rows that name them together with the final state. */
async function report(
  row: Evaluation,
  context: DriveContext,
  signal: AbortSignal,
): Promise<Completion<Evaluation, EvaluationEventBody>> {
  const { dataSource, store, figures } = context;
  const { manager } = dataSource;
  const exams = await manager.find(EvaluationExam, { where: { evaluationId: row.id }, order: { examId: 'ASC' } });
  const scores = await manager.find(EvaluationScore, {
    where: { evaluationId: row.id },
    order: { examId: 'ASC', arm: 'ASC' },
  });
  const dead = row.arms.find((_, arm) => !scores.some((score) => score.arm === arm && score.state === 'SUCCEEDED'));
  if (dead) throw new UserError('CONFLICT', noVolumes(dead, row, scores));
  const volumes = { arms: row.arms, settings: row.settings, exams, scores };
  const pictures = await evaluationPictures(volumes, context, signal);
  const made = await figures.run('evaluationReport', {
    name: row.name,
    createdAt: `${row.createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    selection: selectionOf(row),
    leftOut: row,
    volumes,
    ...pictures,
  });
  const files: EvaluationFile[] = [];
  for (const { name, mediaType, bytes } of made.files) {
    signal.throwIfAborted();
    const { id } = await storeAsset(manager, store, Buffer.from(bytes), mediaType);
    files.push(manager.create(EvaluationFile, { evaluationId: row.id, name, assetId: id }));
  }
  const { results, charts, tables, sheets } = made;
  return {
    async finish(own) {
      await own.delete(EvaluationFile, { evaluationId: row.id });
      await own.insert(EvaluationFile, files);
      return { set: { results, report: { charts, tables, sheets } } };
    },
  };
}

function noVolumes(arm: EvaluationArm, row: Evaluation, scores: readonly EvaluationScore[]): string {
  const place = row.arms.indexOf(arm);
  const reason = scores.find((score) => score.arm === place && score.error !== null)?.error ?? '';
  return `No volume of the arm "${arm.label}" could be scored. The first reason: ${reason}`;
}

function selectionOf({ cohorts, filter }: Evaluation): string {
  const named = cohorts.map(({ name, version }) => `cohort "${name}" version ${version}`).join(', ');
  return [named && `From ${named}.`, filter ? `Filter: ${JSON.stringify(filter)}` : ''].filter(Boolean).join(' ');
}
