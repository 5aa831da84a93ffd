import type { Interval } from './bootstrap.js';
import { NORMAL_95 } from './normal.js';

/**
 * Wilson's 95 % interval of a proportion: holds its promise for small counts and at 0 and 1 too.
 *
 * @returns 0 to 1 when nothing was counted
 */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return { lower: 0, upper: 1 };
  const share = successes / trials;
  const spread = (NORMAL_95 * NORMAL_95) / trials;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (NORMAL_95 / (1 + spread)) * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials));
  return {
    lower: successes === 0 ? 0 : Math.max(0, middle - half),
    upper: successes === trials ? 1 : Math.min(1, middle + half),
  };
}
