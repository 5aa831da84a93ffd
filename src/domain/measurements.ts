/** What can be measured on an image. */
export const MEASUREMENT_KINDS = ['LENGTH', 'ANGLE', 'JOINT_SPACE'] as const;
export type MeasurementKind = (typeof MEASUREMENT_KINDS)[number];

/** What a value is in: mm where the size of a pixel is known. */
export const MEASUREMENT_UNITS = ['MM', 'PIXEL', 'DEGREE'] as const;
export type MeasurementUnit = (typeof MEASUREMENT_UNITS)[number];

/** Column and row in a picture; the middle of its first pixel is 0, 0. */
export type PicturePoint = readonly [column: number, row: number];

/** How many points each kind takes. */
export const MEASUREMENT_POINTS: Readonly<Record<MeasurementKind, number>> = { LENGTH: 2, ANGLE: 3, JOINT_SPACE: 3 };

/**
 * The value of a measurement: a length between two points, an angle at the second of three, or how far the third stands off the line through
 * the first two.
 *
 * @param pixel size of a pixel across and down, mm; null where it is unknown: lengths are in pixels then, and an angle is that of the picture
 */
export function measure(
  kind: MeasurementKind,
  points: readonly PicturePoint[],
  pixel: readonly [across: number, down: number] | null,
): { value: number; unit: MeasurementUnit } {
  const [across, down] = pixel ?? [1, 1];
  const [a, b, c] = points.map(([column, row]): PicturePoint => [column * across, row * down]);
  if (kind === 'ANGLE') return { value: angleAt(b!, a!, c!), unit: 'DEGREE' };
  return { value: kind === 'LENGTH' ? distance(a!, b!) : offLine(a!, b!, c!), unit: pixel ? 'MM' : 'PIXEL' };
}

function distance(a: PicturePoint, b: PicturePoint): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

/** Degrees, 0 to 180; 0 where a side has no length. */
function angleAt(vertex: PicturePoint, a: PicturePoint, b: PicturePoint): number {
  const [x, y] = [a, b].map((end) => [end[0] - vertex[0], end[1] - vertex[1]] as const) as [PicturePoint, PicturePoint];
  const turn = Math.atan2(Math.abs(x[0] * y[1] - x[1] * y[0]), x[0] * y[0] + x[1] * y[1]);
  return (turn * 180) / Math.PI;
}

/** Distance of a point from the line through two others; from the first of them where they are the same. */
function offLine(from: PicturePoint, to: PicturePoint, point: PicturePoint): number {
  const length = distance(from, to);
  if (length === 0) return distance(from, point);
  const cross = (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]);
  return Math.abs(cross) / length;
}
