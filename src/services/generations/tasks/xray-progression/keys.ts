import { digestSql } from '../../keys.js';

/** SQL of everything that decides a progression. */
export interface ProgressionKeyParts {
  /** SHA-256 of the bundle and of the film's file. */
  bundle: string;
  film: string;
  /** As jsonb; the size of the film in it says nothing more. */
  parameters: string;
  /** RIGHT or LEFT. */
  knee: string;
  /** The given square as jsonb, or NULL where the knee is found. */
  box: string;
  /** SHA-256 of the knee detector, or NULL. */
  kneeDetector: string;
}

/** SQL of the key of a progression. */
export function progressionKeySql(parts: ProgressionKeyParts): string {
  return digestSql({ task: `'xray-progression'`, ...parts, parameters: `${parts.parameters} - 'film'` });
}
