import { createHash } from 'node:crypto';
import { sliceWithoutContext } from '../../domain/hidden-places.js';
import type { BundleManifest } from '../../inference/index.js';
import type { PixelData } from '../dicom/stored-values.js';
import { percentile } from '../normalise.js';
import { MAX_PIXELS, refuseFile } from '../refuse.js';
import type { OpenSeries } from '../series/index.js';
import { countHidden, type SeriesMask } from './mask.js';

const { ceil, max, min } = Math;

type Manifest = BundleManifest<'mri-inpainting'>;

/** A series that is to be filled in. */
export interface InpaintingPlan {
  series: OpenSeries;
  mask: SeriesMask;
  /** Hidden pixels of each slice. */
  hidden: readonly number[];
  /** SHA-256 of what is hidden: the same places give the same one. */
  digest: string;
  /** Value that the network sees as 1. */
  white: number;
  /** The least and the largest value that is seen: what is filled in lies between them. */
  range: readonly [number, number];
  /** What the values are stored as where the series is none of NIfTI. */
  voxels: 'UINT16' | 'INT16' | 'FLOAT32';
  /** Slices on either side that the network sees. */
  neighbours: number;
  /** How far slices lie apart, in pixels. */
  gap: number;
}

/** At most this many voxels decide what is white. */
const SAMPLES = 1 << 22;

/**
 * Looks through a series and its mask once.
 *
 * @param onSlice told after each slice that was looked through
 * @throws UserError FILE_REFUSED for a mask that hides nothing, everything or all that a slice could be filled in from, for pixels out of the
 *   bundle's range, and for a series without signal
 */
export async function planInpainting(
  series: OpenSeries,
  mask: SeriesMask,
  { name: bundle, ranges, inpainting }: Pick<Manifest, 'name' | 'ranges' | 'inpainting'>,
  onSlice?: (done: number) => void,
): Promise<InpaintingPlan> {
  const { name, rows, columns, slices, spacing } = series;
  assertInRange(series, bundle, ranges.spacingMm);
  const every = max(1, ceil((rows * columns * slices) / SAMPLES));
  const samples: number[] = [];
  const hidden: number[] = [];
  const digest = createHash('sha256');
  let [least, most, whole] = [Infinity, -Infinity, true];
  for (let index = 0; index < slices; index++) {
    const [values, covered] = [await series.read(index), await mask.slice(index)];
    hidden.push(countHidden(covered));
    digest.update(covered ?? '-');
    whole &&= !(values instanceof Float32Array);
    for (let pixel = 0; pixel < values.length; pixel++) {
      if (covered?.[pixel]) continue;
      [least, most] = [min(least, values[pixel]!), max(most, values[pixel]!)];
      if ((index * values.length + pixel) % every === 0) samples.push(values[pixel]!);
    }
    onSlice?.(index + 1);
  }
  assertContext(hidden, series, mask, inpainting.neighbours);
  const white = samples.length === 0 ? 0 : percentile(Float32Array.from(samples), inpainting.white);
  if (!(white > 0)) {
    refuseFile(name, `has no signal: the ${inpainting.white}th percentile of what is seen of it is not above 0`);
  }
  const { neighbours } = inpainting;
  const gap = (2 * spacing[2]) / (spacing[0] + spacing[1]);
  return {
    series,
    mask,
    hidden,
    digest: digest.digest('hex'),
    white,
    range: [least, most],
    voxels: voxelsOf(whole, least, most),
    neighbours,
    gap,
  };
}

/** An empty array of the kind that a plan's values are stored as. */
export function emptyLike({ voxels }: InpaintingPlan): PixelData {
  if (voxels === 'UINT16') return new Uint16Array(0);
  return voxels === 'INT16' ? new Int16Array(0) : new Float32Array(0);
}

function voxelsOf(whole: boolean, least: number, most: number): InpaintingPlan['voxels'] {
  if (!whole) return 'FLOAT32';
  if (least >= 0) return 'UINT16';
  return most <= 32_767 ? 'INT16' : 'FLOAT32';
}

function assertInRange({ name, rows, columns, spacing }: OpenSeries, bundle: string, range: readonly [number, number]) {
  const [finest, coarsest] = range;
  const [across, down] = spacing;
  if (![across, down].every((side) => side >= finest && side <= coarsest)) {
    const found = `${Number(across.toPrecision(4))} x ${Number(down.toPrecision(4))} mm`;
    refuseFile(name, `has pixels of ${found}; ${bundle} takes series with pixels of ${finest} to ${coarsest} mm`);
  }
  if (rows * columns > MAX_PIXELS / 16) {
    refuseFile(name, `has slices of ${rows * columns} pixels; at most ${MAX_PIXELS / 16} are taken`);
  }
}

/** A slice can be filled in from what is seen of it or of one that the network sees beside it. */
function assertContext(
  hidden: readonly number[],
  { rows, columns }: OpenSeries,
  { name: mask, countsFrom }: SeriesMask,
  reach: number,
): void {
  const all = rows * columns;
  if (hidden.every((count) => count === 0)) refuseFile(mask, 'hides nothing: no voxel of it is above 0');
  if (hidden.every((count) => count === all)) refuseFile(mask, 'hides the whole series');
  const alone = sliceWithoutContext(
    hidden.map((count) => count === all),
    reach,
  );
  if (alone !== null) {
    refuseFile(
      mask,
      `leaves nothing to fill slice ${alone + countsFrom} in from: it is hidden whole, and so are the ${reach} slices on either side`,
    );
  }
}
