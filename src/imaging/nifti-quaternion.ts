import type { Affine, Volume } from './volume.js';

/** A qform holds turned and flipped grids alone: an affine that it misses by more than this share of a voxel has none. */
const QFORM_TOLERANCE = 5e-4;

/** A turn as NIfTI-1 keeps it: b, c and d of a unit quaternion, and the handedness. */
export interface Quaternion {
  readonly qfac: number;
  readonly quaternion: readonly [number, number, number];
}

/** The affine of a turn, with the origin of `at` (nifti1.h, method 2). */
export function fromQuaternion(
  { qfac, quaternion: [b, c, d] }: Quaternion,
  [x, y, z]: Volume['spacing'],
  at: Affine,
): Affine {
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const depth = qfac * z;
  type Row = [number, number, number, number];
  const first: Row = [(a * a + b * b - c * c - d * d) * x, 2 * (b * c - a * d) * y, 2 * (b * d + a * c) * depth, at[3]];
  const second: Row = [
    2 * (b * c + a * d) * x,
    (a * a + c * c - b * b - d * d) * y,
    2 * (c * d - a * b) * depth,
    at[7],
  ];
  const third: Row = [
    2 * (b * d - a * c) * x,
    2 * (c * d + a * b) * y,
    (a * a + d * d - b * b - c * c) * depth,
    at[11],
  ];
  return [...first, ...second, ...third];
}

/** Whether two affines place every voxel alike, to within a qform's tolerance. */
export function isSame(a: Affine, b: Affine, spacing: Volume['spacing']): boolean {
  return a.every((value, index) => {
    const axis = index % 4;
    return axis === 3 || Math.abs(value - b[index]!) <= QFORM_TOLERANCE * spacing[axis]!;
  });
}

/** The rotation of an affine as NIfTI-1's (b, c, d) with the handedness in qfac (nifti1.h, method 2). */
export function toQuaternion(affine: Affine, spacing: Volume['spacing']): Quaternion {
  const column = (axis: 0 | 1 | 2): [number, number, number] => [
    affine[axis]! / spacing[axis],
    affine[4 + axis]! / spacing[axis],
    affine[8 + axis]! / spacing[axis],
  ];
  const [[xx, yx, zx], [xy, yy, zy], third] = [column(0), column(1), column(2)];
  const determinant = third[0] * (yx * zy - zx * yy) + third[1] * (zx * xy - xx * zy) + third[2] * (xx * yy - yx * xy);
  const qfac = determinant < 0 ? -1 : 1;
  const [xz, yz, zz] = [qfac * third[0], qfac * third[1], qfac * third[2]];
  // The largest component is taken from the diagonal, the others from it: no division by a small number.
  const squares = [1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz];
  const largest = squares.indexOf(Math.max(...squares));
  const root = 2 * Math.sqrt(squares[largest]!);
  const candidates: readonly (readonly [number, number, number, number])[] = [
    [root / 4, (zy - yz) / root, (xz - zx) / root, (yx - xy) / root],
    [(zy - yz) / root, root / 4, (xy + yx) / root, (xz + zx) / root],
    [(xz - zx) / root, (xy + yx) / root, root / 4, (yz + zy) / root],
    [(yx - xy) / root, (xz + zx) / root, (yz + zy) / root, root / 4],
  ];
  const [a, b, c, d] = candidates[largest]!;
  const sign = a < 0 ? -1 : 1;
  return { qfac, quaternion: [sign * b, sign * c, sign * d] };
}
