import { UserError } from '../../domain/errors.js';
import type { Volume } from '../volume.js';
import { fitDecay } from './fit.js';

/** One echo of a multi-echo series. */
export interface Echo {
  /** ms */
  readonly echoTime: number;
  readonly volume: Volume;
}

export interface T2Options {
  /** Leaves out the first echo, which lacks the stimulated ones that all others hold (Maier et al. 2003). */
  readonly skipFirst: boolean;
  /** Share of the 99th percentile of the first echo below which there is nothing to fit, 0 to 1. */
  readonly floor: number;
  /** Waited for after each slice; what it throws ends the fit. */
  readonly onSlice?: (done: number) => void | Promise<void>;
}

export interface T2Map {
  /** T2 in ms, 0 where nothing could be fitted; on the grid of the echoes. */
  readonly volume: Volume;
  /** Echo times that were used, ms. */
  readonly echoTimes: readonly number[];
  /** Voxels bright enough to be fitted, and those of them with a T2. */
  readonly tried: number;
  readonly fitted: number;
  /** Of those, ms; null where none was fitted. */
  readonly median: number | null;
}

/** What fits beyond this is no T2 of a knee but noise or fluid, ms. */
export const MAX_T2 = 500;

const MIN_ECHOES = 3;

/**
 * T2 of each voxel by a mono-exponential fit over the echoes.
 *
 * @throws UserError BAD_USER_INPUT for fewer than three different echoes, or echoes on different grids
 */
export async function t2Map(echoes: readonly Echo[], { skipFirst, floor, onSlice }: T2Options): Promise<T2Map> {
  const ordered = [...echoes].sort((a, b) => a.echoTime - b.echoTime);
  const used = skipFirst ? ordered.slice(1) : ordered;
  const echoTimes = used.map(({ echoTime }) => echoTime);
  if (new Set(echoTimes).size < MIN_ECHOES || new Set(echoTimes).size !== echoTimes.length) {
    throw new UserError(
      'BAD_USER_INPUT',
      `A T2 map needs at least ${MIN_ECHOES} echoes of different echo times${skipFirst ? ' after the first' : ''}; there are ${echoTimes.join(', ') || 'none'} ms.`,
    );
  }
  const grid = used[0]!.volume;
  for (const { volume, echoTime } of used) {
    if (!onOneGrid(grid, volume)) {
      throw new UserError(
        'BAD_USER_INPUT',
        `The echo of ${echoTime} ms lies on another grid than that of ${echoTimes[0]} ms.`,
      );
    }
  }
  const least = floor * percentile99(grid.data);
  const data = new Float32Array(grid.data.length);
  const values: number[] = [];
  const signals = new Float64Array(used.length);
  let tried = 0;
  const perSlice = grid.rows * grid.columns;
  for (let slice = 0; slice < grid.slices; slice++) {
    for (let voxel = slice * perSlice; voxel < (slice + 1) * perSlice; voxel++) {
      if (!(grid.data[voxel]! > least)) continue;
      tried++;
      used.forEach(({ volume }, index) => (signals[index] = Math.max(volume.data[voxel]!, 0)));
      const decay = fitDecay(echoTimes, signals);
      if (!decay || decay.t2 > MAX_T2) continue;
      data[voxel] = decay.t2;
      values.push(decay.t2);
    }
    await onSlice?.(slice + 1);
  }
  values.sort((a, b) => a - b);
  const median = values.length === 0 ? null : values[Math.floor(values.length / 2)]!;
  return { volume: { ...grid, data }, echoTimes, tried, fitted: values.length, median };
}

function onOneGrid(one: Volume, other: Volume): boolean {
  const sized = one.columns === other.columns && one.rows === other.rows && one.slices === other.slices;
  return sized && one.affine.every((value, at) => Math.abs(value - other.affine[at]!) < 1e-3);
}

function percentile99(data: Volume['data']): number {
  const sorted = Float64Array.from(data).sort();
  return sorted[Math.floor(0.99 * (sorted.length - 1))]!;
}
