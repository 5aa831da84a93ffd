/** The only door to figures and reports of evaluations. */
export type { ReportRequest } from './evaluation-report.js';
export { type Figures, openFigures } from './figures.js';
export type { ReportSheet } from './html.js';
export {
  type ArmComparison,
  type ArmSummary,
  type EvaluationResults,
  type ReferenceSummary,
  type ScoredVolumes,
  type Spread,
  type StratumSummary,
} from './results.js';
export type { FilmSummary, JointSpaceSummary, RetrievalSummary } from './knee-results.js';
export { seedOf } from './seeds.js';
export { readFilm, readSeries, readSlices } from './stored-images.js';
export type { StoredSeries } from './stored-volumes.js';
export type { SheetKnee } from './tasks.js';
