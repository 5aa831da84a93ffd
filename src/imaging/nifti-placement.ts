import { fromQuaternion, type Quaternion } from './nifti-quaternion.js';
import type { Affine, Placement, Volume } from './volume.js';

/** Codes of sform and qform (nifti1.h): none, scanner coordinates, aligned to anatomical axes. */
export const XFORM: Readonly<Record<Placement, number>> = { UNKNOWN: 0, SCANNER: 1, ALIGNED: 2 };

/** Where a header says that a volume lies (nifti1.h, methods 3, 2 and 1). */
export function readPlacement(
  view: DataView,
  spacing: Volume['spacing'],
  little: boolean,
): { affine: Affine; placement: Placement } {
  const number = (at: number): number => view.getFloat32(at, little);
  const row = (at: number): [number, number, number, number] => [
    number(at),
    number(at + 4),
    number(at + 8),
    number(at + 12),
  ];
  const sform: Affine = [...row(280), ...row(296), ...row(312)];
  const sformCode = view.getInt16(254, little);
  if (sformCode > 0) return { affine: sform, placement: placementOf(sformCode) };
  const qformCode = view.getInt16(252, little);
  if (qformCode > 0) {
    const turn: Quaternion = { qfac: number(76) < 0 ? -1 : 1, quaternion: [number(256), number(260), number(264)] };
    const at: Affine = [0, 0, 0, number(268), 0, 0, 0, number(272), 0, 0, 0, number(276)];
    return { affine: fromQuaternion(turn, spacing, at), placement: placementOf(qformCode) };
  }
  const [x, y, z] = spacing;
  // What we assumed when we wrote the file, else the bare axes of method 1.
  const assumed: Affine = sform.some((value) => value !== 0) ? sform : [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0];
  return { affine: assumed, placement: 'UNKNOWN' };
}

/** The sides of a voxel, mm: those of the affine where it contradicts the header's by more than rounding. */
export function voxelSides(affine: Affine, stated: Volume['spacing'], placement: Placement): Volume['spacing'] {
  if (placement === 'UNKNOWN') return stated;
  const side = (axis: 0 | 1 | 2): number => {
    const length = Math.hypot(affine[axis], affine[4 + axis]!, affine[8 + axis]!);
    return Math.abs(length - stated[axis]) > 0.01 * stated[axis] ? length : stated[axis];
  };
  return [side(0), side(1), side(2)];
}

function placementOf(code: number): Placement {
  return code === XFORM.SCANNER ? 'SCANNER' : 'ALIGNED';
}
