import type { GreyImage } from '../metrics/index.js';
import type { PixelData } from './dicom/stored-values.js';
import { coronalSeries } from './orient.js';
import { refuseFile } from './refuse.js';
import type { Volume } from './volume.js';

const { floor, max, min } = Math;

/** Side of every model image, pixels, and the size of its pixels, mm. */
export const MODEL_SIZE = 256;
export const MODEL_SPACING_MM = 0.625;

/** The trained stack: slices 13 to 62 of a series of 80 at 1.5 mm. */
const STACK = { first: 13, last: 62, seriesSlices: 80, spacing: 1.5 } as const;

/**
 * Percentile as numpy gives it (method "linear"); `share` in [0, 100].
 * @throws RangeError for an empty array
 */
export function percentile(values: PixelData | Float64Array, share: number): number {
  if (values.length === 0) throw new RangeError('An empty array has no percentile.');
  const position = (share / 100) * (values.length - 1);
  const lower = Math.floor(position);
  const [low, high] = orderStatistics(values, lower, Math.ceil(position));
  return low + (high - low) * (position - lower);
}

export interface StackOptions {
  /** Number of slices s; slice i is at depth i / (s - 1). 50 is the trained stack. */
  readonly sliceCount?: number;
  /** Reverses the columns, which makes a left knee look like a right one and back. */
  readonly mirror?: boolean;
  /** What messages call the series. */
  readonly name?: string;
}

/**
 * The slices of a real coronal series that a generated volume is compared with: intensities clip(v / p99.5, 0, 1) with the
 * percentile over the whole series, 256 x 256 pixels of 0.625 mm (512 x 512 by 2 x 2 means), at the depths of the generated
 * slices. Depth d of an 80-slice series is its fractional slice 13 + 49 d; other series are cut at the same mm around their
 * middle. Between slices the values are interpolated linearly. In which order a file keeps the voxels makes no difference.
 *
 * @returns sliceCount images in [0, 1], posterior to anterior
 * @throws UserError FILE_REFUSED when the series does not cover the stack or is constant, or as {@link coronalSeries}
 */
export function trainedStack(series: Volume, options: StackOptions = {}): GreyImage[] {
  const { sliceCount = 50, mirror = false, name = 'The MRI series' } = options;
  const volume = coronalSeries(series, name);
  const white = percentile(volume.data, 99.5);
  if (!(white > 0)) refuseFile(name, 'has no signal: its 99.5th percentile is not above 0');
  const prepared = new Map<number, Float32Array>();
  const slice = (index: number): Float32Array => {
    const known = prepared.get(index) ?? normaliseSlice(volume, index, white, mirror);
    prepared.set(index, known);
    return known;
  };
  return Array.from({ length: sliceCount }, (_, index) => {
    const place = stackPosition(volume, sliceCount === 1 ? 0 : index / (sliceCount - 1));
    if (place < -0.5 || place > volume.slices - 0.5) {
      refuseFile(
        name,
        `has ${volume.slices} slices of ${volume.spacing[2].toFixed(2)} mm, too few to cover the 73.5 mm of the model`,
      );
    }
    const inside = Math.min(Math.max(place, 0), volume.slices - 1);
    const [before, after] = [Math.floor(inside), Math.ceil(inside)];
    const share = inside - before;
    const [a, b] = [slice(before), slice(after)];
    const data = share === 0 ? a : a.map((value, pixel) => value + share * (b[pixel]! - value));
    return { rows: MODEL_SIZE, columns: MODEL_SIZE, data };
  });
}

/** Columns in reverse order, row by row. */
export function mirrorColumns<T extends Float32Array | Uint16Array | Int16Array>(data: T, columns: number): T {
  const mirrored = data.slice() as T;
  for (let start = 0; start < mirrored.length; start += columns) mirrored.subarray(start, start + columns).reverse();
  return mirrored;
}

/** Fractional slice of the series at depth d; 13 + 49 d for 80 slices of 1.5 mm. */
function stackPosition({ slices, spacing }: Volume, depth: number): number {
  const place = STACK.first + (STACK.last - STACK.first) * depth;
  if (slices === STACK.seriesSlices && Math.abs(spacing[2] - STACK.spacing) < 0.01) return place;
  const fromMiddle = (place - (STACK.seriesSlices - 1) / 2) * STACK.spacing;
  return (slices - 1) / 2 + fromMiddle / spacing[2];
}

function normaliseSlice(volume: Volume, index: number, white: number, mirror: boolean): Float32Array {
  const { rows, columns } = volume;
  const source = volume.data.subarray(index * rows * columns, (index + 1) * rows * columns);
  const resized = resampleSlice(volume, source);
  for (let pixel = 0; pixel < resized.length; pixel++) {
    resized[pixel] = min(max(resized[pixel]! / white, 0), 1);
  }
  return mirror ? mirrorColumns(resized, MODEL_SIZE) : resized;
}

function resampleSlice(volume: Volume, source: PixelData): Float32Array {
  const { rows, columns } = volume;
  if (rows === MODEL_SIZE && columns === MODEL_SIZE) return Float32Array.from(source);
  if (rows === 2 * MODEL_SIZE && columns === 2 * MODEL_SIZE) return halve(source, columns);
  return resampleAboutMiddle(volume, source);
}

function halve(source: PixelData, columns: number): Float32Array {
  const half = new Float32Array(source.length / 4);
  for (let row = 0; row < MODEL_SIZE; row++) {
    for (let column = 0; column < MODEL_SIZE; column++) {
      const at = 2 * row * columns + 2 * column;
      half[row * MODEL_SIZE + column] =
        (source[at]! + source[at + 1]! + source[at + columns]! + source[at + columns + 1]!) / 4;
    }
  }
  return half;
}

/** Any other matrix: bilinear samples on the model's grid of 0.625 mm about the middle of the slice, 0 outside. */
function resampleAboutMiddle({ rows, columns, spacing }: Volume, source: PixelData): Float32Array {
  const out = new Float32Array(MODEL_SIZE * MODEL_SIZE);
  const offset = (MODEL_SIZE - 1) / 2;
  for (let row = 0; row < MODEL_SIZE; row++) {
    const y = (rows - 1) / 2 + ((row - offset) * MODEL_SPACING_MM) / spacing[1];
    for (let column = 0; column < MODEL_SIZE; column++) {
      const x = (columns - 1) / 2 + ((column - offset) * MODEL_SPACING_MM) / spacing[0];
      if (x < 0 || y < 0 || x > columns - 1 || y > rows - 1) continue;
      const [left, top] = [floor(x), floor(y)];
      const [right, bottom] = [min(left + 1, columns - 1), min(top + 1, rows - 1)];
      const upper = source[top * columns + left]! * (1 - x + left) + source[top * columns + right]! * (x - left);
      const lower = source[bottom * columns + left]! * (1 - x + left) + source[bottom * columns + right]! * (x - left);
      out[row * MODEL_SIZE + column] = upper * (1 - y + top) + lower * (y - top);
    }
  }
  return out;
}

/** The values at two neighbouring ranks of the sorted array. Whole numbers are counted, which needs no sorting. */
function orderStatistics(values: PixelData | Float64Array, lower: number, upper: number): [number, number] {
  if (values instanceof Float32Array || values instanceof Float64Array) {
    const sorted = values.slice().sort();
    return [sorted[lower]!, sorted[upper]!];
  }
  const base = values instanceof Int16Array ? -32768 : 0;
  const counts = new Uint32Array(65536);
  for (let index = 0; index < values.length; index++) counts[values[index]! - base]!++;
  const atRank = (rank: number): number => {
    let seen = 0;
    for (let value = 0; value < counts.length; value++) {
      seen += counts[value]!;
      if (seen > rank) return value + base;
    }
    return NaN;
  };
  return [atRank(lower), atRank(upper)];
}
