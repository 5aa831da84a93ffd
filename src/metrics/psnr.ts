import {
  assertComparable,
  assertComparableVolumes,
  assertMask,
  type GreyImage,
  type GreyVolume,
  type Mask,
} from './image.js';

/**
 * Peak signal-to-noise ratio in dB for a data range of 1 (skimage.metrics.peak_signal_noise_ratio), over the pixels that the mask
 * marks, or all. Identical images give Infinity.
 *
 * @throws RangeError for images that cannot be compared, and for a mask that fits neither or marks nothing
 */
export function psnr(real: GreyImage, generated: GreyImage, mask?: Mask): number {
  assertComparable(real, generated);
  return peakRatio(real.data, generated.data, mask);
}

/** {@link psnr} over all voxels of a volume: one mean squared error, not a mean of the slices' figures. */
export function volumePsnr(real: GreyVolume, generated: GreyVolume, mask?: Mask): number {
  assertComparableVolumes(real, generated);
  return peakRatio(real.data, generated.data, mask);
}

function peakRatio(real: GreyImage['data'], generated: GreyImage['data'], mask: Mask | undefined): number {
  if (mask) assertMask(mask, real.length);
  let sum = 0;
  let count = 0;
  for (let index = 0; index < real.length; index++) {
    if (mask && mask[index] === 0) continue;
    const difference = real[index]! - generated[index]!;
    sum += difference * difference;
    count++;
  }
  return 10 * Math.log10(count / sum);
}
