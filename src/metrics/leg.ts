import type { GreyImage } from './image.js';

/** First and last column that is brighter than a quarter of the mean column: the leg's outlines on a coronal slice; null without any. */
export function legColumns({ rows, columns, data }: GreyImage): { left: number; right: number } | null {
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) sums[column]! += data[row * columns + column]!;
  }
  const background = sums.reduce((sum, value) => sum + value, 0) / columns / 4;
  const left = sums.findIndex((value) => value > background);
  return left < 0 ? null : { left, right: sums.findLastIndex((value) => value > background) };
}
