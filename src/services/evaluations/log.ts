import type { DataSource } from 'typeorm';
import { type LogSource, logOf } from '../../work/index.js';
import type { EvaluationEventBody } from './events.js';
import { EVALUATION } from './kind.js';

/** One line of an evaluation's log. */
export type LoggedEvaluationEvent = { evaluationId: string; seq: number; at: Date } & EvaluationEventBody;

/** Where the logs of evaluations come from. */
export function evaluationLogs(dataSource: DataSource): LogSource<LoggedEvaluationEvent> {
  return logOf(dataSource, EVALUATION, (evaluationId, row) => ({ evaluationId, ...row }) as LoggedEvaluationEvent);
}
