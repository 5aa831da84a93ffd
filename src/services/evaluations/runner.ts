import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { Evaluation } from '../../entities/index.js';
import type { GenerationQueue } from '../../jobs/index.js';
import type { BlobStore } from '../../storage/index.js';
import { type BackgroundWork, keepBeating, startBackground } from '../../work/background.js';
import { openFigures } from '../reports/figures.js';
import { driveEvaluation, EvaluationLost } from './drive.js';
import { advanceEvaluation } from './log.js';

export interface EvaluationRunnerOptions {
  dataSource: DataSource;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  logger: Logger;
  /** A server that has said nothing for so long has lost its evaluation, ms. */
  staleMs?: number;
}

const POLL_MS = 3_000;
const STALE_MS = 10_000;

/** How often an evaluation is taken up before it is given up. */
const MAX_ATTEMPTS = 10;

/**
 * Starts to drive evaluations, one at a time. Any number of processes may do so on one database: each evaluation is claimed under an attempt
 * number, and nothing counts that is done under an old one. What a process that dies has found or made stays; the next one goes
 * on from there.
 */
export function startEvaluationRunner(options: EvaluationRunnerOptions): BackgroundWork {
  const { dataSource, logger } = options;
  return startBackground({
    name: 'evaluations',
    logger,
    pollMs: POLL_MS,
    async next(stopping) {
      const row = await claim(options);
      return row && (() => run(row, stopping));
    },
  });

  async function run(row: Evaluation, stopping: AbortSignal): Promise<void> {
    const lost = new AbortController();
    const over = new AbortController();
    const signal = AbortSignal.any([stopping, lost.signal]);
    const heartbeats = keepBeating(over.signal, {
      beat: () => beat(row),
      onLost: () => lost.abort(new EvaluationLost()),
      onError: (err) => logger.warn({ err, evaluation: row.id }, 'a heartbeat failed'),
    });
    const figures = openFigures();
    try {
      await driveEvaluation(row, { ...options, figures }, signal);
    } catch (error) {
      if (!lost.signal.aborted && !(error instanceof EvaluationLost)) await settle(row, error, stopping.aborted);
    } finally {
      over.abort();
      await figures.close();
      await heartbeats;
    }
  }

  /** @returns false when the evaluation is not this attempt's any more */
  async function beat({ id, attempt }: Evaluation): Promise<boolean> {
    const [, held] = (await dataSource.query(
      `UPDATE evaluation SET heartbeat_at = clock_timestamp() WHERE id = $1 AND attempt = $2 AND state = 'RUNNING'`,
      [id, attempt],
    )) as [unknown, number];
    return held > 0;
  }

  /** An orderly stop puts the evaluation back; anything else is tried again by the next claim, up to the limit. */
  async function settle(row: Evaluation, error: unknown, stopped: boolean): Promise<void> {
    const seen = { id: row.id, state: 'RUNNING', attempt: row.attempt } as const;
    if (!stopped) logger.error({ err: error, evaluation: row.id }, 'an evaluation was interrupted');
    const change =
      stopped || row.attempt < MAX_ATTEMPTS
        ? ({ to: 'QUEUED', message: 'Its server stopped working on it; it will be continued.' } as const)
        : ({ to: 'FAILED', message: 'An unexpected error, which the server log describes, stopped it.' } as const);
    await advanceEvaluation(dataSource.manager, seen, change).catch((err: unknown) =>
      logger.warn({ err, evaluation: row.id }, 'an evaluation could not be put back'),
    );
  }
}

/** Takes the oldest evaluation that waits, or whose process has died; one that has cost too many processes fails. */
async function claim({
  dataSource,
  staleMs = STALE_MS,
  logger,
}: EvaluationRunnerOptions): Promise<Evaluation | undefined> {
  for (;;) {
    const [found] = (await dataSource.query(
      `SELECT id, state, attempt FROM evaluation
       WHERE state = 'QUEUED' OR (state = 'RUNNING' AND heartbeat_at < clock_timestamp() - make_interval(secs => $1))
       ORDER BY created_at, id LIMIT 1`,
      [staleMs / 1000],
    )) as { id: string; state: 'QUEUED' | 'RUNNING'; attempt: number }[];
    if (!found) return undefined;
    if (found.state === 'RUNNING' && found.attempt >= MAX_ATTEMPTS) {
      const message = `Each of the ${found.attempt} servers that worked on it ended meanwhile.`;
      await advanceEvaluation(dataSource.manager, found, { to: 'FAILED', message });
      continue;
    }
    const message = found.state === 'RUNNING' ? 'Its server ended; another one goes on.' : undefined;
    const claimed = await advanceEvaluation(dataSource.manager, found, {
      to: 'RUNNING',
      ...(message === undefined ? {} : { message }),
    });
    // Otherwise another process was quicker.
    if (claimed === undefined) continue;
    logger.info({ evaluation: found.id, attempt: found.attempt + 1 }, 'an evaluation was taken up');
    return dataSource.manager.findOneByOrFail(Evaluation, { id: found.id });
  }
}
