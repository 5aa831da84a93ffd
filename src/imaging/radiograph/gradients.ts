import type { Raster } from './resample.js';

/** Direction and saturated strength of brightness changes: vectors of length below 1. */
export interface Gradients {
  readonly rows: number;
  readonly columns: number;
  readonly right: Float32Array;
  readonly down: Float32Array;
}

const { sqrt } = Math;

/**
 * Central differences, each vector g scaled to g / (|g| + typical |g|): exposure and contrast of a film cancel out, and a metal
 * marker counts no more than a bone's edge.
 */
export function gradients({ rows, columns, data }: Raster): Gradients {
  const right = new Float32Array(rows * columns);
  const down = new Float32Array(rows * columns);
  let sum = 0;
  for (let row = 1; row < rows - 1; row++) {
    for (let column = 1; column < columns - 1; column++) {
      const at = row * columns + column;
      const x = (data[at + 1]! - data[at - 1]!) / 2;
      const y = (data[at + columns]! - data[at - columns]!) / 2;
      right[at] = x;
      down[at] = y;
      sum += sqrt(x * x + y * y);
    }
  }
  const typical = Math.max(sum / (rows * columns), Number.MIN_VALUE);
  for (let at = 0; at < right.length; at++) {
    const scale = 1 / (sqrt(right[at]! * right[at]! + down[at]! * down[at]!) + typical);
    right[at]! *= scale;
    down[at]! *= scale;
  }
  return { rows, columns, right, down };
}
