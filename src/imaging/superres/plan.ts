import { UserError } from '../../domain/errors.js';
import type { BundleManifest } from '../../inference/index.js';
import { percentile } from '../normalise.js';
import { MAX_PIXELS, refuseFile } from '../refuse.js';
import type { OpenSeries } from '../series/index.js';
import type { Affine, Volume } from '../volume.js';
import { type BiasField, blockMeans, blockOf, estimateBias, logBiasAt, type ReducedSeries } from './bias.js';
import type { Gradients } from './gradients.js';

const { ceil, exp, floor, log2, max, min, round } = Math;

type Manifest = BundleManifest<'mri-super-resolution'>;

/** What is to be done to a series. */
export interface SuperresAim {
  /** How many times as many pixels along rows and columns. */
  scale: number;
  /** Whether twice as many slices are made first. */
  throughPlane?: boolean | undefined;
  /** Coefficients of the scanner's gradient coils, where the series is to be unwarped. */
  gradients?: Gradients | undefined;
  /** Whether the coil's bias is estimated from the series and divided by. */
  bias: boolean;
}

/** A series on its way to a finer grid. */
export interface SuperresPlan {
  series: OpenSeries;
  aim: SuperresAim;
  /** The fine volume, without its voxels. */
  fine: Omit<Volume, 'data'>;
  /** Value that the networks see as 1, of the series as it is corrected. */
  white: number;
  /** The same of the series as it was taken. */
  takenWhite: number;
  biasField: BiasField | null;
  storage: Storage;
}

/** How values become 16-bit numbers: value x factor, rounded. */
export interface Storage {
  factor: number;
  signed: boolean;
}

/** At most this many voxels decide what is white. */
const SAMPLES = 1 << 22;

/**
 * Looks through a series once and says what is to be made of it.
 *
 * @param onSlice told after each slice that was looked through
 * @throws UserError BAD_USER_INPUT for what the bundle was not trained for; FILE_REFUSED for a series without signal or, with coefficients,
 *   without a place in the scanner
 */
export async function planSuperres(
  series: OpenSeries,
  aim: SuperresAim,
  manifest: Pick<Manifest, 'name' | 'ranges' | 'superResolution'>,
  onSlice?: (done: number) => void,
): Promise<SuperresPlan> {
  assertInRange(series, aim, manifest);
  const { name, rows, columns, slices } = series;
  const every = max(1, ceil((rows * columns * slices) / SAMPLES));
  const samples: number[] = [];
  const reduced: Float64Array[] = [];
  let [least, most, whole] = [Infinity, -Infinity, true];
  for (let index = 0; index < slices; index++) {
    const values = await series.read(index);
    whole &&= !(values instanceof Float32Array);
    for (const value of values) [least, most] = [min(least, value), max(most, value)];
    for (let at = (every - ((index * values.length) % every)) % every; at < values.length; at += every) {
      samples.push(values[at]!);
    }
    if (aim.bias) reduced.push(blockMeans(values, rows, columns));
    onSlice?.(index + 1);
  }
  const { white: share } = manifest.superResolution;
  const takenWhite = percentile(Float32Array.from(samples), share);
  if (!(takenWhite > 0)) refuseFile(name, `has no signal: its ${share}th percentile is not above 0`);
  const survey = { columns, rows, slices, block: blockOf(rows, columns), data: reduced };
  const biasField = aim.bias ? estimateBias(survey) : null;
  return {
    series,
    aim,
    fine: fineVolume(series, aim.scale),
    white: biasField ? takenWhite * brightened(survey, biasField, share) : takenWhite,
    takenWhite,
    biasField,
    storage: storageOf({ least, most, whole, corrected: aim.bias || aim.gradients !== undefined }),
  };
}

/** The grid of a series with `scale` times as many pixels over the same field of view. */
export function fineVolume(
  { rows, columns, slices, spacing, affine, placement }: Omit<Volume, 'data'>,
  scale: number,
): Omit<Volume, 'data'> {
  const [fineRows, fineColumns] = [round(rows * scale), round(columns * scale)];
  const [across, down] = [columns / fineColumns, rows / fineRows];
  const row = (at: 0 | 4 | 8): [number, number, number, number] => {
    const [x, y, z, origin] = [affine[at], affine[at + 1]!, affine[at + 2]!, affine[at + 3]!];
    // Both grids begin at the same edge: the first fine pixel's centre lies less far from it.
    return [x * across, y * down, z, origin + (x * (across - 1) + y * (down - 1)) / 2];
  };
  const fine: Affine = [...row(0), ...row(4), ...row(8)];
  return {
    ...{ rows: fineRows, columns: fineColumns, slices, placement, affine: fine },
    spacing: [spacing[0] * across, spacing[1] * down, spacing[2]],
  };
}

function assertInRange(
  { name, rows, columns, spacing, placement }: OpenSeries,
  { scale, gradients }: SuperresAim,
  { name: bundle, ranges }: Pick<Manifest, 'name' | 'ranges'>,
): void {
  const [least, most] = ranges.scale;
  if (!(scale >= least && scale <= most)) {
    throw new UserError('BAD_USER_INPUT', `The scale is ${scale}; ${bundle} was trained for ${least} to ${most}.`);
  }
  const [finest, coarsest] = ranges.spacingMm;
  const [across, down] = spacing;
  if (![across, down].every((side) => side >= finest && side <= coarsest)) {
    const found = `${Number(across.toPrecision(4))} x ${Number(down.toPrecision(4))} mm`;
    refuseFile(name, `has pixels of ${found}; ${bundle} takes series with pixels of ${finest} to ${coarsest} mm`);
  }
  const pixels = round(rows * scale) * round(columns * scale);
  if (pixels > MAX_PIXELS / 4) {
    refuseFile(
      name,
      `would have slices of ${pixels} pixels at a scale of ${scale}; at most ${MAX_PIXELS / 4} are made`,
    );
  }
  if (gradients && placement !== 'SCANNER') {
    refuseFile(name, 'does not say where it lies in the scanner, without which it cannot be unwarped');
  }
}

/** By how much the percentile that is white changes when a series is divided by its bias. */
function brightened({ columns, rows, block, data }: ReducedSeries, bias: BiasField, share: number): number {
  const across = floor(columns / block);
  const count = across * floor(rows / block);
  const columnAt = Float64Array.from({ length: count }, (_, place) => ((place % across) + 0.5) * block - 0.5);
  const rowAt = Float64Array.from({ length: count }, (_, place) => (floor(place / across) + 0.5) * block - 0.5);
  const flat = data.flatMap((slice, index) => {
    const logarithms = logBiasAt(bias, index, columnAt, rowAt);
    return [...slice].map((value, place) => value * exp(-logarithms[place]!));
  });
  const before = percentile(Float64Array.from(data.flatMap((slice) => [...slice])), share);
  return before > 0 ? percentile(Float64Array.from(flat), share) / before : 1;
}

/**
 * Whole numbers keep their scale, times a power of 2 where there is room, so that what lies between them is kept; floats use all 16 bits.
 * Fine values go beyond the coarse ones: half as much again, twice where the series is corrected, is left free where it can be.
 */
function storageOf({
  least,
  most,
  whole,
  corrected,
}: {
  least: number;
  most: number;
  whole: boolean;
  corrected: boolean;
}): Storage {
  const signed = least < 0;
  const room = (signed ? 32_767 : 65_535) / (max(most, -least) * (corrected ? 2 : 1.5));
  return { signed, factor: whole ? 2 ** max(0, floor(log2(room))) : room };
}
