import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { EVALUATION_PRIORITY } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import type { EvaluationArm } from '../../domain/evaluations.js';
import { type Evaluation, EvaluationExam, EvaluationFile, EvaluationScore } from '../../entities/index.js';
import { type GenerationQueue, topUp } from '../../jobs/index.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import { findOrEnter } from '../generations.js';
import type { Figures } from '../reports/figures.js';
import { advanceEvaluation, type EvaluationEventBody, type VolumeScored } from './log.js';
import { evaluationPictures } from './pictures.js';
import { readSeries } from './stored-images.js';
import { volumeRequest } from './volumes.js';

export interface DriveContext {
  dataSource: DataSource;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  figures: Figures;
}

/** Volumes that are asked for before the first of them has to be there: enough for several workers, few enough to delay nobody. */
const AHEAD = 16;

/** How often finished volumes are looked for, ms. */
const LOOK_MS = 250;

/** The evaluation was stopped, or given to another process: nothing this one does counts any more. */
export class EvaluationLost extends Error {
  override readonly name = 'EvaluationLost';
}

/**
 * Carries an evaluation that was claimed to its end: asks for its volumes a few at a time, takes over the scores of those that are
 * done, and makes the report. Every step is one transaction that holds only while the evaluation is still this attempt's.
 *
 * @throws whatever interrupts it; what is done by then stays done
 */
export async function driveEvaluation(row: Evaluation, context: DriveContext, signal: AbortSignal): Promise<void> {
  const correlations = new SeriesCorrelations(row, context);
  for (;;) {
    signal.throwIfAborted();
    const settled = await takeScores(row, context.dataSource);
    const asked = await askForVolumes(row, context);
    const { open } = await progressOf(context.dataSource.manager, row.id);
    if (open === 0) break;
    const measured = await correlations.measureOne();
    if (settled + asked === 0 && !measured) await delay(LOOK_MS, undefined, { signal });
  }
  while (await correlations.measureOne()) signal.throwIfAborted();
  await finish(row, context, signal);
}

/** Enters the next volumes, or finds them; one that cannot be asked for has failed. @returns how many were dealt with */
async function askForVolumes(row: Evaluation, { dataSource, queue }: DriveContext): Promise<number> {
  const next = (await dataSource.query(
    `SELECT s.arm, s.exam_id AS "examId" FROM evaluation_score s
     WHERE s.evaluation_id = $1 AND s.state = 'QUEUED' AND s.generation_id IS NULL
     ORDER BY s.exam_id, s.arm
     LIMIT greatest(0, $2 - (SELECT count(*) FROM evaluation_score w
       WHERE w.evaluation_id = $1 AND w.state = 'QUEUED' AND w.generation_id IS NOT NULL))`,
    [row.id, AHEAD],
  )) as { arm: number; examId: number }[];
  let entered = false;
  for (const { arm, examId } of next) {
    entered =
      (await dataSource.transaction(async (manager) => {
        await hold(manager, row);
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
          await settle(manager, row, [failed(arm, examId, null, false, error.message)]);
          return false;
        }
      })) || entered;
  }
  if (entered) await topUp(dataSource, queue);
  return next.length;
}

interface EndedVolume {
  arm: number;
  examId: number;
  generationId: string;
  reused: boolean;
  state: 'SUCCEEDED' | 'FAILED' | 'CANCELED';
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  adjacentCorrelation: number | null;
  error: string | null;
}

/** Takes over the scores of the volumes that have ended since the last look. @returns how many */
async function takeScores(row: Evaluation, dataSource: DataSource): Promise<number> {
  const ended = (await dataSource.query(
    `SELECT s.arm, s.exam_id AS "examId", g.id AS "generationId", s.reused, g.state, g.psnr, g.ssim, g.rssim,
       g.adjacent_correlation AS "adjacentCorrelation", g.error
     FROM evaluation_score s JOIN generation g ON g.id = s.generation_id
     WHERE s.evaluation_id = $1 AND s.state = 'QUEUED' AND g.state IN ('SUCCEEDED', 'FAILED', 'CANCELED')
     ORDER BY g.finished_at, s.exam_id, s.arm LIMIT 100`,
    [row.id],
  )) as EndedVolume[];
  if (ended.length === 0) return 0;
  await dataSource.transaction(async (manager) => {
    await hold(manager, row);
    await settle(manager, row, ended.map(outcome));
  });
  return ended.length;
}

type Outcome = Omit<VolumeScored, 'done' | 'failed' | 'total'>;

function outcome(volume: EndedVolume): Outcome {
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

/** Writes what volumes came to, and a line of the log for each. The caller holds the evaluation. */
async function settle(manager: EntityManager, row: Evaluation, outcomes: readonly Outcome[]): Promise<void> {
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
  const seen = { id: row.id, state: 'RUNNING', attempt: row.attempt } as const;
  if ((await advanceEvaluation(manager, seen, { events })) === undefined) throw new EvaluationLost();
}

/** Locks the evaluation for a transaction of this attempt. @throws EvaluationLost when it is not its any more */
async function hold(manager: EntityManager, { id, attempt }: Evaluation): Promise<void> {
  const rows = (await manager.query(
    `SELECT id FROM evaluation WHERE id = $1 AND attempt = $2 AND state = 'RUNNING' FOR UPDATE`,
    [id, attempt],
  )) as unknown[];
  if (rows.length === 0) throw new EvaluationLost();
}

/** How many volumes have ended, failed, are still open, and are there at all. */
export async function progressOf(
  manager: EntityManager,
  id: string,
): Promise<{ done: number; failed: number; open: number; total: number; reused: number }> {
  const rows = (await manager.query(
    `SELECT count(*)::integer AS total, count(*) FILTER (WHERE state = 'QUEUED')::integer AS open,
       count(*) FILTER (WHERE state <> 'QUEUED')::integer AS done,
       count(*) FILTER (WHERE state = 'FAILED')::integer AS failed, count(*) FILTER (WHERE reused)::integer AS reused
     FROM evaluation_score WHERE evaluation_id = $1`,
    [id],
  )) as { done: number; failed: number; open: number; total: number; reused: number }[];
  return rows[0]!;
}

/** Measures the imported series' own adjacent-slice correlation, one by one while volumes are waited for. */
class SeriesCorrelations {
  #left: EvaluationExam[] | undefined;

  constructor(
    private readonly row: Evaluation,
    private readonly context: DriveContext,
  ) {}

  /** @returns false when there is none left */
  async measureOne(): Promise<boolean> {
    const { dataSource, figures, store } = this.context;
    this.#left ??= (await dataSource.manager.findBy(EvaluationExam, { evaluationId: this.row.id })).filter(
      ({ seriesCorrelation }) => seriesCorrelation === null,
    );
    const exam = this.#left.pop();
    if (!exam) return false;
    const { evaluationId, examId, seriesId } = exam;
    const series = await readSeries(dataSource, store, seriesId);
    const seriesCorrelation = series && (await figures.run('seriesCorrelation', series));
    await dataSource.manager.update(EvaluationExam, { evaluationId, examId }, { seriesCorrelation });
    return true;
  }
}

/** Makes the report: files first, then the rows that name them together with the final state. */
async function finish(row: Evaluation, context: DriveContext, signal: AbortSignal): Promise<void> {
  const { dataSource, store, figures } = context;
  const { manager } = dataSource;
  const exams = await manager.find(EvaluationExam, { where: { evaluationId: row.id }, order: { examId: 'ASC' } });
  const scores = await manager.find(EvaluationScore, {
    where: { evaluationId: row.id },
    order: { examId: 'ASC', arm: 'ASC' },
  });
  const seen = { id: row.id, state: 'RUNNING', attempt: row.attempt } as const;
  const dead = row.arms.find((_, arm) => !scores.some((score) => score.arm === arm && score.state === 'SUCCEEDED'));
  if (dead) {
    await advanceEvaluation(manager, seen, { to: 'FAILED', message: noVolumes(dead, row, scores) });
    return;
  }
  const volumes = { arms: row.arms, settings: row.settings, exams, scores };
  const pictures = await evaluationPictures(volumes, context, signal);
  const report = await figures.run('evaluationReport', {
    name: row.name,
    createdAt: `${row.createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    selection: selectionOf(row),
    leftOut: row,
    volumes,
    ...pictures,
  });
  const files: EvaluationFile[] = [];
  for (const { name, mediaType, bytes } of report.files) {
    signal.throwIfAborted();
    const { id } = await storeAsset(manager, store, Buffer.from(bytes), mediaType);
    files.push(manager.create(EvaluationFile, { evaluationId: row.id, name, assetId: id }));
  }
  const { results, charts, tables, sheets } = report;
  await dataSource.transaction(async (own) => {
    await hold(own, row);
    await own.delete(EvaluationFile, { evaluationId: row.id });
    await own.insert(EvaluationFile, files);
    await advanceEvaluation(own, seen, {
      to: 'SUCCEEDED',
      set: { results, report: { charts, tables, sheets } },
    });
  });
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
