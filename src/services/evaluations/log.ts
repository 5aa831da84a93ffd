import type { DataSource, EntityManager } from 'typeorm';
import type { EvaluationState } from '../../domain/evaluations.js';
import { isFinalState } from '../../domain/generations.js';
import { type Evaluation } from '../../entities/index.js';
import { countLines, insertLines, type LogSource, readLogPage } from '../../jobs/index.js';

/** PostgreSQL channel on which every new line of an evaluation's log is announced as "<evaluation id>:<seq>". */
const EVALUATION_CHANNEL = 'evaluation_event';

/** What an evaluation's log says, by type. */
export type EvaluationEventBody =
  { type: 'STATE_CHANGED'; payload: EvaluationStateChange } | { type: 'VOLUME_SCORED'; payload: VolumeScored };

export interface EvaluationStateChange {
  state: EvaluationState;
  /** One sentence that says why, where there is something to say. */
  message: string | null;
}

/** A volume has ended one way or the other. */
export interface VolumeScored {
  arm: number;
  examId: number;
  generationId: string | null;
  reused: boolean;
  /** Medians over the slices; all null where `error` says why. */
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  adjacentCorrelation: number | null;
  error: string | null;
  /** Volumes that have ended by now, the failed ones among them, and all of them. */
  done: number;
  failed: number;
  total: number;
}

/** One line of an evaluation's log. */
export type LoggedEvaluationEvent = { evaluationId: string; seq: number; at: Date } & EvaluationEventBody;

/** An evaluation as its caller last read it. A change is made only while it still is so. */
export interface SeenEvaluation {
  id: string;
  state: EvaluationState;
  attempt: number;
}

export interface EvaluationChange {
  /** The state to go to; absent to stay and only write to the log. Going to RUNNING counts a new attempt. */
  to?: EvaluationState;
  /** One sentence that says why; the error of an evaluation that goes to FAILED. */
  message?: string;
  /** Lines for the log, put before the one that a new state writes. */
  events?: readonly EvaluationEventBody[];
  set?: Partial<Pick<Evaluation, 'results' | 'report'>>;
}

/** Where each state may lead; the way out of FAILED and CANCELED is asking for the same evaluation again. */
const NEXT_STATES: Readonly<Record<EvaluationState, readonly EvaluationState[]>> = {
  QUEUED: ['RUNNING', 'CANCELED'],
  RUNNING: ['RUNNING', 'QUEUED', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  SUCCEEDED: [],
  FAILED: ['QUEUED'],
  CANCELED: ['QUEUED'],
};

/**
 * Every change of an evaluation, as for generations: one statement changes the row if (state, attempt) are still those that the
 * caller read, numbers the new lines without a gap, writes and announces them.
 *
 * @returns the newest sequence number, or undefined when the evaluation has moved on: then nothing was changed
 */
export async function advanceEvaluation(
  manager: EntityManager,
  seen: SeenEvaluation,
  { to, message, events = [], set = {} }: EvaluationChange,
): Promise<number | undefined> {
  if (to !== undefined && !NEXT_STATES[seen.state].includes(to)) {
    throw new Error(`An evaluation does not go from ${seen.state} to ${to}.`);
  }
  const lines: EvaluationEventBody[] = [...events];
  if (to) lines.push({ type: 'STATE_CHANGED', payload: { state: to, message: message ?? null } });
  const parameters: unknown[] = [seen.id, seen.state, seen.attempt, JSON.stringify(lines), EVALUATION_CHANNEL];
  const bind = (value: unknown) => `$${parameters.push(value)}`;
  const assignments = to ? stateColumns(to, bind, message) : [];
  for (const [column, value] of Object.entries(set)) assignments.push(`${column} = ${bind(value)}::json`);
  const rows = (await manager.query(
    `WITH changed AS (
       UPDATE evaluation SET ${[`last_seq = last_seq + ${countLines('$4')}`, ...assignments].join(', ')}
       WHERE id = $1 AND state = $2 AND attempt = $3 RETURNING id, last_seq
     ), logged AS (${insertLines('evaluation', '$4')})
     SELECT last_seq, pg_notify($5, id || ':' || last_seq) FROM changed`,
    parameters,
  )) as { last_seq: number }[];
  return rows[0]?.last_seq;
}

/** Where the logs of evaluations come from. */
export function evaluationLogs(dataSource: DataSource): LogSource<LoggedEvaluationEvent> {
  const subject = { table: 'evaluation', isFinal: isFinalState } as const;
  return {
    channel: EVALUATION_CHANNEL,
    read: (evaluationId, after) =>
      readLogPage(
        dataSource,
        subject,
        evaluationId,
        after,
        (row) => ({ evaluationId, ...row }) as LoggedEvaluationEvent,
      ),
  };
}

/** What a state means for the row. */
function stateColumns(to: EvaluationState, bind: (value: unknown) => string, message?: string): string[] {
  const columns = [`state = ${bind(to)}`];
  if (to === 'RUNNING') {
    columns.push('attempt = attempt + 1', 'started_at = coalesce(started_at, now())');
    columns.push('heartbeat_at = clock_timestamp()');
  } else {
    columns.push('heartbeat_at = NULL');
  }
  if (to === 'QUEUED') columns.push('error = NULL', 'finished_at = NULL');
  if (isFinalState(to)) columns.push('finished_at = clock_timestamp()');
  if (to === 'FAILED') columns.push(`error = ${bind(message ?? null)}`);
  return columns;
}
