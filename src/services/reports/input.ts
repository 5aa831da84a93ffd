import type { EvaluationArm, EvaluationSettings } from '../../domain/evaluations.js';
import type { EvaluationResults, ScoredVolumes } from './results.js';

export interface CompartmentSpread {
  region: string;
  median: number;
  lower: number;
  upper: number;
}

/** What a report is made from. */
export interface ReportInput {
  name: string;
  arms: readonly EvaluationArm[];
  settings: EvaluationSettings;
  /** Knee by knee, for what no order statistics show. */
  volumes: ScoredVolumes;
  results: EvaluationResults;
  /** Said under every picture: whose data, how many, which metric settings, and that nothing is clinically valid. */
  note: string;
  /** Whose series the volumes are held to, e.g. "phantoms". */
  reference: string;
  /** How the volumes of other sets of grades differ from those of the first set, by compartment; none without such sets. */
  compartments: readonly { arm: number; against: number; knees: number; regions: readonly CompartmentSpread[] }[];
}
