import type { CompartmentSpace } from '../../metrics/index.js';

const { abs, ceil, cos, exp, floor, log, max, min, PI, sign } = Math;

/** Columns of a working crop: those in which the joint space is traced. */
export const WORKING = 224;

/** Deviation of the Gaussian over the columns of the traced edges. */
const SMOOTH = 3;

/** Half the least gap that the field knows, the rows beyond the gap that still move in proportion, and those over which this ends. */
const LEAST_HALF = 0.5;
const MARGIN = 1.5;
const BEND = 3;

/** Rows from the middle of the joint beyond which nothing moves. */
const REACH = 56;

/** Columns across the notch over which one compartment's share becomes the other's. */
const NOTCH = { from: 90, to: 134 } as const;

/** Least and largest share of a gap: with these neither the field nor its inverse comes below a third of a volume. */
const SHARES = { least: 0.34, most: 1 / 0.34 } as const;

/** Steps of the fourth-order Runge-Kutta integration. */
const STEPS = 6;

/** Of each working column, in working rows: the row halfway between both edges of the joint space, and half the gap. */
export interface TracedJoint {
  readonly middle: Float64Array;
  readonly half: Float64Array;
}

/** Rows to add to the row of each working pixel to find where its grey comes from; rows x {@link WORKING}. */
export interface ClosingField {
  readonly rows: number;
  readonly rowsDown: Float64Array;
}

/**
 * The joint's line through both compartments, straight across the notch and level beyond the outer columns.
 *
 * @param left the compartment on the image's left
 * @param scale crop pixels that are one working pixel
 */
export function jointLine(left: CompartmentSpace, right: CompartmentSpace, scale: number): TracedJoint {
  const places: { column: number; middle: number; half: number }[] = [];
  for (const { columns, femur, tibia } of [left, right]) {
    columns.forEach((column, index) => {
      const working = (place: number) => (place + 0.5) / scale - 0.5;
      const [upper, lower] = [working(femur[index]!), working(tibia[index]!)];
      places.push({ column: working(column), middle: (upper + lower) / 2, half: (lower - upper) / 2 });
    });
  }
  const along = (value: 'middle' | 'half') =>
    smoothed(Float64Array.from({ length: WORKING }, (_, column) => interpolated(places, column, value)));
  return { middle: along('middle'), half: along('half').map((half) => max(half, LEAST_HALF)) };
}

/** What becomes of each column's gap, 1 being no change, where the compartments on the image's left and right shall keep these shares. */
export function closing(left: number, right: number): Float64Array {
  const bounded = (share: number) => log(min(max(share, SHARES.least), SHARES.most));
  const [from, to] = [bounded(left), bounded(right)];
  return Float64Array.from({ length: WORKING }, (_, column) => {
    const place = min(max((column - NOTCH.from) / (NOTCH.to - NOTCH.from), 0), 1);
    return exp(from + (to - from) * place * place * (3 - 2 * place));
  });
}

/**
 * The flow of a stationary velocity, which closes the gap in proportion within the joint space and fades out beyond it: a diffeomorphism at
 * every time. Pinned to numpy (`osteograph_training/progression/field.py`).
 *
 * @param shares what {@link closing} gives
 * @param time 0: the film itself; 1: the end
 * @param rows working rows of the crop
 */
export function closingField(line: TracedJoint, shares: Float64Array, time: number, rows: number): ClosingField {
  const rowsDown = new Float64Array(rows * WORKING);
  for (let column = 0; column < WORKING; column++) {
    const rate = -log(shares[column]!) * time;
    const straight = line.half[column]! * max(1, shares[column]!) + MARGIN;
    const middle = line.middle[column]!;
    const velocity = (place: number) => rate * profile(place, straight);
    for (let row = 0; row < rows; row++) {
      const start = row - middle;
      if (abs(start) >= REACH || rate === 0) continue;
      let place = start;
      for (let step = 0; step < STEPS; step++) {
        const first = velocity(place);
        const second = velocity(place + first / (2 * STEPS));
        const third = velocity(place + second / (2 * STEPS));
        const fourth = velocity(place + third / STEPS);
        place += (first + 2 * second + 2 * third + fourth) / (6 * STEPS);
      }
      rowsDown[row * WORKING + column] = place - start;
    }
  }
  return { rows, rowsDown };
}

/** Least determinant of the map's Jacobian, and how far it moves a pixel at most and on average, working rows. Only rows move. */
export function fieldFacts({ rows, rowsDown }: ClosingField): {
  leastDeterminant: number;
  farthest: number;
  mean: number;
} {
  let [leastDeterminant, farthest, sum] = [1, 0, 0];
  rowsDown.forEach((moved, index) => {
    farthest = max(farthest, abs(moved));
    sum += abs(moved);
    if (index + WORKING < rows * WORKING) {
      leastDeterminant = min(leastDeterminant, 1 + rowsDown[index + WORKING]! - moved);
    }
  });
  return { leastDeterminant, farthest, mean: sum / rowsDown.length };
}

/**
 * A square image with the grey of each pixel taken as far down as the field says, whatever its size; cubic (Keys, a = -1/2), rows beyond the
 * border repeated. Pixels that do not move keep their grey exactly.
 *
 * @param image square, `side` x `side`
 */
export function moved(image: Float32Array, side: number, field: ClosingField): Float32Array {
  const result = image.slice();
  const scale = WORKING / side;
  for (let row = 0; row < side; row++) {
    const y = between((row + 0.5) * scale - 0.5, field.rows);
    for (let column = 0; column < side; column++) {
      const x = between((column + 0.5) * scale - 0.5, WORKING);
      const down = bilinear(field.rowsDown, y, x) / scale;
      if (down !== 0) result[row * side + column] = cubic(image, side, row + down, column);
    }
  }
  return result;
}

/** The velocity's shape: the distance itself up to `straight`, its growth fading over BEND rows, then a cosine down to 0 at REACH. */
function profile(distance: number, straight: number): number {
  const away = abs(distance);
  if (away <= straight) return distance;
  const bent = min(away - straight, BEND);
  const fading = min(max((away - straight - BEND) / (REACH - straight - BEND), 0), 1);
  return sign(distance) * (straight + bent - (bent * bent) / (2 * BEND)) * cos((PI / 2) * fading) ** 2;
}

interface Between {
  low: number;
  share: number;
}

function between(place: number, count: number): Between {
  const inside = min(max(place, 0), count - 1);
  const low = min(floor(inside), count - 2);
  return { low, share: inside - low };
}

function bilinear(values: Float64Array, y: Between, x: Between): number {
  const at = y.low * WORKING + x.low;
  const upper = values[at]! * (1 - x.share) + values[at + 1]! * x.share;
  const lower = values[at + WORKING]! * (1 - x.share) + values[at + WORKING + 1]! * x.share;
  return upper * (1 - y.share) + lower * y.share;
}

function cubic(image: Float32Array, side: number, place: number, column: number): number {
  const below = floor(place);
  const share = place - below;
  const weights = [
    ((-0.5 * share + 1) * share - 0.5) * share,
    (1.5 * share - 2.5) * share * share + 1,
    ((-1.5 * share + 2) * share + 0.5) * share,
    (0.5 * share - 0.5) * share * share,
  ];
  let sum = 0;
  for (let step = 0; step < 4; step++) {
    sum += weights[step]! * image[min(max(below + step - 1, 0), side - 1) * side + column]!;
  }
  return sum;
}

/** Linear between places in the order of their columns, level beyond the first and the last. */
function interpolated(
  places: readonly { column: number; middle: number; half: number }[],
  column: number,
  value: 'middle' | 'half',
): number {
  const after = places.findIndex((place) => place.column >= column);
  if (after === 0) return places[0]![value];
  if (after < 0) return places.at(-1)![value];
  const [from, to] = [places[after - 1]!, places[after]!];
  const share = (column - from.column) / (to.column - from.column);
  return from[value] + (to[value] - from[value]) * share;
}

/** Gaussian, four deviations wide, the edge value repeated. */
function smoothed(values: Float64Array): Float64Array {
  const radius = ceil(4 * SMOOTH);
  const taps = Array.from({ length: 2 * radius + 1 }, (_, index) => exp(-0.5 * ((index - radius) / SMOOTH) ** 2));
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return values.map((_, at) =>
    taps.reduce(
      (total, tap, index) => total + (tap / sum) * values[min(max(at + index - radius, 0), values.length - 1)]!,
      0,
    ),
  );
}
