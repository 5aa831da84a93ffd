import { percentile } from '../normalise.js';
import type { Raster } from '../radiograph/resample.js';

/** High-pass filter of Daubechies' wavelet with two vanishing moments. */
const HIGH_PASS = [-0.48296291314469025, 0.836516303737469, -0.22414386804185735, -0.12940952255092145] as const;

/** The normal distribution's upper quartile, in deviations. */
const UPPER_QUARTILE = 0.6744897501960817;

/**
 * The deviation of white noise on an image, in the image's units: the median of the finest diagonal wavelet details over the normal
 * distribution's (Donoho and Johnstone 1994), as scikit-image's `estimate_sigma` has it. Fine texture counts as noise.
 */
export function estimateNoise(image: Raster): number {
  const { rows, columns } = image;
  const [down, across] = [rows >> 1, columns >> 1];
  const details = new Float64Array(down * across);
  let count = 0;
  for (let row = 1; row < down; row++) {
    for (let column = 1; column < across; column++) {
      let sum = 0;
      for (let y = 0; y < 4; y++) {
        const line = (2 * row + 1 - y) * columns + 2 * column + 1;
        let part = 0;
        for (let x = 0; x < 4; x++) part += HIGH_PASS[x]! * image.data[line - x]!;
        sum += HIGH_PASS[y]! * part;
      }
      if (sum !== 0) details[count++] = Math.abs(sum);
    }
  }
  return count === 0 ? 0 : percentile(details.subarray(0, count), 50) / UPPER_QUARTILE;
}
