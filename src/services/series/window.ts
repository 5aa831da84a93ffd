import { percentile } from '../../imaging/normalise.js';
import type { Volume } from '../../imaging/volume.js';
import type { SeriesSource } from './source.js';

/** Grey values shown as black and as white: all 16 bits of a generated volume, else the percentiles 1 and 99.5. */
export function displayWindow({ synthetic }: SeriesSource, { data }: Volume): { low: number; high: number } {
  if (synthetic) return { low: 0, high: 65_535 };
  const [low, high] = [percentile(data, 1), percentile(data, 99.5)];
  return { low, high: high > low ? high : low + 1 };
}
