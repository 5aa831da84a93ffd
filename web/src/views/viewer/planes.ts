import type { Volume } from '../../lib/nifti.ts';

/** The planes of the body in the order in which keys go through them. */
export const PLANES = ['coronal', 'sagittal', 'axial'] as const;

export type Plane = (typeof PLANES)[number];

/** Letters at the edges of a picture: R, L, A, P, S, I, two where the plane is oblique. */
export interface Marks {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

/** A volume cut along one plane of the body, as radiologists hang it: the patient's right on the picture's left, anterior on the left or above. */
export interface Cut {
  columns: number;
  rows: number;
  slices: number;
  /** Millimetres between pixels, across and down. */
  spacing: readonly [number, number];
  /** Millimetres between slices. */
  gap: number;
  marks: Marks;
  slice(index: number): Float32Array;
  /** Where a pixel of a slice is in the volume. */
  toVoxel(column: number, row: number, slice: number): Voxel;
  fromVoxel(voxel: Voxel): { column: number; row: number; slice: number };
}

/** Column, row and slice of the stored volume. */
export type Voxel = readonly [number, number, number];

/** Patient axes (0: towards the right, 1: anterior, 2: superior) and signs across, down and through the slices of a plane. */
const LAYOUT: Record<Plane, readonly [Direction, Direction, Direction]> = {
  // From posterior to anterior.
  coronal: [
    [0, -1],
    [2, -1],
    [1, 1],
  ],
  // From the patient's right to the left.
  sagittal: [
    [1, -1],
    [2, -1],
    [0, -1],
  ],
  // From inferior to superior.
  axial: [
    [0, -1],
    [1, -1],
    [2, 1],
  ],
};

type Direction = readonly [axis: 0 | 1 | 2, sign: 1 | -1];

/**
 * Cuts a volume along the plane of the body that its voxels are nearest to; nothing is interpolated. Of one whose file does not say where it lies
 * the planes are an assumption, so its edges have no names.
 */
export function cutAlong(volume: Volume, plane: Plane): Cut {
  const sizes: Voxel = [volume.columns, volume.rows, volume.slices];
  const strides: Voxel = [1, volume.columns, volume.columns * volume.rows];
  const voxelAxes = nearestAxes(volume.affine);
  const [across, down, through] = LAYOUT[plane].map(([patientAxis, sign]) => {
    const axis = voxelAxes[patientAxis]!;
    const forward = volume.affine[4 * patientAxis + axis]! * sign > 0;
    return { axis, forward, size: sizes[axis], spacing: lengthAlong(volume.affine, axis) };
  }) as [VoxelAxis, VoxelAxis, VoxelAxis];
  const index = ({ forward, size }: VoxelAxis, place: number) => (forward ? place : size - 1 - place);
  return {
    columns: across.size,
    rows: down.size,
    slices: through.size,
    spacing: [across.spacing, down.spacing],
    gap: through.spacing,
    marks: volume.placed
      ? {
          left: letters(volume.affine, across.axis, across.forward ? -1 : 1),
          right: letters(volume.affine, across.axis, across.forward ? 1 : -1),
          top: letters(volume.affine, down.axis, down.forward ? -1 : 1),
          bottom: letters(volume.affine, down.axis, down.forward ? 1 : -1),
        }
      : { left: '', right: '', top: '', bottom: '' },
    slice(slice) {
      const pixels = new Float32Array(across.size * down.size);
      const start = index(through, slice) * strides[through.axis];
      for (let row = 0, pixel = 0; row < down.size; row++) {
        const line = start + index(down, row) * strides[down.axis];
        for (let column = 0; column < across.size; column++, pixel++)
          pixels[pixel] = volume.data[line + index(across, column) * strides[across.axis]]!;
      }
      return pixels;
    },
    toVoxel(column, row, slice) {
      const voxel: [number, number, number] = [0, 0, 0];
      voxel[across.axis] = index(across, column);
      voxel[down.axis] = index(down, row);
      voxel[through.axis] = index(through, slice);
      return voxel;
    },
    fromVoxel: (voxel) => ({
      column: index(across, voxel[across.axis]),
      row: index(down, voxel[down.axis]),
      slice: index(through, voxel[through.axis]),
    }),
  };
}

/** Where a voxel lies: millimetres towards the patient's right, anterior and superior. */
export function patientPlace({ affine }: Pick<Volume, 'affine'>, [column, row, slice]: Voxel): Voxel {
  const along = (axis: number) =>
    affine[4 * axis]! * column + affine[4 * axis + 1]! * row + affine[4 * axis + 2]! * slice + affine[4 * axis + 3]!;
  return [along(0), along(1), along(2)];
}

interface VoxelAxis {
  axis: 0 | 1 | 2;
  forward: boolean;
  size: number;
  spacing: number;
}

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** For each patient axis the voxel axis that runs along it, each one once, by the directions' total agreement. */
function nearestAxes(affine: readonly number[]): readonly (0 | 1 | 2)[] {
  const agreement = (order: readonly number[]) =>
    order.reduce((sum, axis, patient) => sum + Math.abs(affine[4 * patient + axis]!) / lengthAlong(affine, axis), 0);
  return ORDERS.reduce((best, order) => (agreement(order) > agreement(best) + 1e-9 ? order : best));
}

function lengthAlong(affine: readonly number[], axis: number): number {
  return Math.hypot(affine[axis]!, affine[4 + axis]!, affine[8 + axis]!) || 1;
}

/** A second letter is told from 15 degrees on. */
const OBLIQUE = Math.sin((15 * Math.PI) / 180);

function letters(affine: readonly number[], axis: number, sign: 1 | -1): string {
  const length = lengthAlong(affine, axis);
  return ['RL', 'AP', 'SI']
    .map((pair, patient) => ({ pair, part: (sign * affine[4 * patient + axis]!) / length }))
    .filter(({ part }) => Math.abs(part) > OBLIQUE)
    .toSorted((a, b) => Math.abs(b.part) - Math.abs(a.part))
    .slice(0, 2)
    .map(({ pair, part }) => pair[part > 0 ? 0 : 1])
    .join('');
}
