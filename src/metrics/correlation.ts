import { assertComparable, type GreyImage } from './image.js';

/** Pearson correlation of two images' pixels, in [-1, 1]; NaN when one of them is constant. */
export function correlation(a: GreyImage, b: GreyImage): number {
  assertComparable(a, b);
  const meanA = mean(a.data);
  const meanB = mean(b.data);
  let products = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let index = 0; index < a.data.length; index++) {
    const x = a.data[index]! - meanA;
    const y = b.data[index]! - meanB;
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return products / Math.sqrt(squaresA * squaresB);
}

/**
 * Mean Pearson correlation of neighbouring slices of a volume. Pairs with a constant slice have no correlation and are left
 * out; NaN when no pair is left.
 */
export function adjacentCorrelation(slices: readonly GreyImage[]): number {
  let sum = 0;
  let pairs = 0;
  for (let index = 1; index < slices.length; index++) {
    const value = correlation(slices[index - 1]!, slices[index]!);
    if (Number.isNaN(value)) continue;
    sum += value;
    pairs++;
  }
  return sum / pairs;
}

function mean(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
