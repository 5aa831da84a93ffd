import { gaussianTaps, meanValid, smoothValid } from './filters.js';
import {
  assertComparable,
  assertComparableVolumes,
  assertMask,
  type GreyImage,
  type GreyVolume,
  type Mask,
} from './image.js';

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
 * the image (skimage.metrics.structural_similarity, which crops the same border). With a mask, only windows whose middle it marks
 * count; what lies around the marked pixels still takes part in their windows, as with scikit-image's `full=True` map.
 *
 * @throws RangeError for images that cannot be compared or are smaller than the window, and for a mask without such a window
 */
export function ssim(real: GreyImage, generated: GreyImage, mode: SsimMode = 'skimage', mask?: Mask): number {
  assertComparable(real, generated);
  const window = windowOf(mode);
  if (Math.min(real.rows, real.columns) < window) {
    throw new RangeError(
      `SSIM in mode ${mode} needs at least ${window} x ${window} pixels, not ${real.columns} x ${real.rows}.`,
    );
  }
  if (mask) assertMask(mask, real.data.length);
  const kept = mask && interior(mask, { slices: 1, ...real }, window, 1);
  const filter = (data: Float64Array): Float64Array => filterSlice(data, real, mode);
  return meanSimilarity(moments(real.data, generated.data, filter), correctionOf(mode, 2), kept).ssim;
}

/**
 * {@link ssim} of volumes with three-dimensional windows (7 x 7 x 7, or the Gaussian in all three directions), as scikit-image
 * computes it for three-dimensional arrays.
 *
 * @throws RangeError for volumes that cannot be compared or are smaller than the window, and for a mask without such a window
 */
export function volumeSsim(real: GreyVolume, generated: GreyVolume, mode: SsimMode = 'skimage', mask?: Mask): number {
  assertComparableVolumes(real, generated);
  const window = windowOf(mode);
  if (Math.min(real.slices, real.rows, real.columns) < window) {
    throw new RangeError(
      `SSIM of volumes in mode ${mode} needs at least ${window} slices, rows and columns, not ${real.slices} x ${real.rows} x ${real.columns}.`,
    );
  }
  if (mask) assertMask(mask, real.data.length);
  const kept = mask && interior(mask, real, window, window);
  const filter = (data: Float64Array): Float64Array => filterVolume(data, real, mode);
  return meanSimilarity(moments(real.data, generated.data, filter), correctionOf(mode, 3), kept).ssim;
}

/**
 * Mean similarity and its contrast-structure part (the factor without the means) of one scale of
 * {@link multiScaleSsim}: Wang's window, population covariance.
 */
export function wangParts(real: GreyImage, generated: GreyImage): { ssim: number; contrastStructure: number } {
  const filter = (data: Float64Array): Float64Array => filterSlice(data, real, 'wang');
  return meanSimilarity(moments(real.data, generated.data, filter), 1);
}

function windowOf(mode: SsimMode): number {
  return mode === 'wang' ? WANG_TAPS.length : UNIFORM_WINDOW;
}

/** What turns population covariances into those of the mode. */
function correctionOf(mode: SsimMode, dimensions: number): number {
  const samples = UNIFORM_WINDOW ** dimensions;
  return mode === 'wang' ? 1 : samples / (samples - 1);
}

function filterSlice(data: Float64Array, size: { rows: number; columns: number }, mode: SsimMode): Float64Array {
  return mode === 'wang' ? smoothValid(data, size, WANG_TAPS) : meanValid(data, size, UNIFORM_WINDOW);
}

/** Filters each slice, then along the slices, kept only where the window lies inside the volume. */
function filterVolume(data: Float64Array, { slices, rows, columns }: GreyVolume, mode: SsimMode): Float64Array {
  const taps = mode === 'wang' ? WANG_TAPS : new Float64Array(UNIFORM_WINDOW).fill(1 / UNIFORM_WINDOW);
  const filtered = Array.from({ length: slices }, (_, slice) =>
    filterSlice(data.subarray(slice * rows * columns, (slice + 1) * rows * columns), { rows, columns }, mode),
  );
  const length = filtered[0]!.length;
  const result = new Float64Array((slices - taps.length + 1) * length);
  for (let slice = 0; slice + taps.length <= slices; slice++) {
    const out = result.subarray(slice * length, (slice + 1) * length);
    taps.forEach((weight, tap) => {
      const source = filtered[slice + tap]!;
      for (let index = 0; index < length; index++) out[index]! += weight * source[index]!;
    });
  }
  return result;
}

/** Local means of x, y, their squares and their product. */
interface Moments {
  x: Float64Array;
  y: Float64Array;
  xx: Float64Array;
  yy: Float64Array;
  xy: Float64Array;
}

function moments(
  real: GreyImage['data'],
  generated: GreyImage['data'],
  filter: (data: Float64Array) => Float64Array,
): Moments {
  const x = Float64Array.from(real);
  const y = Float64Array.from(generated);
  return {
    x: filter(x),
    y: filter(y),
    xx: filter(x.map((value) => value * value)),
    yy: filter(y.map((value) => value * value)),
    xy: filter(x.map((value, index) => value * y[index]!)),
  };
}

function meanSimilarity({ x, y, xx, yy, xy }: Moments, correction: number, kept?: Mask) {
  let similarity = 0;
  let contrastStructure = 0;
  let count = 0;
  for (let index = 0; index < x.length; index++) {
    if (kept && kept[index] === 0) continue;
    const ux = x[index]!;
    const uy = y[index]!;
    const variances = correction * (xx[index]! - ux * ux + yy[index]! - uy * uy);
    const covariance = correction * (xy[index]! - ux * uy);
    const structure = (2 * covariance + C2) / (variances + C2);
    similarity += (structure * (2 * ux * uy + C1)) / (ux * ux + uy * uy + C1);
    contrastStructure += structure;
    count++;
  }
  return { ssim: similarity / count, contrastStructure: contrastStructure / count };
}

/** The mask at the middles of the windows that lie inside: without half a window at every rim. */
function interior(
  mask: Mask,
  { slices, rows, columns }: Omit<GreyVolume, 'data'>,
  window: number,
  depth: number,
): Mask {
  const half = (window - 1) / 2;
  const first = (depth - 1) / 2;
  const kept: number[] = [];
  for (let slice = first; slice < slices - first; slice++) {
    for (let row = half; row < rows - half; row++) {
      const start = (slice * rows + row) * columns;
      kept.push(...mask.subarray(start + half, start + columns - half));
    }
  }
  if (!kept.some((value) => value !== 0)) {
    throw new RangeError(`The mask marks no pixel whose window of ${window} lies inside the image.`);
  }
  return Uint8Array.from(kept);
}
