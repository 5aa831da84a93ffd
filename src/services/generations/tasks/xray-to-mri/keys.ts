import { digestSql } from '../../keys.js';

/** SQL of everything that decides a volume. Two generations that agree in all of it give the same volume on one device. */
export interface KeyParts {
  /** SHA-256 of the bundle, and of the film's pixels. */
  bundle: string;
  film: string;
  /** The request's square as jsonb; NULL where the knee detector finds it. */
  box: string;
  /** SHA-256 of the knee detector that finds the square. */
  kneeDetector: string;
  side: string;
  sliceCount: string;
  steps: string;
  sampler: string;
  eta: string;
  seed: string;
  noise: string;
  /** Grades as jsonb, overrides included; a missing one may be null or absent. */
  features: string;
  /** Absent where the grades pull as trained. */
  gradeGuidance?: string;
}

/** SQL of a generation's key: SHA-256, lower-case hex, of its parts as jsonb writes them. */
export function keySql({ gradeGuidance, ...parts }: KeyParts): string {
  const { box, kneeDetector, features } = parts;
  return digestSql({
    ...parts,
    ...(gradeGuidance === undefined ? {} : { gradeGuidance }),
    kneeDetector: `CASE WHEN ${box} IS NULL THEN ${kneeDetector} END`,
    features: `jsonb_strip_nulls(${features})`,
  });
}
