import type { Volume } from '../../lib/nifti.ts';

/** Side of the model's pictures, pixels, and of their pixels, mm. */
const SIZE = 256;
const PIXEL_MM = 0.625;

/** Where the trained stack lies in a series of 80 slices at 1.5 mm; others are cut at the same mm around their middle. */
const STACK = { first: 13, last: 62, slices: 80, spacing: 1.5 } as const;

/** Values in [0, 1] on the grid of a generated volume, slice by slice, posterior to anterior. */
export interface OnGrid {
  slices: number;
  data: Float32Array;
}

/**
 * A volume on the grid of a generated one with `slices` slices, as the scores see it: a real series normalised by its 99.5th percentile
 * and cut where the stack lies, a generated one as it is.
 */
export function onGrid(volume: Volume, synthetic: boolean, slices: number): OnGrid {
  const white = synthetic ? 65_535 : percentile(volume.data, 0.995);
  const data = new Float32Array(slices * SIZE * SIZE);
  for (let slice = 0; slice < slices; slice++) {
    const depth = slices === 1 ? 0 : slice / (slices - 1);
    const place = synthetic ? depth * (volume.slices - 1) : stackPosition(volume, depth);
    sampleSlice(
      volume,
      Math.min(Math.max(place, 0), volume.slices - 1),
      white,
      data.subarray(slice * SIZE * SIZE, (slice + 1) * SIZE * SIZE),
    );
  }
  return { slices, data };
}

/** What `b` has more (positive) or less (negative) than `a`. */
export function difference(a: OnGrid, b: OnGrid): OnGrid {
  return { slices: a.slices, data: b.data.map((value, voxel) => value - a.data[voxel]!) };
}

/** The grid as an uncompressed NIfTI-1 file, which is what the viewer reads. */
export function niftiFile({ slices, data }: OnGrid, affine: readonly number[], spacing: number): Blob {
  const header = new ArrayBuffer(352);
  const view = new DataView(header);
  view.setInt32(0, 348, true);
  for (const [index, size] of [3, SIZE, SIZE, slices, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * index, size, true);
  view.setInt16(70, 16, true);
  view.setInt16(72, 32, true);
  for (const [index, size] of [1, PIXEL_MM, PIXEL_MM, spacing].entries()) view.setFloat32(76 + 4 * index, size, true);
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, 2);
  view.setInt16(254, 1, true);
  for (const [index, value] of affine.entries()) view.setFloat32(280 + 4 * index, value, true);
  for (const [index, character] of [...'n+1'].entries()) view.setUint8(344 + index, character.charCodeAt(0));
  return new Blob([header, data as Float32Array<ArrayBuffer>]);
}

function stackPosition({ slices, spacing }: Volume, depth: number): number {
  const place = STACK.first + (STACK.last - STACK.first) * depth;
  if (slices === STACK.slices && Math.abs(spacing[2] - STACK.spacing) < 0.01) return place;
  const fromMiddle = (place - (STACK.slices - 1) / 2) * STACK.spacing;
  return (slices - 1) / 2 + fromMiddle / spacing[2];
}

/** Linear between slices, bilinear in the slice about its middle, 0 outside. */
function sampleSlice({ columns, rows, data, spacing }: Volume, place: number, white: number, out: Float32Array): void {
  const before = Math.floor(place);
  const after = Math.ceil(place);
  const share = place - before;
  const offset = (SIZE - 1) / 2;
  const at = (slice: number, x: number, y: number) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, bottom] = [Math.min(left + 1, columns - 1), Math.min(top + 1, rows - 1)];
    const start = slice * rows * columns;
    const upper =
      data[start + top * columns + left]! * (1 - x + left) + data[start + top * columns + right]! * (x - left);
    const lower =
      data[start + bottom * columns + left]! * (1 - x + left) + data[start + bottom * columns + right]! * (x - left);
    return upper * (1 - y + top) + lower * (y - top);
  };
  for (let row = 0; row < SIZE; row++) {
    const y = (rows - 1) / 2 + ((row - offset) * PIXEL_MM) / spacing[1];
    for (let column = 0; column < SIZE; column++) {
      const x = (columns - 1) / 2 + ((column - offset) * PIXEL_MM) / spacing[0];
      if (x < 0 || y < 0 || x > columns - 1 || y > rows - 1) continue;
      const near = at(before, x, y);
      const value = share === 0 ? near : near + share * (at(after, x, y) - near);
      out[row * SIZE + column] = Math.min(Math.max(value / white, 0), 1);
    }
  }
}

function percentile(data: Float32Array, share: number): number {
  const sorted = data.slice().sort();
  return Math.max(sorted[Math.floor(share * (sorted.length - 1))] ?? 1, Number.EPSILON);
}
