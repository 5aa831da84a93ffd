import type { GreyImage } from './image.js';

/** How far away "three slices away" is, in slices of the trained stack of 50: 4.5 mm. */
const AWAY = { slices: 3, of: 49 } as const;

/** Each slice with its columns in reverse order: another knee, in the same place. */
export function mirroredSlices(slices: readonly GreyImage[]): GreyImage[] {
  return slices.map(({ rows, columns, data }) => {
    const turned = data.slice();
    for (let row = 0; row < rows; row++) turned.subarray(row * columns, (row + 1) * columns).reverse();
    return { rows, columns, data: turned };
  });
}

/**
 * The slice that lies 4.5 mm in front of each, three slices of the trained stack; the one as far behind where the stack ends before.
 *
 * @param slices the whole depth of the trained stack, posterior to anterior; where they are not 50, values between slices are linear
 */
export function slicesAway(slices: readonly GreyImage[]): GreyImage[] {
  const last = slices.length - 1;
  const step = (AWAY.slices / AWAY.of) * last;
  return slices.map((_, index) => sliceAt(slices, (index + step <= last + 1e-9 ? index + step : index - step) / last));
}

/** As many slices of the same size that hold nothing. */
export function blackSlices(slices: readonly GreyImage[]): GreyImage[] {
  return slices.map(({ rows, columns }) => ({ rows, columns, data: new Float32Array(rows * columns) }));
}

/** The slice of a stack at a depth, 0 (the first) to 1 (the last); linear between slices. */
export function sliceAt(slices: readonly GreyImage[], depth: number): GreyImage {
  const exact = Math.min(Math.max(depth, 0), 1) * (slices.length - 1);
  // Depths are shares: a slice that is meant is missed by a rounding error.
  const place = Math.abs(exact - Math.round(exact)) < 1e-9 ? Math.round(exact) : exact;
  const before = slices[Math.floor(place)]!;
  const share = place - Math.floor(place);
  if (share === 0) return before;
  const after = slices[Math.floor(place) + 1]!;
  const data = Float32Array.from(before.data, (value, pixel) => value + share * (after.data[pixel]! - value));
  return { rows: before.rows, columns: before.columns, data };
}

/** Mean of volumes of which one person's are left out; null where no other person's are there. */
export function meanWithout(all: VolumeSum, own: VolumeSum): GreyImage[] | null {
  const count = all.count - own.count;
  if (count <= 0) return null;
  const pixels = all.rows * all.columns;
  return Array.from({ length: all.slices }, (_, slice) => {
    const data = new Float32Array(pixels);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const at = slice * pixels + pixel;
      data[pixel] = (all.sum[at]! - own.sum[at]!) / count;
    }
    return { rows: all.rows, columns: all.columns, data };
  });
}

/** Volumes of one shape added up voxel by voxel. */
export interface VolumeSum {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  readonly sum: Float64Array;
}

/** A sum with one more volume in it; a new one from the first. @throws RangeError for another shape */
export function withVolume(known: VolumeSum | null, slices: readonly GreyImage[]): VolumeSum {
  const { rows, columns } = slices[0]!;
  const pixels = rows * columns;
  const before = known ?? {
    slices: slices.length,
    rows,
    columns,
    count: 0,
    sum: new Float64Array(slices.length * pixels),
  };
  if (before.sum.length !== slices.length * pixels) {
    throw new RangeError(`A volume of ${slices.length} x ${rows} x ${columns} voxels cannot be added to the others.`);
  }
  const sum = before.sum.slice();
  slices.forEach(({ data }, slice) => {
    for (let pixel = 0; pixel < pixels; pixel++) sum[slice * pixels + pixel]! += data[pixel]!;
  });
  return { ...before, count: before.count + 1, sum };
}
