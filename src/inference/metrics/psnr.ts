import { assertComparable, type GreyImage } from './image.js';

/**
 * Peak signal-to-noise ratio in dB for a data range of 1 (skimage.metrics.peak_signal_noise_ratio).
 * Identical images give Infinity.
 */
export function psnr(real: GreyImage, generated: GreyImage): number {
  assertComparable(real, generated);
  let sum = 0;
  for (let index = 0; index < real.data.length; index++) {
    const difference = real.data[index]! - generated.data[index]!;
    sum += difference * difference;
  }
  return 10 * Math.log10(real.data.length / sum);
}
