import type { SeedRule } from './batches.js';
import type { Grades } from './features.js';
import type { NoiseMode } from './generations.js';

/** Life of an evaluation. Only in SUCCEEDED are there results and a report. */
export const EVALUATION_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type EvaluationState = (typeof EVALUATION_STATES)[number];

/** Scores of a volume that an evaluation compares; each is the median over its slices, the last one the mean over neighbours. */
export const EVALUATION_METRICS = ['PSNR', 'SSIM', 'RSSIM', 'ADJACENT_CORRELATION'] as const;
export type EvaluationMetric = (typeof EVALUATION_METRICS)[number];

/** What knees are told apart by. */
export const STRATA = ['KL', 'SIDE', 'SEX'] as const;
export type Stratum = (typeof STRATA)[number];

/** One way of making volumes: a bundle with everything it is run with. */
export interface EvaluationArm {
  /** Key of the bundle's row. */
  bundleId: number;
  /** `name@version` */
  bundle: string;
  sampler: 'DDIM' | 'DPMPP_2M';
  steps: number;
  eta: number;
  sliceCount: number;
  noise: NoiseMode;
  /** Name of the set of grades, e.g. "preferred reading" or "without XRCHL". */
  featureSet: string;
  /** Grades that replace the preferred reading; null = treat as missing. */
  overrides: Grades;
  /** What tells this arm from the others, short enough for an axis. */
  label: string;
}

/** What decides the figures of an evaluation, beside its arms and exams. */
export interface EvaluationSettings {
  seed: number;
  seedRule: SeedRule;
  /** Window of SSIM and RSSIM. */
  ssimMode: 'skimage';
  /** Resampled medians behind each interval. */
  resamples: number;
  confidence: number;
}

/** Bounds of one evaluation. */
export const EVALUATION_LIMITS = { arms: 24, volumes: 10_000 } as const;

/** Name of the set of grades that nothing was overridden in. */
export const PREFERRED_FEATURES = 'preferred reading';
