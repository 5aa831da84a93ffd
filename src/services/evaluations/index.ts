/** The only door to evaluations for other layers. */
export type { ArmsRequest, FeatureSet } from './arms.js';
export { progressOf } from './drive.js';
export { withdrawReports } from './forget.js';
export { evaluationLogs, type LoggedEvaluationEvent } from './log.js';
export { EVALUATION_LISTING, EVALUATION_SCORE_LISTING, EVALUATIONS } from './listing.js';
export {
  cancelEvaluation,
  type EvaluationRequest,
  evaluationFile,
  findEvaluation,
  requestEvaluation,
} from './requests.js';
export type { ArmComparison, ArmSummary, EvaluationResults, Spread, StratumSummary } from '../reports/index.js';
export type { EvaluationEventBody } from './events.js';
export { EVALUATION, type EvaluationResources } from './kind.js';
export { type Differences, openDifferences } from './differences.js';
