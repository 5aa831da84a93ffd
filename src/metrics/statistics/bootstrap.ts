import { philox4x32 } from '../../domain/philox.js';
import { quantile } from './quantile.js';

/** An estimate with the interval that resampling gives it. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export interface BootstrapOptions {
  /** A safe integer >= 0: the same seed gives the same interval, everywhere. */
  readonly seed?: number;
  readonly resamples?: number;
  /** Share of the resampled medians that the interval covers. */
  readonly confidence?: number;
}

/** The fourth word of the generator's counter: noise for images has 0 there, so the two never share a number. */
const STREAM = 1;
const TWO_TO_32 = 2 ** 32;

/**
 * Percentile bootstrap interval of a median. What is drawn with replacement is the groups: the two knees of one person are not
 * two people. One value per group is the ordinary bootstrap.
 *
 * Word w of Philox 4x32-10 with key (seed mod 2^32, floor(seed / 2^32)) and counter (draw div 4, resample, 0, 1) chooses group
 * floor(w * groups / 2^32).
 *
 * @param groups values by group; empty groups count as none
 * @returns NaN at both ends when there are fewer than two groups, of which nothing can be said
 */
export function bootstrapMedian(groups: readonly (readonly number[])[], options: BootstrapOptions = {}): Interval {
  const { seed = 0, resamples = 2000, confidence = 0.95 } = options;
  const filled = groups.filter((values) => values.length > 0);
  if (filled.length < 2) return { lower: NaN, upper: NaN };
  const values = filled
    .flatMap((group, index) => group.map((value) => ({ value, index })))
    .sort((a, b) => a.value - b.value);
  const key = [seed >>> 0, Math.floor(seed / TWO_TO_32)] as const;
  const drawn = new Uint32Array(filled.length);
  const medians = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    drawn.fill(0);
    let size = 0;
    for (let draw = 0; draw < filled.length; draw += 4) {
      const words = philox4x32([draw / 4, resample, 0, STREAM], key);
      for (let place = 0; place < 4 && draw + place < filled.length; place++) {
        const group = Math.floor((words[place]! * filled.length) / TWO_TO_32);
        drawn[group]!++;
        size += filled[group]!.length;
      }
    }
    medians[resample] = weightedMedian(values, drawn, size);
  }
  medians.sort();
  const tail = (1 - confidence) / 2;
  return { lower: quantile(medians, tail), upper: quantile(medians, 1 - tail) };
}

/** Median of sorted values, each as often as its group was drawn; `size` is how many that makes. */
function weightedMedian(values: readonly { value: number; index: number }[], drawn: Uint32Array, size: number): number {
  const low = Math.floor((size - 1) / 2);
  const high = Math.ceil((size - 1) / 2);
  let seen = 0;
  let atLow: number | undefined;
  for (const { value, index } of values) {
    seen += drawn[index]!;
    if (seen > low) atLow ??= value;
    if (seen > high) return (atLow! + value) / 2;
  }
  return NaN;
}
