import FFT from 'fft.js';
import { percentile } from '../normalise.js';
import { solve } from '../../metrics/statistics/index.js';

const { ceil, exp, floor, log, max, min, sqrt } = Math;

/**
 * The coil's bias field estimated from the image itself, as N4 does (Tustison et al. 2010) but with few smooth functions instead of
 * splines: the training package's `superres/bias.py`, which test/golden/superres.py pins it to.
 */
export interface BiasField {
  /** Weights of Legendre polynomials whose sum is the logarithm of the bias, in the order of {@link powersOf}. */
  weights: readonly number[];
  columns: number;
  rows: number;
  slices: number;
}

/** Slices reduced by whole blocks, all that the estimate needs of a series. */
export interface ReducedSeries {
  columns: number;
  rows: number;
  slices: number;
  /** Side of the blocks, pixels. */
  block: number;
  /** Block means of each slice, row by row. */
  data: readonly Float64Array[];
}

const SIDE = 64;
/** Most slices that the estimate looks at. */
const MAX_SLICES = 128;
const AIR = 0.1;
const DEGREE = 3;
const BINS = 200;
const FWHM = 0.15;
const NOISE = 0.01;
const ROUNDS = 20;
const LENGTH = 512;

/** Side of the blocks that slices are reduced by. */
export function blockOf(rows: number, columns: number): number {
  return max(1, ceil(max(rows, columns) / SIDE));
}

/** Means of whole blocks of a slice; what is left over at the end is left out. */
export function blockMeans(slice: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const block = blockOf(rows, columns);
  const [down, across] = [floor(rows / block), floor(columns / block)];
  const means = new Float64Array(down * across);
  for (let row = 0; row < down * block; row++) {
    for (let column = 0; column < across * block; column++) {
      means[floor(row / block) * across + floor(column / block)]! += slice[row * columns + column]! / (block * block);
    }
  }
  return means;
}

/** Estimates the bias; a series that is nearly all air has none. */
export function estimateBias(series: ReducedSeries): BiasField {
  const { columns, rows, slices, block, data } = series;
  const powers = powersOf(slices);
  const field = (weights: readonly number[]): BiasField => ({ weights, columns, rows, slices });
  const none = field(powers.map(() => 0));
  const across = floor(columns / block);
  // A bias is smooth: of a series of many slices some tell it as well, in as much memory as one of few.
  const every = ceil(slices / MAX_SLICES);
  const seen = data.flatMap((slice, z) => (z % every === 0 ? [{ z, slice }] : []));
  const all = Float64Array.from(seen.flatMap(({ slice }) => [...slice]));
  const least = max(AIR * percentile(all, 99.5), 1e-12);
  const [logarithms, functions]: [number[], Float64Array[]] = [[], []];
  seen.forEach(({ z, slice }) =>
    slice.forEach((value, place) => {
      if (!(value > least)) return;
      const [x, y] = [place % across, floor(place / across)];
      logarithms.push(log(value));
      functions.push(
        polynomialsAt(powers, [
          placeOf((x + 0.5) * block - 0.5, columns),
          placeOf((y + 0.5) * block - 0.5, rows),
          placeOf(z, slices),
        ]),
      );
    }),
  );
  const count = logarithms.length;
  if (count < 10 * powers.length) return none;
  const free = powers.length - 1;
  const means = Array.from(
    { length: free },
    (_, one) => functions.reduce((sum, values) => sum + values[one + 1]!, 0) / count,
  );
  const centred = functions.map((values) => Float64Array.from(means, (mean, one) => values[one + 1]! - mean));
  const normal = normalMatrix(centred, free, 1e-9 * count);
  let weights: number[] = new Array<number>(free).fill(0);
  for (let round = 0; round < ROUNDS; round++) {
    const now = centred.map((values, voxel) => logarithms[voxel]! - dot(values, weights));
    const sharp = sharpened(now);
    const right = new Array<number>(free).fill(0);
    centred.forEach((values, voxel) => {
      const lacking = now[voxel]! - sharp[voxel]!;
      for (let one = 0; one < free; one++) right[one]! += values[one]! * lacking;
    });
    const change = solve(normal, right);
    weights = weights.map((weight, one) => weight + change[one]!);
  }
  return field([-dot(means, weights), ...weights]);
}

/** Logarithm of the bias at places (column, row) of a slice, voxels; `columnAt` and `rowAt` as long as what is returned. */
export function logBiasAt(
  { weights, columns, rows, slices }: BiasField,
  slice: number,
  columnAt: ArrayLike<number>,
  rowAt: ArrayLike<number>,
): Float32Array {
  const through = legendre(placeOf(slice, slices));
  const plane = Array.from({ length: (DEGREE + 1) ** 2 }, () => 0);
  powersOf(slices).forEach(([i, j, k], one) => (plane[j * (DEGREE + 1) + i]! += weights[one]! * through[k]!));
  const result = new Float32Array(columnAt.length);
  for (let pixel = 0; pixel < result.length; pixel++) {
    const [x, y] = [placeOf(columnAt[pixel]!, columns), placeOf(rowAt[pixel]!, rows)];
    const [x2, x3] = [(3 * x * x - 1) / 2, (5 * x * x * x - 3 * x) / 2];
    const [y2, y3] = [(3 * y * y - 1) / 2, (5 * y * y * y - 3 * y) / 2];
    result[pixel] =
      plane[0]! +
      plane[1]! * x +
      plane[2]! * x2 +
      plane[3]! * x3 +
      y * (plane[4]! + plane[5]! * x + plane[6]! * x2) +
      y2 * (plane[8]! + plane[9]! * x) +
      y3 * plane[12]!;
  }
  return result;
}

/** Degrees in x, y and z of every polynomial, the constant first; those in z are bounded by how many slices there are. */
function powersOf(slices: number): [number, number, number][] {
  const most = Array.from({ length: DEGREE + 1 }, (_, degree) => degree);
  return most.flatMap((k) =>
    most.flatMap((j) =>
      most.flatMap((i): [number, number, number][] => (i + j + k <= DEGREE && k < max(slices, 1) ? [[i, j, k]] : [])),
    ),
  );
}

/** A voxel's place from -1 to 1. */
function placeOf(voxel: number, count: number): number {
  return (2 * (voxel + 0.5)) / count - 1;
}

function legendre(x: number): [number, number, number, number] {
  return [1, x, (3 * x * x - 1) / 2, (5 * x * x * x - 3 * x) / 2];
}

function polynomialsAt(powers: readonly [number, number, number][], places: [number, number, number]): Float64Array {
  const [x, y, z] = places.map(legendre);
  return Float64Array.from(powers, ([i, j, k]) => x![i]! * y![j]! * z![k]!);
}

function normalMatrix(functions: readonly Float64Array[], size: number, ridge: number): number[][] {
  const normal = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const values of functions) {
    for (let a = 0; a < size; a++) for (let b = 0; b <= a; b++) normal[a]![b]! += values[a]! * values[b]!;
  }
  return normal.map((row, a) => row.map((value, b) => (b > a ? normal[b]![a]! : a === b ? value + ridge : value)));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

/** What each value would be without the bias: its expectation under the histogram from which a Gaussian has been taken out. */
function sharpened(values: readonly number[]): number[] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [min(low, value), max(high, value)];
  const width = (high - low) / (BINS - 1);
  if (!(width > 0)) return [...values];
  const start = (LENGTH - BINS) / 2;
  const histogram = new Float64Array(LENGTH);
  const places = values.map((value) => (value - low) / width);
  for (const place of places) {
    const lower = min(floor(place), BINS - 2);
    histogram[start + lower]! += 1 - (place - lower);
    histogram[start + lower + 1]! += place - lower;
  }
  const deviation = FWHM / (2 * sqrt(2 * log(2))) / width;
  const gaussian = Float64Array.from({ length: LENGTH }, (_, step) =>
    exp(-((min(step, LENGTH - step) / deviation) ** 2) / 2),
  );
  const total = gaussian.reduce((sum, value) => sum + value, 0);
  // Symmetric about 0: its transform is real.
  const blur = transform([...gaussian].map((value) => value / total)).filter((_, part) => part % 2 === 0);
  const wiener = blur.map((value) => value / (value * value + NOISE));
  const sharp = inverse(scaled(transform([...histogram]), wiener)).map((value) => max(value, 0));
  const centre = (bin: number) => low + (bin - start) * width;
  const above = inverse(scaled(transform(sharp.map((value, bin) => value * centre(bin))), blur));
  const below = inverse(scaled(transform(sharp), blur));
  const expected = Array.from({ length: BINS }, (_, bin) => {
    const at = start + bin;
    return below[at]! > 1e-6 * values.length ? above[at]! / below[at]! : centre(at);
  });
  return places.map((place) => {
    const lower = min(floor(place), BINS - 2);
    return expected[lower]! * (1 - (place - lower)) + expected[lower + 1]! * (place - lower);
  });
}

const fft = new FFT(LENGTH);

/** The spectrum of LENGTH real values, real and imaginary parts by turns. */
function transform(values: readonly number[]): number[] {
  const spectrum = fft.createComplexArray();
  fft.realTransform(spectrum, values);
  fft.completeSpectrum(spectrum);
  return spectrum;
}

/** The real part of the inverse transform. */
function inverse(spectrum: readonly number[]): number[] {
  const values = fft.createComplexArray();
  fft.inverseTransform(values, spectrum);
  return values.filter((_, part) => part % 2 === 0);
}

/** A spectrum times real factors. */
function scaled(spectrum: readonly number[], factors: readonly number[]): number[] {
  return spectrum.map((value, part) => value * factors[part >> 1]!);
}
