import { putPiece } from '../pieces.js';
import type { InferenceHost, RunHooks, SuperResolver } from '../../inference/index.js';
import { enlarge, estimateNoise } from '../restoration/index.js';
import { refuseFile } from '../refuse.js';
import type { MadeSlice } from '../series/index.js';
import { logBiasAt } from './bias.js';
import { keepTaken } from './keep-taken.js';
import type { SuperresPlan } from './plan.js';
import { sampleSlices } from './sample.js';
import { FoldedField, type UnwarpField, unwarper } from './unwarp.js';

const { exp, max, min, round } = Math;

export interface FineOptions extends Pick<RunHooks<unknown, unknown>, 'signal' | 'onRun'> {
  host: InferenceHost;
  bundleDir: string;
  network: SuperResolver;
  /** Default: the network's. */
  steps?: number | undefined;
  /** Rows and columns of a tile; the result does not depend on it. */
  tile?: number | undefined;
}

/** A finished slice: 16-bit numbers as the plan's `storage` says. */
export interface FineSlice extends MadeSlice {
  /** Where it was computed, in how many steps of the network, and how many tiles of each. */
  made: { device: string; steps: number; tiles: number };
}

/** Slices of the series that are kept: as many as an unwarped one is mixed of, and a few. */
const KEPT = 8;

/** Makes the slices of a plan one after the other, from `first` on. @throws as `host.run`; FILE_REFUSED for coefficients of another scanner */
export async function* fineSlices(plan: SuperresPlan, options: FineOptions, first = 0): AsyncGenerator<FineSlice> {
  const prepare = preparer(plan);
  const { series, fine, white, storage, aim } = plan;
  const { rows, columns } = fine;
  const { host, bundleDir, network, steps, tile, ...hooks } = options;
  for (let index = first; index < fine.slices; index++) {
    const { enlarged, jacobian, logBias, ...taken } = await prepare(index);
    const made = new Float32Array(rows * columns);
    const summary = await host.run(
      'mri-super-resolution',
      {
        ...{ bundleDir, rows, columns, enlarged, scale: aim.scale, network },
        ...(jacobian ? { jacobian } : {}),
        ...(logBias ? { logBias } : {}),
        ...(steps === undefined ? {} : { steps }),
        ...(tile === undefined ? {} : { tile }),
      },
      {
        ...hooks,
        onOutput: (piece) => putPiece(made, columns, piece),
      },
    );
    const kept = keepTaken(
      { rows, columns, data: made },
      { rows: series.rows, columns: series.columns, enlarged, ...taken },
    );
    const scale = white * storage.factor;
    const [low, high] = storage.signed ? [-32_768, 32_767] : [0, 65_535];
    const whole = (value: number) => min(max(round(value * scale), low), high);
    const pixels = storage.signed ? Int16Array.from(kept.data, whole) : Uint16Array.from(kept.data, whole);
    const { device, steps: done, tiles } = summary;
    yield { index, pixels, slope: 1 / storage.factor, intercept: 0, made: { device, steps: done, tiles } };
  }
}

/** A slice as the networks take it. */
export interface PreparedSlice {
  enlarged: Float32Array;
  jacobian: Float32Array | undefined;
  logBias: Float32Array | undefined;
  /** Deviation of the noise of the slice as it was taken, and what correction has multiplied it by at each pixel. */
  noise: number;
  gain: Float32Array | undefined;
}

/** Enlarges slices of a plan, unwarped and divided by the bias as it says, in units of white. */
export function preparer({
  series,
  aim,
  fine,
  white,
  biasField,
}: SuperresPlan): (index: number) => Promise<PreparedSlice> {
  const { rows, columns, slices } = series;
  const grid = { rows, columns, fineRows: fine.rows, fineColumns: fine.columns };
  const kept = new Map<number, Float32Array>();
  const read = async (index: number): Promise<Float32Array> => {
    const values = kept.get(index) ?? Float32Array.from(await series.read(index));
    kept.delete(index);
    kept.set(index, values);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return values;
  };
  const fieldOf = aim.gradients && unwarper(aim.gradients, series.affine, grid);
  const still = biasField && !fieldOf ? placesOf(grid) : undefined;
  return async (index) => {
    const field = fieldOf && unfolded(() => fieldOf(index), series.name);
    const enlarged = field
      ? await sampleSlices(read, { rows, columns, slices }, field)
      : enlarge({ rows, columns, data: await read(index) }, fine.rows, fine.columns).data;
    const { column, row } = field ?? still ?? { column: [], row: [] };
    const logBias = biasField ? logBiasAt(biasField, index, column, row) : undefined;
    const jacobian = field?.jacobian;
    const gain =
      jacobian || logBias
        ? Float32Array.from(enlarged, (_, pixel) => (jacobian?.[pixel] ?? 1) * (logBias ? exp(-logBias[pixel]!) : 1))
        : undefined;
    for (let pixel = 0; pixel < enlarged.length; pixel++) {
      enlarged[pixel] = (enlarged[pixel]! * (gain?.[pixel] ?? 1)) / white;
    }
    const noise = estimateNoise({ rows, columns, data: await read(index) }) / white;
    return { enlarged, jacobian, logBias, noise, gain };
  };
}

function unfolded(make: () => UnwarpField, name: string): UnwarpField {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof FoldedField)) throw error;
    return refuseFile(name, 'would be folded by these coefficients: they are not of the scanner that took it', error);
  }
}

/** Where fine pixels lie on the grid of the series. */
function placesOf({ rows, columns, fineRows, fineColumns }: Parameters<typeof unwarper>[2]) {
  const place = (fine: number, count: number, fineCount: number) => ((fine + 0.5) * count) / fineCount - 0.5;
  const size = fineRows * fineColumns;
  const column = Float32Array.from({ length: size }, (_, pixel) => place(pixel % fineColumns, columns, fineColumns));
  const row = Float32Array.from({ length: size }, (_, pixel) => place(Math.floor(pixel / fineColumns), rows, fineRows));
  return { column, row };
}
