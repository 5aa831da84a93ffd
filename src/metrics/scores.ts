import { quantile } from './statistics/quantile.js';
import { canny } from './canny.js';
import type { GreyImage } from './image.js';
import { findJointRows } from './joint-row.js';
import { boneDice, edgeF1, sharpnessRatio } from './knee/index.js';
import { psnr } from './psnr.js';
import { edgeSsim } from './rssim.js';
import { ssim, type SsimMode } from './ssim.js';

/** Scores of one generated slice against the real one. */
export interface SliceScores {
  /** dB, data range 1; Infinity for identical slices. */
  readonly psnr: number;
  readonly ssim: number;
  readonly rssim: number;
}

/** What tells a knee from another one, or from nothing, which {@link SliceScores} do not; null where the real slice shows nothing. */
export interface KneeScores {
  readonly edgeF1: number | null;
  readonly boneDice: number | null;
  readonly sharpness: number | null;
}

/** Order statistics of one score over slices or knees; never reported as a mean alone. */
export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/**
 * Scores generated slices against one real volume, one slice at a time and in any order. What depends only on the real volume
 * (joint rows, edge maps) is computed once.
 */
export class VolumeScorer {
  readonly jointRows: readonly number[];
  readonly #edges: (GreyImage | undefined)[];

  /** @param real slices in [0, 1], posterior to anterior, all of one shape, one for each generated slice */
  constructor(
    readonly real: readonly GreyImage[],
    readonly mode: SsimMode = 'skimage',
  ) {
    this.jointRows = findJointRows(real);
    this.#edges = real.map(() => undefined);
  }

  /** @throws RangeError when the volume has no slice `index` or the shapes differ */
  score(index: number, generated: GreyImage): SliceScores {
    const { real, jointRow } = this.#slice(index);
    const edges = (this.#edges[index] ??= canny(real));
    return {
      psnr: psnr(real, generated),
      ssim: ssim(real, generated, this.mode),
      rssim: edgeSsim(edges, canny(generated), jointRow, this.mode),
    };
  }

  /**
   * @param spacing pixel spacing in mm
   * @throws RangeError when the volume has no slice `index` or the shapes differ
   */
  kneeScores(index: number, generated: GreyImage, spacing: number): KneeScores {
    const { real, jointRow } = this.#slice(index);
    return {
      edgeF1: edgeF1(real, generated, jointRow, spacing),
      boneDice: boneDice(real, generated, jointRow, spacing),
      sharpness: sharpnessRatio(real, generated),
    };
  }

  #slice(index: number): { real: GreyImage; jointRow: number } {
    const [real, jointRow] = [this.real[index], this.jointRows[index]];
    if (real && jointRow !== undefined) return { real, jointRow };
    throw new RangeError(`The real volume has ${this.real.length} slices; there is no slice ${index} to compare with.`);
  }
}

/** Quartiles by numpy's linear rule. Values that are not numbers are left out; all NaN when none is left. */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return { lower: quantile(sorted, 0.25), median: quantile(sorted, 0.5), upper: quantile(sorted, 0.75) };
}
