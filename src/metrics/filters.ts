import type { GreyImage } from './image.js';

/**
 * Normalised Gaussian taps as scipy.ndimage makes them: radius int(truncate * sigma + 0.5).
 * @returns 2 * radius + 1 weights that sum to 1
 */
export function gaussianTaps(sigma: number, truncate: number): Float64Array {
  const radius = Math.trunc(truncate * sigma + 0.5);
  const taps = new Float64Array(2 * radius + 1);
  let sum = 0;
  for (let x = -radius; x <= radius; x++) {
    const weight = Math.exp((-0.5 * x * x) / (sigma * sigma));
    taps[x + radius] = weight;
    sum += weight;
  }
  return taps.map((weight) => weight / sum);
}

/**
 * Separable correlation with symmetric taps in both directions, pixels outside the image being 0
 * (scipy.ndimage.gaussian_filter with mode 'constant'). Output has the image's shape.
 */
export function smoothZeroPadded(image: GreyImage, taps: Float64Array): Float64Array {
  const { rows, columns, data } = image;
  const radius = (taps.length - 1) / 2;
  const vertical = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const out = vertical.subarray(row * columns, (row + 1) * columns);
    const first = Math.max(0, row - radius);
    const last = Math.min(rows - 1, row + radius);
    for (let source = first; source <= last; source++) {
      const weight = taps[source - row + radius]!;
      const offset = source * columns;
      for (let column = 0; column < columns; column++) out[column]! += weight * data[offset + column]!;
    }
  }
  const result = new Float64Array(rows * columns);
  const padded = new Float64Array(columns + 2 * radius);
  for (let row = 0; row < rows; row++) {
    padded.set(vertical.subarray(row * columns, (row + 1) * columns), radius);
    correlateValid(padded, taps, result.subarray(row * columns, (row + 1) * columns));
  }
  return result;
}

/**
 * Separable correlation with symmetric taps in both directions, the edge pixel being repeated (scipy.ndimage.gaussian_filter with its
 * default mode 'reflect'). Output has the image's shape.
 */
export function smoothReflected({ rows, columns, data }: GreyImage, taps: Float64Array): Float64Array {
  const radius = (taps.length - 1) / 2;
  const down = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const out = down.subarray(row * columns, (row + 1) * columns);
    for (let tap = 0; tap < taps.length; tap++) {
      const weight = taps[tap]!;
      const offset = reflected(row + tap - radius, rows) * columns;
      for (let column = 0; column < columns; column++) out[column]! += weight * data[offset + column]!;
    }
  }
  const both = new Float64Array(rows * columns);
  const padded = new Float64Array(columns + 2 * radius);
  for (let row = 0; row < rows; row++) {
    for (let place = 0; place < padded.length; place++) {
      padded[place] = down[row * columns + reflected(place - radius, columns)]!;
    }
    correlateValid(padded, taps, both.subarray(row * columns, (row + 1) * columns));
  }
  return both;
}

/**
 * Separable correlation with symmetric taps, kept only where the window lies inside the image.
 * @param size rows and columns of `data`
 * @returns (rows - taps + 1) x (columns - taps + 1) values
 */
export function smoothValid(
  data: Float64Array,
  size: { rows: number; columns: number },
  taps: Float64Array,
): Float64Array {
  const { rows, columns } = size;
  const outRows = rows - taps.length + 1;
  const outColumns = columns - taps.length + 1;
  const vertical = new Float64Array(columns);
  const result = new Float64Array(outRows * outColumns);
  for (let row = 0; row < outRows; row++) {
    vertical.fill(0);
    for (let tap = 0; tap < taps.length; tap++) {
      const weight = taps[tap]!;
      const offset = (row + tap) * columns;
      for (let column = 0; column < columns; column++) vertical[column]! += weight * data[offset + column]!;
    }
    correlateValid(vertical, taps, result.subarray(row * outColumns, (row + 1) * outColumns));
  }
  return result;
}

/**
 * Mean over a `window` x `window` square, kept only where the square lies inside the image, by running sums.
 * @returns (rows - window + 1) x (columns - window + 1) values
 */
export function meanValid(data: Float64Array, size: { rows: number; columns: number }, window: number): Float64Array {
  const { rows, columns } = size;
  const outRows = rows - window + 1;
  const outColumns = columns - window + 1;
  const scale = 1 / (window * window);
  const columnSums = new Float64Array(columns);
  for (let row = 0; row < window - 1; row++) {
    for (let column = 0; column < columns; column++) columnSums[column]! += data[row * columns + column]!;
  }
  const result = new Float64Array(outRows * outColumns);
  for (let row = 0; row < outRows; row++) {
    const entering = (row + window - 1) * columns;
    for (let column = 0; column < columns; column++) columnSums[column]! += data[entering + column]!;
    let sum = 0;
    for (let column = 0; column < window - 1; column++) sum += columnSums[column]!;
    for (let column = 0; column < outColumns; column++) {
      sum += columnSums[column + window - 1]!;
      result[row * outColumns + column] = sum * scale;
      sum -= columnSums[column]!;
    }
    const leaving = row * columns;
    for (let column = 0; column < columns; column++) columnSums[column]! -= data[leaving + column]!;
  }
  return result;
}

/**
 * Sobel gradients as scipy.ndimage.sobel gives them: weights 1-2-1 and -1-0-1, not normalised, borders reflected.
 * @returns `down` along the rows axis, `right` along the columns axis
 */
export function sobel(image: GreyImage): { down: Float64Array; right: Float64Array } {
  const { rows, columns, data } = image;
  const down = new Float64Array(rows * columns);
  const right = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const above = Math.max(0, row - 1) * columns;
    const here = row * columns;
    const below = Math.min(rows - 1, row + 1) * columns;
    for (let column = 0; column < columns; column++) {
      const left = column > 0 ? column - 1 : 0;
      const next = column < columns - 1 ? column + 1 : column;
      const downLeft = data[below + left]! - data[above + left]!;
      const downHere = data[below + column]! - data[above + column]!;
      const downNext = data[below + next]! - data[above + next]!;
      down[here + column] = downLeft + 2 * downHere + downNext;
      const rightAbove = data[above + next]! - data[above + left]!;
      const rightHere = data[here + next]! - data[here + left]!;
      const rightBelow = data[below + next]! - data[below + left]!;
      right[here + column] = rightAbove + 2 * rightHere + rightBelow;
    }
  }
  return { down, right };
}

function correlateValid(line: Float64Array, taps: Float64Array, out: Float64Array): void {
  const radius = (taps.length - 1) / 2;
  for (let column = 0; column < out.length; column++) {
    const centre = column + radius;
    let sum = taps[radius]! * line[centre]!;
    for (let step = 1; step <= radius; step++)
      sum += taps[radius + step]! * (line[centre - step]! + line[centre + step]!);
    out[column] = sum;
  }
}

/** ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ... */
function reflected(place: number, length: number): number {
  const period = 2 * length;
  const within = ((place % period) + period) % period;
  return within < length ? within : period - 1 - within;
}
