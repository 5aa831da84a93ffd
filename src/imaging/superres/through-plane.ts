import type { BundleManifest, InferenceHost, RunHooks, SuperResolver } from '../../inference/index.js';
import { putPiece } from '../pieces.js';
import type { Raster } from '../radiograph/resample.js';
import { refuseFile } from '../refuse.js';
import { enlarge, estimateNoise } from '../restoration/index.js';
import type { OpenSeries } from '../series/index.js';
import type { Affine } from '../volume.js';
import { keepTaken } from './keep-taken.js';
import { planSuperres, type SuperresPlan } from './plan.js';

/** How many slices are made of each. */
export const THROUGH_PLANE = 2;

/** Most voxels of a series of which this is made: it lies in memory as a whole, and twice as large once it is finer. */
export const MAX_THINNED_VOXELS = 2 ** 26;

export interface ThinOptions extends Pick<RunHooks<unknown, unknown>, 'signal' | 'onRun'> {
  host: InferenceHost;
  bundleDir: string;
  network: SuperResolver;
  /** Default: the network's. */
  steps?: number | undefined;
  /** Value that the networks see as 1. */
  white: number;
  /** Waited for after each plane across the slices. */
  onPlane?: ((plane: MadePlane) => Promise<void> | void) | undefined;
}

/** A plane across the slices that is made, of all along rows and along columns. */
export interface MadePlane {
  /** 0, 1, 2, ... */
  index: number;
  total: number;
  /** Where it was computed, in how many steps of the network, and how many tiles of each. */
  made: { device: string; steps: number; tiles: number };
}

/**
 * The plan of a series of twice as many slices, where that is what is aimed for; else the plan itself. The network goes over the whole series for it.
 *
 * @param plan of the series as it was taken
 * @throws as `thinSlices`
 */
export async function thinned(
  plan: SuperresPlan,
  manifest: BundleManifest<'mri-super-resolution'>,
  options: Omit<ThinOptions, 'white'>,
): Promise<SuperresPlan> {
  const { series, aim, takenWhite } = plan;
  if (!aim.throughPlane) return plan;
  return planSuperres(await thinSlices(series, { ...options, white: takenWhite }), aim, manifest);
}

/** How large a part of the work `thinned` is, 0 to 1: of the pixels that the network sees, those of the planes across slices. */
export function thinningShare({ aim: { scale, throughPlane } }: Pick<SuperresPlan, 'aim'>): number {
  // Each pixel of a thin slice is seen twice before it becomes scale x scale pixels.
  return throughPlane ? 2 / (2 + scale ** 2) : 0;
}

/**
 * A series of twice as many slices, half as far apart. The network for finer slices sees the planes across them, enlarged along one side alone: those
 * along rows and those along columns, of which the mean is taken. What it lost of the slices that were taken is put back.
 *
 * @returns a series in memory that refers to the files of the one it was made of, and closes with it
 * @throws UserError FILE_REFUSED for a series too large for this; as `host.run`
 */
export async function thinSlices(series: OpenSeries, { white, onPlane, ...options }: ThinOptions): Promise<OpenSeries> {
  const { name, rows, columns, slices } = series;
  const size = rows * columns;
  if (size * slices > MAX_THINNED_VOXELS) {
    refuseFile(name, `has ${size * slices} voxels; slices are made thinner of series of at most ${MAX_THINNED_VOXELS}`);
  }
  const taken = new Float32Array(size * slices);
  const noises: number[] = [];
  for (let index = 0; index < slices; index++) {
    const data = Float32Array.from(await series.read(index), (value) => value / white);
    noises.push(estimateNoise({ rows, columns, data }));
    taken.set(data, index * size);
  }
  const noise = noises.sort((a, b) => a - b)[(slices - 1) >> 1]!;
  const thin = new Float32Array(THROUGH_PLANE * taken.length);
  for (let column = 0; column < columns; column++) {
    const line = { first: column, step: columns, count: rows };
    const { plane, made } = await finer(planeOf(taken, size, line), options);
    putPlane(thin, size, line, plane.data);
    await onPlane?.({ index: column, total: columns + rows, made });
  }
  for (let row = 0; row < rows; row++) {
    const line = { first: row * columns, step: 1, count: columns };
    const { plane, enlarged, made } = await finer(planeOf(taken, size, line), options);
    const across = planeOf(thin, size, line).data;
    const mean = { ...plane, data: plane.data.map((value, pixel) => (value + across[pixel]!) / 2) };
    const kept = keepTaken(mean, { rows: slices, columns, enlarged, noise });
    putPlane(thin, size, line, kept.data);
    await onPlane?.({ index: columns + row, total: columns + rows, made });
  }
  for (let voxel = 0; voxel < thin.length; voxel++) thin[voxel]! *= white;
  return {
    ...thinGrid(series),
    // Either half of a slice has its header.
    dicom: series.dicom && { ...series.dicom, files: series.dicom.files.flatMap((file) => [file, file]) },
    nifti: null,
    rescaleOf: () => null,
    read: (index) => Promise.resolve(thin.slice(index * size, (index + 1) * size)),
  };
}

/** Where twice as many slices over the same thickness lie. */
function thinGrid(series: OpenSeries): OpenSeries {
  const { affine, spacing, slices } = series;
  const line = (at: 0 | 4 | 8): [number, number, number, number] => {
    const step = affine[at + 2]!;
    // The first half of a slice lies a quarter of its thickness before its middle.
    return [affine[at], affine[at + 1]!, step / THROUGH_PLANE, affine[at + 3]! - step / 4];
  };
  const thin: Affine = [...line(0), ...line(4), ...line(8)];
  return {
    ...series,
    slices: THROUGH_PLANE * slices,
    affine: thin,
    spacing: [spacing[0], spacing[1], spacing[2] / THROUGH_PLANE],
  };
}

/** A plane across slices, of twice as many lines, by the network and before it. */
async function finer(
  plane: Raster,
  { host, bundleDir, network, steps, ...hooks }: Omit<ThinOptions, 'white' | 'onPlane'>,
) {
  hooks.signal?.throwIfAborted();
  const [rows, columns] = [THROUGH_PLANE * plane.rows, plane.columns];
  const enlarged = enlarge(plane, rows, columns).data;
  const data = new Float32Array(rows * columns);
  const summary = await host.run(
    'mri-super-resolution',
    {
      ...{ bundleDir, rows, columns, enlarged, scale: THROUGH_PLANE, network },
      ...(steps === undefined ? {} : { steps }),
    },
    { ...hooks, onOutput: (piece) => putPiece(data, columns, piece) },
  );
  const made = { device: summary.device, steps: summary.steps, tiles: summary.tiles };
  return { plane: { rows, columns, data }, enlarged, made };
}

/** Pixels of a slice that lie on one line: the first, how far apart, how many. */
interface Line {
  first: number;
  step: number;
  count: number;
}

/** What all slices have on a line, a row for each. */
function planeOf(volume: Float32Array, size: number, { first, step, count }: Line): Raster {
  const rows = volume.length / size;
  const data = Float32Array.from(
    { length: rows * count },
    (_, place) => volume[Math.floor(place / count) * size + first + (place % count) * step]!,
  );
  return { rows, columns: count, data };
}

function putPlane(volume: Float32Array, size: number, { first, step, count }: Line, plane: Float32Array): void {
  plane.forEach((value, place) => {
    volume[Math.floor(place / count) * size + first + (place % count) * step] = value;
  });
}
