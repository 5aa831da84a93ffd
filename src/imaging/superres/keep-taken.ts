import type { Raster } from '../radiograph/resample.js';
import { enlarge, reduce } from '../restoration/index.js';

const { ceil } = Math;

/** Over how many taken pixels a side the difference is judged. */
const JUDGED_PX = 3;

/** What is known of the slice that was taken. */
export interface TakenSlice {
  rows: number;
  columns: number;
  /** It on the fine grid, as the network was given it. */
  enlarged: Float32Array;
  /** Deviation of its noise, in the unit of its values; 0 or more. */
  noise: number;
  /** What noise was multiplied by at each fine pixel, as where a bias was divided by; default: 1. */
  gain?: Float32Array | undefined;
}

/**
 * Puts back what a network lost of the slice that was taken, so that the result, reduced again, is that slice up to its noise: one round of
 * back-projection (Irani and Peleg 1991). More rounds would undo the damping of the outer k-space, and raise noise with it.
 *
 * The difference counts by the share of its power that noise does not explain (Lee's local form of Wiener's weight, 1980): all of it where there
 * is no noise, while noise that was taken off stays off. Where a magnitude image shows air, the mean square of noise is twice its variance; so
 * much is laid to it everywhere.
 */
export function keepTaken(made: Raster, { rows, columns, enlarged, noise, gain }: TakenSlice): Raster {
  const onFineGrid = (image: Raster) => enlarge(image, made.rows, made.columns).data;
  const found = onFineGrid(reduce(made, rows, columns));
  const lacking = enlarged.map((value, pixel) => value - found[pixel]!);
  const squares = { ...made, data: lacking.map((value) => value * value) };
  const power = onFineGrid(reduce(squares, ceil(rows / JUDGED_PX), ceil(columns / JUDGED_PX)));
  const data = made.data.map((value, pixel) => {
    const explained = 2 * (noise * (gain?.[pixel] ?? 1)) ** 2;
    return power[pixel]! > explained ? value + (1 - explained / power[pixel]!) * lacking[pixel]! : value;
  });
  return { ...made, data };
}
