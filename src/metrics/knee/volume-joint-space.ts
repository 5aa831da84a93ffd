import { gaussianTaps, smoothReflected } from '../filters.js';
import { assertImage, type GreyImage } from '../image.js';
import { legColumns } from '../leg.js';
import { median, quantile } from '../statistics/quantile.js';
import { bearingSlices, compartmentColumns } from './bearing.js';
import { type ColumnRange, type JointEdges, traceCompartments, type Trace } from './coupled-edges.js';

/** Deviation of the Gaussian before edges are looked for, pixels. */
const SIGMA = 0.8;

/** Behind an edge lies so much bone, darker than the edge all through, mm. A meniscus, as dark, is thinner. */
const BONE_MM = 8.75;

/** Widest joint space, mm, this one excluded. */
const WIDEST_MM = 11.25;

/** Of the widths of a compartment on one slice the one that a quarter of its columns fall below. */
const NARROW = 0.25;

/** Mean of an edge, in units of the compartment's strong ones, under which it was not seen. */
const WEAKEST = 0.2;

/** Share of the bearing slices that must show both edges of a compartment. */
const SHOWN = 0.5;

/** Bone to bone, mm; null where the edges of the bones are not seen. */
export interface VolumeJointSpace {
  readonly medial: number | null;
  readonly lateral: number | null;
}

/**
 * Joint space of both compartments of a coronal T1 FLASH stack with water excitation, bone to bone: on every slice on which femur and tibia
 * bear on each other both edges are traced at once, as `readFilmJointSpace` does on films; the figure is the median over the slices of
 * each one's first quartile over the columns. Cartilage is bright and bone dark; what tells bone from meniscus is its height.
 *
 * @param slices posterior to anterior, values in [0, 1], as the knee lies
 * @param side 'R' has its medial side on the picture's right
 * @param spacing pixel spacing in mm
 * @throws RangeError for values that are not finite
 */
export function volumeJointSpace(slices: readonly GreyImage[], side: 'R' | 'L', spacing: number): VolumeJointSpace {
  const bearing = bearingSlices(slices);
  const widths = bearing.map((slice) => widthsOf(slice, spacing));
  const [left, right] = [0, 1].map((place) => {
    const seen = widths.flatMap((pair) => pair[place] ?? []);
    return seen.length < SHOWN * bearing.length ? null : median(seen) * spacing;
  }) as [number | null, number | null];
  return side === 'R' ? { medial: right, lateral: left } : { medial: left, lateral: right };
}

/** Widths of the compartments on the picture's left and right, pixels. */
function widthsOf(slice: GreyImage, spacing: number): [number | null, number | null] {
  assertImage(slice);
  const leg = legColumns(slice);
  if (!leg) return [null, null];
  const { left, right } = compartmentColumns(Math.floor((leg.left + leg.right) / 2), spacing);
  if (left.from < 0 || right.to > slice.columns) return [null, null];
  const edges = boneEdges(slice, [left, right], Math.trunc(BONE_MM / spacing));
  const traces = traceCompartments(edges, [left, right], { below: Math.trunc(WIDEST_MM / spacing), cost: 0 });
  return traces ? [narrowOf(traces[0]), narrowOf(traces[1])] : [null, null];
}

/** By how much a pixel's neighbour towards the joint is brighter than the brightest of the pixels from itself into the bone; never below 0. */
function boneEdges(slice: GreyImage, ranges: readonly ColumnRange[], bone: number): JointEdges {
  const { rows, columns } = slice;
  const smooth = smoothReflected(slice, gaussianTaps(SIGMA, 4));
  const [femur, tibia] = [new Float64Array(smooth.length), new Float64Array(smooth.length)];
  for (const { from, to } of ranges) {
    for (let column = from; column < to; column++) {
      for (let row = bone; row < rows - bone; row++) {
        const at = row * columns + column;
        let [above, below] = [0, 0];
        for (let step = 1; step <= bone; step++) {
          above = Math.max(above, smooth[at - step * columns]!);
          below = Math.max(below, smooth[at + step * columns]!);
        }
        femur[at] = Math.max(0, smooth[at + columns]! - above);
        tibia[at] = Math.max(0, smooth[at - columns]! - below);
      }
    }
  }
  return { femur: { rows, columns, data: femur }, tibia: { rows, columns, data: tibia } };
}

function narrowOf({ femur, tibia, femurStrength, tibiaStrength }: Trace): number | null {
  if (Math.min(femurStrength, tibiaStrength) < WEAKEST) return null;
  return quantile(tibia.map((row, column) => row - femur[column]!).sort(), NARROW);
}
