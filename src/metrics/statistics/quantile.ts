/**
 * Quantile of sorted numbers by numpy's linear rule.
 *
 * @param share 0 to 1
 * @returns NaN for none
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? NaN;
  const high = sorted[Math.ceil(position)] ?? NaN;
  // Two infinite neighbours would interpolate to NaN.
  return low === high ? low : low + (high - low) * (position - Math.floor(position));
}

/** Median of numbers in any order; NaN for none. */
export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
