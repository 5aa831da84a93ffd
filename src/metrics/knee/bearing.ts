import type { GreyImage } from '../image.js';

/** Depths of a coronal stack, 0 behind to 1 in front, between which femur and tibia bear on each other: slices 26 to 35 of the trained 50. */
const BEARING = { from: 25.5 / 49, to: 35.5 / 49 } as const;

/** The slices of a stack on which the joint is read; the one nearest to their middle where a stack of few slices has none of them. */
export function bearingSlices(slices: readonly GreyImage[]): GreyImage[] {
  const depth = (index: number) => (slices.length > 1 ? index / (slices.length - 1) : 0.5);
  const inside = slices.filter((_, index) => depth(index) >= BEARING.from && depth(index) <= BEARING.to);
  if (inside.length > 0) return inside;
  const middle = ((BEARING.from + BEARING.to) / 2) * (slices.length - 1);
  return slices.slice(Math.round(middle)).slice(0, 1);
}

/** Columns of each compartment, the last ones excluded: 12 to 28 mm beside the middle. Medial is the picture's right on a right knee. */
export function compartmentColumns(
  middle: number,
  spacing: number,
): { left: { from: number; to: number }; right: { from: number; to: number } } {
  const [near, far] = [Math.trunc(12 / spacing), Math.trunc(28 / spacing)];
  return { left: { from: middle - far, to: middle - near }, right: { from: middle + near, to: middle + far } };
}
