import { gaussianTaps, smoothReflected } from '../filters.js';
import { assertImage, type GreyImage } from '../image.js';
import { findPeaks } from '../peaks.js';
import { quantile } from '../statistics/quantile.js';
import { bearingSlices, compartmentColumns } from './bearing.js';

/** So far below the middle of the slice the training has the joint, mm. */
export const JOINT_BELOW_MM = 6;

/** The joint is looked for so far about there, mm. */
const REACH_MM = 28;

/** Deviation of the Gaussian along the rows, pixels. */
const SIGMA = 1;

/** A second bright line counts when it rises by this share of the brightest one's rise, farther from it than both cartilages together. */
const SECOND = { share: 0.5, apart: 6 } as const;

/** The bright lines of one compartment: cartilage and fluid between two dark bones. A knee has one. */
export interface CompartmentLines {
  readonly lines: number;
  /** Row of the brightest, pixels; null where there is none. */
  readonly row: number | null;
}

export interface VolumeJointLines {
  readonly medial: CompartmentLines;
  readonly lateral: CompartmentLines;
}

/**
 * Joint lines of a coronal T1 FLASH stack: peaks of the mean of the bearing slices from row to row, 12 to 28 mm beside the middle. A
 * volume whose film disagrees with the anatomy that its model knows shows a second one.
 *
 * @param slices posterior to anterior, values in [0, 1], as the knee lies
 * @param side 'R' has its medial side on the picture's right
 * @param spacing pixel spacing in mm
 */
export function volumeJointLines(slices: readonly GreyImage[], side: 'R' | 'L', spacing: number): VolumeJointLines {
  const mean = meanOf(bearingSlices(slices));
  const ranges = compartmentColumns(Math.floor(mean.columns / 2), spacing);
  const [left, right] = [linesOf(mean, ranges.left, spacing), linesOf(mean, ranges.right, spacing)];
  return side === 'R' ? { medial: right, lateral: left } : { medial: left, lateral: right };
}

function meanOf(slices: readonly GreyImage[]): GreyImage {
  const { rows, columns } = slices[0]!;
  const data = new Float64Array(rows * columns);
  for (const slice of slices) {
    assertImage(slice);
    for (let pixel = 0; pixel < data.length; pixel++) data[pixel]! += slice.data[pixel]! / slices.length;
  }
  return { rows, columns, data };
}

function linesOf(
  { rows, columns, data }: GreyImage,
  { from, to }: { from: number; to: number },
  spacing: number,
): CompartmentLines {
  const profile = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let column = from; column < to; column++) profile[row]! += data[row * columns + column]! / (to - from);
  }
  const middle = rows / 2 + JOINT_BELOW_MM / spacing;
  const reach = REACH_MM / spacing;
  const first = Math.max(0, Math.trunc(middle - reach));
  const curve = smoothReflected({ rows, columns: 1, data: profile }, gaussianTaps(SIGMA, 4)).subarray(
    first,
    Math.trunc(middle + reach),
  );
  const brightest = curve.reduce((best, value, row) => (value > curve[best]! ? row : best), 0);
  const rise = curve[brightest]! - quantile(curve.slice().sort(), 0.5);
  const rule = { prominence: Math.max(SECOND.share * rise, 1e-6), distance: Math.trunc(SECOND.apart / spacing) };
  const lines = findPeaks(curve, rule).length;
  return { lines, row: lines === 0 ? null : first + brightest };
}
