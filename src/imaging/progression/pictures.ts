import type { BundleManifest } from '../../inference/index.js';
import { type TracedJoint, WORKING } from './field.js';

const { abs, floor, max, min } = Math;

type Settings = Pick<BundleManifest<'xray-progression'>['progression'], 'picture' | 'near'>;

/** A knee as the network sees it: rows x columns of the manifest's picture each. */
export interface JointPicture {
  /** In units of the film's window. */
  readonly picture: Float32Array;
  /** How much of each pixel is joint space, and how much of it is drawn anew, 0 to 1. */
  readonly space: Float32Array;
  readonly near: Float32Array;
}

/**
 * @param working 224 x 224 greys of the closed knee
 * @param shares what its gaps are of those that were traced, by working column
 */
export function jointPicture(
  working: Float32Array,
  joint: TracedJoint,
  shares: Float64Array,
  { low, high, ...settings }: Settings & { low: number; high: number },
): JointPicture {
  const { rows, columns, top } = settings.picture;
  const [full, none] = settings.near;
  const picture = new Float32Array(rows * columns);
  const space = new Float32Array(rows * columns);
  const near = new Float32Array(rows * columns);
  const range = max(high - low, 1e-6);
  for (let column = 0; column < columns; column++) {
    const middle = (mean(joint.middle, column) - top + 0.5) / 2 - 0.5;
    const gaps = [2 * column, 2 * column + 1].map((at) => joint.half[at]! * shares[at]!);
    const half = (gaps[0]! + gaps[1]!) / 4;
    for (let row = 0; row < rows; row++) {
      const at = row * columns + column;
      const from = (top + 2 * row) * WORKING + 2 * column;
      const sum = working[from]! + working[from + 1]! + working[from + WORKING]! + working[from + WORKING + 1]!;
      picture[at] = (sum / 4 - low) / range;
      const away = abs(row - middle);
      space[at] = min(max(half + 0.5 - away, 0), 1);
      near[at] = min(max((none - away) / (none - full), 0), 1);
    }
  }
  return { picture, space, near };
}

/**
 * Adds what the network gave, in units of the window, to a knee's square of any size: linear between its pixels, nothing beyond them.
 *
 * @returns the same array
 */
export function withAddition(
  pixels: Float32Array,
  side: number,
  addition: Float32Array,
  { low, high, picture }: Pick<Settings, 'picture'> & { low: number; high: number },
): Float32Array {
  const { rows, columns, top } = picture;
  const scale = WORKING / side;
  for (let row = 0; row < side; row++) {
    const y = ((row + 0.5) * scale - top) / 2 - 0.5;
    if (y < -0.5 || y > rows - 0.5) continue;
    for (let column = 0; column < side; column++) {
      const x = ((column + 0.5) * scale) / 2 - 0.5;
      pixels[row * side + column]! += (high - low) * linear(addition, rows, columns, y, x);
    }
  }
  return pixels;
}

function linear(values: Float32Array, rows: number, columns: number, y: number, x: number): number {
  const [down, across] = [min(max(y, 0), rows - 1), min(max(x, 0), columns - 1)];
  const [top, left] = [min(floor(down), rows - 2), min(floor(across), columns - 2)];
  const [below, right] = [down - top, across - left];
  const at = top * columns + left;
  const upper = values[at]! * (1 - right) + values[at + 1]! * right;
  const lower = values[at + columns]! * (1 - right) + values[at + columns + 1]! * right;
  return upper * (1 - below) + lower * below;
}

function mean(values: Float64Array, column: number): number {
  return (values[2 * column]! + values[2 * column + 1]!) / 2;
}
