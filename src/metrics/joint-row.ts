import type { GreyImage } from './image.js';
import { legColumns } from './leg.js';

/** Share of the height in which the joint line is looked for, and the expected place: the middle of the image. */
const SEARCH_FROM = 0.3;
const SEARCH_TO = 0.72;
/** The joint may lie this share of the height away from the expected row before the prior halves its score. */
const PRIOR_WIDTH = 0.12;
/** Slices on each side whose profiles support a slice's own, as a standard deviation in slices. */
const NEIGHBOUR_SLICES = 4;

/**
 * Row of the tibiofemoral joint line on each coronal slice of one real volume.
 *
 * On T1 FLASH with water excitation the joint is a bright band (cartilage, fluid) between two dark bodies (femur, tibia). For
 * each candidate row the finder takes, over the middle third of the columns that the leg covers, the mean of a band of 3 % of
 * the height and subtracts the mean of the darker flank pair: the 15 % above and the 15 % below. A weak Gaussian prior
 * favours the middle. Slices behind the condyles or through the patella show no joint, so each slice's curve is averaged with
 * its neighbours' (Gaussian over the slice index) before the maximum is taken.
 *
 * @param slices one volume, values in [0, 1], all of one shape
 * @returns one row index per slice
 */
export function findJointRows(slices: readonly GreyImage[]): number[] {
  const curves = slices.map(jointCurve);
  return slices.map((slice, index) => {
    const combined = new Float64Array(slice.rows);
    curves.forEach((curve, other) => {
      const distance = (other - index) / NEIGHBOUR_SLICES;
      const weight = Math.exp(-0.5 * distance * distance);
      if (weight < 1e-3) return;
      for (let row = 0; row < combined.length; row++) combined[row]! += weight * curve[row]!;
    });
    return indexOfMaximum(combined);
  });
}

/** Row of the joint line on a single slice, by the same rule without neighbours; see {@link findJointRows}. */
export function findJointRow(slice: GreyImage): number {
  return indexOfMaximum(jointCurve(slice));
}

/** How much each row looks like the joint line; -Infinity is avoided so that curves can be averaged. */
function jointCurve(slice: GreyImage): Float64Array {
  const { rows } = slice;
  const profile = middleThirdProfile(slice);
  const sums = new Float64Array(rows + 1);
  for (let row = 0; row < rows; row++) sums[row + 1] = sums[row]! + profile[row]!;
  const mean = (from: number, to: number): number => {
    const first = Math.max(0, from);
    const last = Math.min(rows, to);
    return last > first ? (sums[last]! - sums[first]!) / (last - first) : 0;
  };
  const half = Math.max(1, Math.round(rows * 0.015));
  const flank = Math.max(2, Math.round(rows * 0.15));
  const gap = 2 * half;
  const curve = new Float64Array(rows).fill(-1);
  for (let row = Math.round(rows * SEARCH_FROM); row < Math.round(rows * SEARCH_TO); row++) {
    const above = mean(row - gap - flank, row - gap);
    const below = mean(row + gap + 1, row + gap + flank + 1);
    const contrast = mean(row - half, row + half + 1) - Math.max(above, below);
    const distance = (row - rows / 2) / (rows * PRIOR_WIDTH);
    curve[row] = contrast - 0.02 * distance * distance;
  }
  return curve;
}

/** Mean of each row over the middle third of the columns between the leg's outlines. */
function middleThirdProfile(slice: GreyImage): Float64Array {
  const { rows, columns, data } = slice;
  const { left, right } = legColumns(slice) ?? { left: 0, right: slice.columns - 1 };
  const from = Math.round(left + (right - left) / 3);
  const to = Math.max(from + 1, Math.round(right - (right - left) / 3));
  const profile = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = from; column < to; column++) sum += data[row * columns + column]!;
    profile[row] = sum / (to - from);
  }
  return profile;
}

function indexOfMaximum(values: Float64Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index;
  return best;
}
