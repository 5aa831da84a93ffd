import { refuseFile } from './refuse.js';
import { type Affine, type Plane, STORED_AXES, type Volume } from './volume.js';

const { abs, acos, hypot, max, min, PI, round } = Math;

/** A voxel is clearly longer the way that slices were taken: by at least this factor. Below it, a volume is of no plane. */
const LONGER = 1.2;

/** Most degrees between an axis of a volume and the patient's, and between two axes and a right angle. */
const MAX_TURN = 30;
const MAX_SHEAR = 3;

/**
 * A series as every coronal volume of the platform is stored: columns to the patient's left, rows to the feet, slices from
 * posterior to anterior, whatever order a file keeps it in. Voxels change places; no value is interpolated.
 *
 * @param name what messages call it
 * @throws UserError FILE_REFUSED when nothing says how the volume lies, when it was taken in another plane, or when its axes are
 *   too oblique or not perpendicular
 */
export function coronalSeries(volume: Volume, name: string): Volume {
  const axes = axesFor(volume, 'CORONAL', name);
  const plane = planeOf(volume, axes);
  if (plane !== null && plane !== 'CORONAL') {
    refuseFile(
      name,
      `is ${plane === 'AXIAL' ? 'an axial' : 'a sagittal'} series; a coronal one can be compared with coronal slices`,
    );
  }
  return arranged(volume, axes);
}

/**
 * A volume in the axes in which volumes of a plane are stored, whatever plane it was taken in.
 *
 * @throws UserError FILE_REFUSED when nothing says how the volume lies, or when its axes are too oblique or not perpendicular
 */
export function orientedVolume(volume: Volume, plane: Plane, name: string): Volume {
  return arranged(volume, axesFor(volume, plane, name));
}

/** The pictures that a volume gives when it is cut along a plane: their size and number, and their pixels in mm. */
export interface Cut {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly pixel: readonly [across: number, down: number];
}

/** How a volume is cut along the plane that its voxels are nearest to. Unlike {@link orientedVolume} it takes any volume, also one of which it is assumed how it lies. */
export function cutAlong({ columns, rows, slices, affine }: Omit<Volume, 'data'>, plane: Plane): Cut {
  const sides = ([0, 1, 2] as const).map((axis) => [affine[axis], affine[4 + axis]!, affine[8 + axis]!]);
  const lengths = sides.map((side) => hypot(...side) || 1);
  const { order } = nearestAxes(
    sides.map((side, axis) => side.map((part) => part / lengths[axis]!)),
    plane,
  );
  const sizes = order.map((axis) => [columns, rows, slices][axis]!);
  return {
    columns: sizes[0]!,
    rows: sizes[1]!,
    slices: sizes[2]!,
    pixel: [lengths[order[0]]!, lengths[order[1]]!],
  };
}

type Axis = 0 | 1 | 2;

/** Which axis of a volume becomes the next column, row or slice, and whether backwards. */
interface Taken {
  readonly axis: Axis;
  readonly backwards: boolean;
}

type Axes = readonly [Taken, Taken, Taken];

const ORDERS: readonly (readonly [Axis, Axis, Axis])[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** The assignment of a volume's axes to those of a plane that turns it least. */
function axesFor({ affine, placement }: Volume, plane: Plane, name: string): Axes {
  if (placement === 'UNKNOWN') {
    refuseFile(name, 'does not say how it lies in the patient: its sform and qform codes are both 0');
  }
  const ways = ([0, 1, 2] as const).map((axis) => direction(affine, axis));
  if (!ways.flat().every(Number.isFinite))
    refuseFile(name, 'has an affine that is not one: an axis of it has no length');
  assertPerpendicular(ways, name);
  const { order, cosines } = nearestAxes(ways, plane);
  const turn = max(...cosines.map((cosine) => degrees(min(1, abs(cosine)))));
  if (turn > MAX_TURN) {
    refuseFile(
      name,
      `lies oblique, ${round(turn)} degrees off the patient's axes; at most ${MAX_TURN} can be compared`,
    );
  }
  const [column, row, slice] = cosines.map((cosine, index) => ({ axis: order[index]!, backwards: cosine < 0 }));
  return [column!, row!, slice!];
}

/** Which axis of a volume lies nearest to each of a plane's, each one once, and the cosines between them. */
function nearestAxes(
  ways: readonly (readonly number[])[],
  plane: Plane,
): { order: readonly [Axis, Axis, Axis]; cosines: number[] } {
  const cosines = (order: readonly Axis[]): number[] =>
    order.map((axis, index) => dot(ways[axis]!, STORED_AXES[plane][index]!));
  const upright = (order: readonly Axis[]): number => cosines(order).reduce((sum, cosine) => sum + abs(cosine), 0);
  const order = ORDERS.reduce((best, other) => (upright(other) > upright(best) + 1e-9 ? other : best));
  return { order, cosines: cosines(order) };
}

function assertPerpendicular(ways: readonly (readonly number[])[], name: string): void {
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const shear = 90 - degrees(min(1, abs(dot(ways[a]!, ways[b]!))));
    if (shear > MAX_SHEAR) {
      refuseFile(
        name,
        `is sheared by ${round(shear)} degrees: its slices are shifted against each other and cannot be compared`,
      );
    }
  }
}

/** The plane in which a volume was taken, by its longest voxel side; null when no side is clearly the longest. */
function planeOf({ spacing }: Volume, axes: Axes): Plane | null {
  const sides = axes.map(({ axis }) => spacing[axis]);
  const [, middle, longest] = [...sides].sort((a, b) => a - b);
  if (longest! < LONGER * middle!) return null;
  // The axes are those of a coronal volume: across it lie sagittal slices, along its rows axial ones.
  return (['SAGITTAL', 'AXIAL', 'CORONAL'] as const)[sides.indexOf(longest!)]!;
}

function arranged(volume: Volume, axes: Axes): Volume {
  if (axes.every(({ axis, backwards }, index) => axis === index && !backwards)) return volume;
  const sizes = [volume.columns, volume.rows, volume.slices] as const;
  const strides = [1, volume.columns, volume.columns * volume.rows] as const;
  const [column, row, slice] = axes;
  const [columns, rows, slices] = [sizes[column.axis], sizes[row.axis], sizes[slice.axis]];
  const steps = axes.map(({ axis, backwards }) => (backwards ? -strides[axis] : strides[axis]));
  const start = axes.reduce((at, { axis, backwards }) => at + (backwards ? strides[axis] * (sizes[axis] - 1) : 0), 0);
  const data = volume.data.slice();
  let to = 0;
  for (let z = 0; z < slices; z++) {
    for (let y = 0; y < rows; y++) {
      let from = start + z * steps[2]! + y * steps[1]!;
      for (let x = 0; x < columns; x++, from += steps[0]!) data[to++] = volume.data[from]!;
    }
  }
  const { spacing } = volume;
  return {
    ...volume,
    columns,
    rows,
    slices,
    data,
    spacing: [spacing[column.axis], spacing[row.axis], spacing[slice.axis]],
    affine: arrangedAffine(volume.affine, axes, sizes),
  };
}

function arrangedAffine(affine: Affine, axes: Axes, sizes: readonly [number, number, number]): Affine {
  const row = (world: Axis): [number, number, number, number] => {
    const at = 4 * world;
    const [x, y, z] = axes.map(({ axis, backwards }) => (backwards ? -affine[at + axis]! : affine[at + axis]!));
    const origin = axes.reduce(
      (sum, { axis, backwards }) => sum + (backwards ? affine[at + axis]! * (sizes[axis] - 1) : 0),
      affine[at + 3]!,
    );
    // Adding 0 turns -0 into 0.
    return [x! + 0, y! + 0, z! + 0, origin + 0];
  };
  return [...row(0), ...row(1), ...row(2)];
}

/** Unit vector in RAS to the next voxel along an axis. */
function direction(affine: Affine, axis: Axis): readonly [number, number, number] {
  const [x, y, z] = [affine[axis], affine[4 + axis]!, affine[8 + axis]!];
  const length = hypot(x, y, z);
  return [x / length, y / length, z / length];
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
}

function degrees(cosine: number): number {
  return (acos(cosine) * 180) / PI;
}
