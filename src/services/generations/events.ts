import type { OutputKind } from '../../domain/generation-outputs.js';
import type { GenerationState } from '../../domain/generations.js';
import type { StateChange } from '../../work/index.js';

/**
 * What a generation's log says, by type. A log is a run of STATE_CHANGED with progress between them; a success is announced by
 * COMPLETED and, last of all, STATE_CHANGED to SUCCEEDED, both written in one transaction.
 */
export type GenerationEventBody =
  | { type: 'STATE_CHANGED'; payload: StateChanged }
  | { type: 'STEP_PROGRESS'; payload: StepProgressed }
  | { type: 'SLICE_COMPLETED'; payload: SliceCompleted }
  | { type: 'TILE_COMPLETED'; payload: TileCompleted }
  | { type: 'FRAME_COMPLETED'; payload: FrameCompleted }
  | { type: 'COMPLETED'; payload: GenerationCompleted };

export type StateChanged = StateChange<GenerationState>;

/** The denoiser has finished `step` of `steps` for the missing slices between `firstSlice` and `lastSlice`. */
export interface StepProgressed {
  firstSlice: number;
  lastSlice: number;
  step: number;
  steps: number;
  /** Share of the whole volume's denoising that is done, 0 to 1; never falls while an attempt runs. */
  fraction: number;
}

export interface SliceCompleted {
  /** Scores are null without a real series of the exam. */
  slice: {
    index: number;
    depth: number;
    psnr: number | null;
    ssim: number | null;
    rssim: number | null;
    assetId: number;
  };
  /** Finished slices, those of earlier attempts included. */
  completed: number;
  total: number;
}

/** The network has finished a tile of a film in one of its steps, or a slice of a series or a plane across its slices. */
export interface TileCompleted {
  /** 0, 1, 2, ... within the step. */
  index: number;
  /** Tiles of the film, slices of the series, or planes across its slices. */
  total: number;
  step: number;
  steps: number;
  /** Share of the whole work that is done, 0 to 1; never falls while an attempt runs. */
  fraction: number;
}

/** A frame of a knee at a grade is stored. */
export interface FrameCompleted {
  /** 0 is the film itself. */
  index: number;
  total: number;
  /** Share of the way, 0 to 1. */
  position: number;
  /** Which of the generation's files it is. */
  kind: OutputKind;
  /** The KL grade that it is to show. */
  kl: number;
  /** Narrowest joint space as measured on it, % of the width of the knee's square; null where it could not be traced. */
  jsw: number | null;
  /** The KL grade as a grader reads it. */
  expectedKl: number;
  leastDeterminant: number;
  /** The frame to look at. */
  assetId: number;
}

/** The whole result. Scores are medians over the slices of a volume, null without a real series of the exam, and for what is no volume. */
export interface GenerationCompleted {
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  adjacentCorrelation: number | null;
  /** Null for what is no volume. */
  mriSeriesId: number | null;
  durationMs: number;
  denoiserEvaluations: number;
  device: string;
}

/** One line of a generation's log. */
export type LoggedEvent = { generationId: string; seq: number; at: Date } & GenerationEventBody;
