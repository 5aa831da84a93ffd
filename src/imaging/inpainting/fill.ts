const { ceil, floor, max, min } = Math;

/**
 * What the network starts from: hidden places filled smoothly, from neighbouring slices where these are seen. The training package's
 * `inpainting/fill.py`, which test/golden/inpainting.py pins it to.
 */
export interface SliceWindow {
  rows: number;
  columns: number;
  /** The slices from the farthest below to the farthest above, the one to fill in the middle; what is hidden may hold anything. */
  slices: Float32Array[];
  /** Of each 1 where it is hidden; null where nothing of it is, and all ones for a slice that there is not. */
  masks: (Uint8Array | null)[];
}

/**
 * The middle slice with its hidden places filled: on lines between the nearest slices in which a pixel is seen, brought to the level of the
 * slice's own seen pixels.
 */
export function fillSmoothly(window: SliceWindow): Float32Array {
  const { rows, columns, slices, masks } = window;
  const at = (slices.length - 1) / 2;
  const [middle, hidden] = [slices[at]!, masks[at]];
  if (!hidden) return middle;
  const lines = linesBetween(window);
  const pushed = pulledAndPushed(lines.values, lines.known, rows, columns);
  const difference = middle.map((value, pixel) => (hidden[pixel] ? 0 : value - pushed[pixel]!));
  const seen = Float32Array.from(hidden, (one) => 1 - one);
  const level = pulledAndPushed(difference, seen, rows, columns);
  return middle.map((value, pixel) => (hidden[pixel] ? pushed[pixel]! + level[pixel]! : value));
}

/** The middle slice filled from itself alone; zeros where nothing of it is seen. */
export function fillInside({ rows, columns, slices, masks }: SliceWindow): Float32Array {
  const at = (slices.length - 1) / 2;
  const [middle, hidden] = [slices[at]!, masks[at]];
  if (!hidden) return middle;
  const seen = Float32Array.from(hidden, (one) => 1 - one);
  return pulledAndPushed(middle, seen, rows, columns);
}

/** The value of each pixel of the middle slice on the line through its seen neighbours, and 1 where there is one, else 0. */
function linesBetween({ rows, columns, slices, masks }: SliceWindow): { values: Float32Array; known: Float32Array } {
  const values = new Float32Array(rows * columns);
  const known = new Float32Array(rows * columns);
  const reach = (slices.length - 1) / 2;
  for (let pixel = 0; pixel < values.length; pixel++) {
    let [total, weight] = [0, 0];
    for (const side of [-1, 1]) {
      for (let away = 1; away <= reach; away++) {
        const at = reach + side * away;
        if (masks[at]?.[pixel]) continue;
        total += slices[at]![pixel]! / away;
        weight += 1 / away;
        break;
      }
    }
    if (weight === 0) continue;
    values[pixel] = total / weight;
    known[pixel] = 1;
  }
  return { values, known };
}

/**
 * Values of which the known ones (weight 1) stay and the others are filled from coarser and coarser means (pull-push, Gortler et al. 1996);
 * zeros where nothing is known.
 */
export function pulledAndPushed(
  values: Float32Array,
  known: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  if (rows === 1 && columns === 1) return values.map((value, pixel) => value * known[pixel]!);
  const [down, across] = [ceil(rows / 2), ceil(columns / 2)];
  const [totals, weights] = [new Float32Array(down * across), new Float32Array(down * across)];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [pixel, block] = [row * columns + column, (row >> 1) * across + (column >> 1)];
      totals[block]! += values[pixel]! * known[pixel]!;
      weights[block]! += known[pixel]!;
    }
  }
  const means = totals.map((total, block) => total / max(weights[block]!, 1e-6));
  const coarse = pulledAndPushed(
    means,
    weights.map((weight) => min(weight, 1)),
    down,
    across,
  );
  const [rowAt, columnAt] = [doubled(rows, down), doubled(columns, across)];
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const [top, bottom, share] = rowAt[row]!;
    for (let column = 0; column < columns; column++) {
      const [left, right, beside] = columnAt[column]!;
      const line = (at: number) => coarse[at * across + left]! * (1 - beside) + coarse[at * across + right]! * beside;
      const pushed = line(top) * (1 - share) + line(bottom) * share;
      const pixel = row * columns + column;
      result[pixel] = known[pixel]! * values[pixel]! + (1 - known[pixel]!) * pushed;
    }
  }
  return result;
}

/** For each of `count` pixels the two of half as many that it lies between, and how far on the way to the second; the outermost go on. */
function doubled(count: number, half: number): [number, number, number][] {
  return Array.from({ length: count }, (_, index) => {
    const place = max(0, (index + 0.5) / 2 - 0.5);
    const lower = floor(place);
    return [lower, min(lower + 1, half - 1), place - lower];
  });
}
