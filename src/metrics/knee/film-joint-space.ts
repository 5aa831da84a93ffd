import { gaussianTaps, smoothReflected } from '../filters.js';
import { assertImage, type GreyImage } from '../image.js';
import { median } from '../statistics/quantile.js';
import { traceCompartments, type Trace } from './coupled-edges.js';

/** Columns to which a crop is brought: that of the public films, in which the knee takes 80 to 95 % of the width. */
const WIDTH = 224;

/** Deviation of the Gaussian before the gradient, in working columns. */
const SIGMA = 1.2;

/** Columns traced in the compartment on the image's left, mirrored for the other, and those of them over which the width is measured. */
const TRACED = { from: 34, to: 90 } as const;
const MEASURED = { from: 36, to: 84 } as const;

/** Columns over which the width is averaged before the minimum is taken: about 2 mm of a knee. */
const RUN = 5;

/** Mean gradient along an edge, in units of the compartment's strong gradients, under which the edge was not seen. */
const WEAKEST = 0.2;

/**
 * Gaps in working rows. Where bone meets bone there is no femoral edge left to follow: the cost then closes the gap instead of leaving it
 * to grain.
 */
const GAP = { below: 28, cost: 0.045 } as const;

/** Working columns at each side of a crop that show soft tissue or air, hardly ever bone. */
const SIDE = 6;

/** Fewest rows and columns of a crop. */
const SMALLEST = 64;

/** Why a compartment's joint space could not be read. */
export type UnreadReason = 'TOO_SMALL' | 'NO_EDGES' | 'WEAK_EDGES';

/** The joint space of one compartment; everything in pixels of the crop, pixel centres being whole numbers. */
export interface CompartmentSpace {
  /** Narrowest width, each averaged over 2 % of the crop's width. */
  readonly minimum: number;
  readonly mean: number;
  /** The columns that were traced, left to right, and the rows of both edges in each: the condyle's lower and the plateau's upper one. */
  readonly columns: Float64Array;
  readonly femur: Float64Array;
  readonly tibia: Float64Array;
}

export type CompartmentReading =
  { readonly space: CompartmentSpace; readonly reason: null } | { readonly space: null; readonly reason: UnreadReason };

export interface FilmJointSpace {
  readonly medial: CompartmentReading;
  readonly lateral: CompartmentReading;
}

/**
 * Joint-space width of both compartments on the film of one knee, by coupled-edge dynamic programming.
 *
 * The condyle's lower edge (bright to dark, going down) and the plateau's upper edge (dark to bright) are traced together, column by
 * column, and refined to a fraction of a pixel. Where bone meets bone the femoral edge fades and the width tends to the smallest that is
 * told apart, 1 % of the crop's width or less. Pinned to numpy (`osteograph_training/reading/joint_space.py`).
 *
 * @param film crop of one knee, values in [0, 1], of any size from 64 x 64 pixels; the joint within 32 to 73 % of the height; bone may be
 *   bright or dark
 * @param side a right knee has its lateral side on the image's left, as PA films are shown
 * @throws RangeError for values that are not finite
 */
export function readFilmJointSpace(film: GreyImage, side: 'R' | 'L'): FilmJointSpace {
  assertImage(film);
  const [left, right] = compartments(film);
  return side === 'R' ? { medial: right, lateral: left } : { medial: left, lateral: right };
}

function compartments(film: GreyImage): [CompartmentReading, CompartmentReading] {
  if (Math.min(film.rows, film.columns) < SMALLEST) return [unread('TOO_SMALL'), unread('TOO_SMALL')];
  const scale = film.columns / WIDTH;
  const working = resampled(smoothed(film, SIGMA * scale), scale);
  const sign = boneIsDark(working) ? -1 : 1;
  const edges = { femur: verticalGradient(working, -sign), tibia: verticalGradient(working, sign) };
  const traces = traceCompartments(edges, [TRACED, { from: WIDTH - TRACED.to, to: WIDTH - TRACED.from }], GAP);
  if (traces === null) return [unread('NO_EDGES'), unread('NO_EDGES')];
  const fromLeft = MEASURED.from - TRACED.from;
  const toLeft = MEASURED.to - TRACED.from;
  const length = TRACED.to - TRACED.from;
  return [reading(traces[0], scale, fromLeft, toLeft), reading(traces[1], scale, length - toLeft, length - fromLeft)];
}

function reading(trace: Trace, scale: number, from: number, to: number): CompartmentReading {
  if (Math.min(trace.femurStrength, trace.tibiaStrength) < WEAKEST) return unread('WEAK_EDGES');
  const widths = trace.tibia.map((row, index) => (row - trace.femur[index]!) * scale).subarray(from, to);
  const mean = average(widths, 0, widths.length);
  let minimum = Infinity;
  for (let first = 0; first + RUN <= widths.length; first++) {
    minimum = Math.min(minimum, average(widths, first, first + RUN));
  }
  const toCrop = (place: number) => (place + 0.5) * scale - 0.5;
  return {
    space: {
      minimum: Math.max(0, minimum),
      mean,
      columns: trace.columns.map(toCrop),
      femur: trace.femur.map(toCrop),
      tibia: trace.tibia.map(toCrop),
    },
    reason: null,
  };
}

function unread(reason: UnreadReason): CompartmentReading {
  return { space: null, reason };
}

function average(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index++) sum += values[index]!;
  return sum / (to - from);
}

function smoothed(film: GreyImage, sigma: number): GreyImage {
  return { ...film, data: smoothReflected(film, gaussianTaps(sigma, 4)) };
}

/** Linear interpolation at the centres of working pixels that are `scale` crop pixels wide. */
function resampled({ rows, columns, data }: GreyImage, scale: number): GreyImage {
  const height = roundHalfEven(rows / scale);
  const down = places(height, rows, scale);
  const across = places(WIDTH, columns, scale);
  const result = new Float64Array(height * WIDTH);
  for (let row = 0; row < height; row++) {
    const { low: top, share: below } = down[row]!;
    for (let column = 0; column < WIDTH; column++) {
      const { low: left, share: right } = across[column]!;
      const at = top * columns + left;
      const first = data[at]! * (1 - below) + data[at + columns]! * below;
      const second = data[at + 1]! * (1 - below) + data[at + columns + 1]! * below;
      result[row * WIDTH + column] = first * (1 - right) + second * right;
    }
  }
  return { rows: height, columns: WIDTH, data: result };
}

function places(count: number, length: number, scale: number): { low: number; share: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const place = Math.min(Math.max((index + 0.5) * scale - 0.5, 0), length - 1);
    const low = Math.min(Math.floor(place), length - 2);
    return { low, share: place - low };
  });
}

/** As Python rounds. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Central differences going down, times a sign; 0 in the first and last row. */
function verticalGradient({ rows, columns, data }: GreyImage, sign: number): GreyImage {
  const gradient = new Float64Array(data.length);
  for (let index = columns; index < (rows - 1) * columns; index++) {
    gradient[index] = (sign * (data[index + columns]! - data[index - columns]!)) / 2;
  }
  return { rows, columns, data: gradient };
}

/** Whether the middle of the crop, which is bone, is darker than its sides: some films of public collections are stored so. */
function boneIsDark({ rows, columns, data }: GreyImage): boolean {
  const [bone, beside]: [number[], number[]] = [[], []];
  for (let row = Math.trunc(rows / 4); row < Math.trunc((3 * rows) / 4); row++) {
    const line = data.subarray(row * columns, (row + 1) * columns);
    bone.push(...line.subarray(columns / 4, (3 * columns) / 4));
    beside.push(...line.subarray(0, SIDE), ...line.subarray(columns - SIDE));
  }
  return median(bone) < median(beside);
}
