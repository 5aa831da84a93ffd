import type { SeedRule } from './batches.js';
import type { Grades } from './features.js';
import type { NoiseMode } from './generations.js';

/** Life of an evaluation. Only in SUCCEEDED are there results and a report. */
export const EVALUATION_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type EvaluationState = (typeof EVALUATION_STATES)[number];

/**
 * Scores of a volume that an evaluation compares; each is the median over its slices, the last one the mean over neighbours. The last four
 * but one tell a knee from nothing, and one knee from another.
 */
export const EVALUATION_METRICS = [
  'PSNR',
  'SSIM',
  'RSSIM',
  'EDGE_F1',
  'BONE_DICE',
  'SHARPNESS',
  'ADJACENT_CORRELATION',
] as const;
export type EvaluationMetric = (typeof EVALUATION_METRICS)[number];

/** How each is printed. */
export const METRIC_WORDS: Record<EvaluationMetric, { name: string; digits: number }> = {
  PSNR: { name: 'PSNR, dB', digits: 2 },
  SSIM: { name: 'SSIM', digits: 3 },
  RSSIM: { name: 'RSSIM', digits: 3 },
  EDGE_F1: { name: 'edge F1', digits: 3 },
  BONE_DICE: { name: 'bone Dice', digits: 3 },
  SHARPNESS: { name: 'sharpness', digits: 2 },
  ADJACENT_CORRELATION: { name: 'adjacent-slice correlation', digits: 3 },
};

/** Volumes that say nothing of the knee, or too little; every table of scores carries them, so that a figure can be judged. */
export const EVALUATION_REFERENCES = ['MEAN_VOLUME', 'OTHER_PERSON', 'OWN_MIRRORED', 'OWN_SHIFTED', 'BLACK'] as const;
export type EvaluationReference = (typeof EVALUATION_REFERENCES)[number];

/** How each is called in tables. */
export const REFERENCE_NAMES: Record<EvaluationReference, string> = {
  MEAN_VOLUME: "mean of the other people's series",
  OTHER_PERSON: "another person's series",
  OWN_MIRRORED: 'own series, mirrored',
  OWN_SHIFTED: 'own series, three slices away',
  BLACK: 'black',
};

/** Compartments of the joint between femur and tibia. */
export const JOINT_SIDES = ['MEDIAL', 'LATERAL'] as const;
export type JointSide = (typeof JOINT_SIDES)[number];

/** The same as measures of both compartments name it, such as VolumeJointSpace. */
export function jointSideKey(side: JointSide): Lowercase<JointSide> {
  return side === 'MEDIAL' ? 'medial' : 'lateral';
}

/** Bone to bone, mm; null where the edges of the bones are not seen. */
export type JointSpaces = Record<'medial' | 'lateral', number | null>;

/** What an evaluation measures on a volume beside the scores that its generation has. */
export interface VolumeFigures {
  edgeF1: number | null;
  boneDice: number | null;
  sharpness: number | null;
  jointSpace: JointSpaces;
  /** Of the volume's joint among the real knees of other people; null without any. */
  retrieval: { rivals: number; won: number; first: boolean } | null;
  /** Null where the film could not be read. */
  film: FilmFigures | null;
}

/** Whether a volume shows the joint that its film shows; lengths in mm. */
export interface FilmFigures {
  medialLines: number;
  lateralLines: number;
  filmDrop: number | null;
  volumeDrop: number | null;
  rowOffset: number | null;
  filmMedial: number | null;
  filmLateral: number | null;
  /** True where the film says no pixel spacing: its crop is taken to show 95 mm. */
  assumedWidth: boolean;
}

/** Every score of a volume that stands in for a generated one. */
export interface ReferenceFigures extends Pick<
  VolumeFigures,
  'edgeF1' | 'boneDice' | 'sharpness' | 'jointSpace' | 'retrieval'
> {
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  adjacentCorrelation: number | null;
}

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

/** What an evaluation measures; grows with every figure that is added, so that asking again measures it and finds no older evaluation. */
export const FIGURES_VERSION = 2;

/** Name of the set of grades that nothing was overridden in. */
export const PREFERRED_FEATURES = 'preferred reading';
