import type { EvaluationState } from '../../domain/evaluations.js';
import type { StateChange } from '../../work/index.js';

/** What an evaluation's log says, by type. */
export type EvaluationEventBody =
  { type: 'STATE_CHANGED'; payload: StateChange<EvaluationState> } | { type: 'VOLUME_SCORED'; payload: VolumeScored };

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
