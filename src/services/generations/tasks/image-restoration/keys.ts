import { digestSql } from '../../keys.js';

/** SQL of everything that decides a restored film. */
export interface RestorationKeyParts {
  /** SHA-256 of the bundle, of the film's file, and of the mask's or NULL. */
  bundle: string;
  film: string;
  mask: string;
  /** As jsonb; the size of the film in it says nothing more. */
  parameters: string;
  steps: string;
  /** NULL where the mean is wanted. */
  seed: string;
}

/** SQL of the key of a restoration. */
export function restorationKeySql(parts: RestorationKeyParts): string {
  return digestSql({ task: `'image-restoration'`, ...parts, parameters: `${parts.parameters} - 'film'` });
}
