import { gaussianTaps, meanValid, smoothValid } from './filters.js';
import { assertComparable, type GreyImage } from './image.js';

/**
 * - `skimage`: scikit-image's defaults, a 7 x 7 uniform window and the sample covariance;
 * - `wang`: Wang et al. 2004, Gaussian weights of sigma 1.5 cut at 3.5 sigma (11 taps) and the population covariance.
 *
 * Published values differ by up to 0.07 between the two, so the mode is part of every result.
 */
export type SsimMode = 'skimage' | 'wang';

const UNIFORM_WINDOW = 7;
const WANG_TAPS = gaussianTaps(1.5, 3.5);
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Structural similarity for a data range of 1, in [-1, 1]: the mean of the similarity map over windows that lie wholly inside
 * the image (skimage.metrics.structural_similarity, which crops the same border).
 */
export function ssim(real: GreyImage, generated: GreyImage, mode: SsimMode = 'skimage'): number {
  assertComparable(real, generated);
  const window = mode === 'wang' ? WANG_TAPS.length : UNIFORM_WINDOW;
  if (Math.min(real.rows, real.columns) < window) {
    throw new RangeError(
      `SSIM in mode ${mode} needs at least ${window} x ${window} pixels, not ${real.columns} x ${real.rows}.`,
    );
  }
  const filter = (data: Float64Array): Float64Array =>
    mode === 'wang' ? smoothValid(data, real, WANG_TAPS) : meanValid(data, real, UNIFORM_WINDOW);

  const x = Float64Array.from(real.data);
  const y = Float64Array.from(generated.data);
  const meanX = filter(x);
  const meanY = filter(y);
  const meanXX = filter(x.map((value) => value * value));
  const meanYY = filter(y.map((value) => value * value));
  const meanXY = filter(x.map((value, index) => value * y[index]!));

  const samples = window * window;
  const correction = mode === 'wang' ? 1 : samples / (samples - 1);
  let sum = 0;
  for (let index = 0; index < meanX.length; index++) {
    const ux = meanX[index]!;
    const uy = meanY[index]!;
    const variances = correction * (meanXX[index]! - ux * ux + meanYY[index]! - uy * uy);
    const covariance = correction * (meanXY[index]! - ux * uy);
    sum += ((2 * ux * uy + C1) * (2 * covariance + C2)) / ((ux * ux + uy * uy + C1) * (variances + C2));
  }
  return sum / meanX.length;
}
