import { createHash } from 'node:crypto';
import type { EvaluationSettings } from '../../domain/evaluations.js';

/**
 * The seed of an exam's volumes: the evaluation's own, or as for batches 31 bits of the SHA-256 of "seed:participant:visit:side", so
 * that a knee has the same seed in every database.
 *
 * @param label "<participant> <visit> <side>"
 */
export function seedOf({ seed, seedRule }: EvaluationSettings, label: string): number {
  if (seedRule === 'FIXED') return seed;
  const name = [seed, ...label.split(' ')].join(':');
  return createHash('sha256').update(name).digest().readUInt32BE(0) & 0x7fffffff;
}
