import { gaussianTaps, smoothZeroPadded, sobel } from './filters.js';
import { assertImage, type GreyImage } from './image.js';

const { abs, sqrt } = Math;

interface CannyOptions {
  /** Standard deviation of the Gaussian, pixels. */
  readonly sigma?: number;
  /** Hysteresis thresholds of the gradient magnitude, for images in [0, 1] and un-normalised Sobel weights. */
  readonly low?: number;
  readonly high?: number;
}

/**
 * Canny edges exactly as scikit-image 0.26 finds them (skimage.feature.canny, mode 'constant'): Gaussian with zero padding
 * divided by its own bleed-over, un-normalised Sobel, suppression of non-maxima interpolated along the gradient, the outermost
 * pixels never an edge, hysteresis over 8-connected components.
 *
 * @param image values in [0, 1]
 * @returns an image of 0 and 1
 */
export function canny(image: GreyImage, { sigma = 3, low = 0.1, high = 0.2 }: CannyOptions = {}): GreyImage {
  assertImage(image);
  const { rows, columns } = image;
  const smoothed = smoothWithoutBleeding(image, gaussianTaps(sigma, 4));
  const { down, right } = sobel({ rows, columns, data: smoothed });
  const magnitude = new Float64Array(rows * columns);
  for (let index = 0; index < magnitude.length; index++) {
    magnitude[index] = sqrt(down[index]! * down[index]! + right[index]! * right[index]!);
  }
  // scikit-image keeps the low threshold in a C float inside the suppression and compares the high one in float64.
  const maxima = suppressNonMaxima({ rows, columns, down, right, magnitude }, Math.fround(low));
  return { rows, columns, data: hysteresis(maxima, rows, columns, high) };
}

/** Smoothing with zero padding darkens the rim; dividing by the smoothed all-ones image undoes it. */
function smoothWithoutBleeding(image: GreyImage, taps: Float64Array): Float64Array {
  const smoothed = smoothZeroPadded(image, taps);
  const vertical = coverage(image.rows, taps);
  const horizontal = coverage(image.columns, taps);
  for (let row = 0; row < image.rows; row++) {
    for (let column = 0; column < image.columns; column++) {
      smoothed[row * image.columns + column]! /= vertical[row]! * horizontal[column]! + Number.EPSILON;
    }
  }
  return smoothed;
}

/** Share of the taps that falls inside a line of `length` pixels, for each pixel. */
function coverage(length: number, taps: Float64Array): Float64Array {
  const radius = (taps.length - 1) / 2;
  return Float64Array.from({ length }, (_, position) => {
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap++) {
      const source = position + tap - radius;
      if (source >= 0 && source < length) sum += taps[tap]!;
    }
    return sum;
  });
}

interface Gradient {
  readonly rows: number;
  readonly columns: number;
  readonly down: Float64Array;
  readonly right: Float64Array;
  readonly magnitude: Float64Array;
}

/** Keeps the magnitude where it is at least `low` and no smaller than both interpolated neighbours along the gradient. */
function suppressNonMaxima({ rows, columns, down, right, magnitude }: Gradient, low: number): Float64Array {
  const kept = new Float64Array(rows * columns);
  for (let row = 1; row < rows - 1; row++) {
    for (let column = 1; column < columns - 1; column++) {
      const index = row * columns + column;
      const strength = magnitude[index]!;
      if (strength < low || strength === 0) continue;
      const alongRows = abs(down[index]!);
      const alongColumns = abs(right[index]!);
      // A zero component counts as negative, so the diagonal pair is the falling one when exactly one component is positive.
      const rising = down[index]! > 0 === right[index]! > 0;
      const diagonal = rising ? columns + 1 : columns - 1;
      const steep = rising ? alongRows > alongColumns : alongRows >= alongColumns;
      const straight = steep ? columns : rising ? 1 : -1;
      const weight = steep ? alongColumns / alongRows : alongRows / alongColumns;
      const ahead = magnitude[index + diagonal]! * weight + magnitude[index + straight]! * (1 - weight);
      if (ahead > strength) continue;
      const behind = magnitude[index - diagonal]! * weight + magnitude[index - straight]! * (1 - weight);
      if (behind <= strength) kept[index] = strength;
    }
  }
  return kept;
}

/** All maxima that are 8-connected, through maxima, to one of at least `high`. */
function hysteresis(maxima: Float64Array, rows: number, columns: number, high: number): Float64Array {
  const edges = new Float64Array(rows * columns);
  const stack: number[] = [];
  for (let index = 0; index < maxima.length; index++) {
    if (maxima[index]! < high || edges[index] === 1) continue;
    edges[index] = 1;
    stack.push(index);
    for (let current = stack.pop(); current !== undefined; current = stack.pop()) {
      for (let rowStep = -columns; rowStep <= columns; rowStep += columns) {
        for (let columnStep = -1; columnStep <= 1; columnStep++) {
          // Maxima never lie on the outermost pixels, so a neighbour is always inside the image.
          const neighbour = current + rowStep + columnStep;
          if (maxima[neighbour]! > 0 && edges[neighbour] === 0) {
            edges[neighbour] = 1;
            stack.push(neighbour);
          }
        }
      }
    }
  }
  return edges;
}
