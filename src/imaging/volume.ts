import type { PixelData } from './dicom/stored-values.js';

/** The anatomical plane that slices are parallel to, or null when the files do not say. */
export type Plane = 'CORONAL' | 'SAGITTAL' | 'AXIAL';

/**
 * A 3 x 4 matrix, row after row: voxel (column, row, slice) to mm in NIfTI's coordinates, RAS: x grows to the patient's
 * right, y to the front, z to the head.
 */
export type Affine = readonly [
  ...[number, number, number, number],
  ...[number, number, number, number],
  ...[number, number, number, number],
];

/**
 * What the affine of a volume is worth: coordinates of the scanner, the patient's axes about an origin that means nothing (a
 * generated volume), or an assumption, because nothing said how the volume lies.
 */
export type Placement = 'SCANNER' | 'ALIGNED' | 'UNKNOWN';

/** Slices of one series on a regular grid. */
export interface Volume {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  /** slices x rows x columns values in C order. */
  readonly data: PixelData;
  /** mm between columns, between rows, between slices. */
  readonly spacing: readonly [number, number, number];
  readonly affine: Affine;
  readonly placement: Placement;
}

type Direction = readonly [number, number, number];

/**
 * How volumes of each plane are stored, as RAS unit vectors to the next column, row and slice: radiological convention in plane;
 * coronal slices go from posterior to anterior, sagittal ones from the patient's right to the left, axial ones to the head.
 */
export const STORED_AXES: Readonly<Record<Plane, readonly [Direction, Direction, Direction]>> = {
  CORONAL: [
    [-1, 0, 0],
    [0, 0, -1],
    [0, 1, 0],
  ],
  SAGITTAL: [
    [0, -1, 0],
    [0, 0, -1],
    [-1, 0, 0],
  ],
  AXIAL: [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ],
};

/** Affine of a volume of the given plane whose middle is the origin: for generated volumes and files without positions. */
export function centredAffine(
  plane: Plane,
  size: readonly [number, number, number],
  spacing: Volume['spacing'],
): Affine {
  const axes = STORED_AXES[plane];
  const step = axes.map((axis, index) => axis.map((part) => part * spacing[index]!));
  const row = (axis: 0 | 1 | 2): [number, number, number, number] => {
    const [column, down, slice] = [step[0]![axis]!, step[1]![axis]!, step[2]![axis]!];
    const middle = (column * (size[0] - 1) + down * (size[1] - 1) + slice * (size[2] - 1)) / 2;
    // Adding 0 turns -0 into 0, which headers and tests print alike.
    return [column + 0, down + 0, slice + 0, 0 - middle];
  };
  return [...row(0), ...row(1), ...row(2)];
}
