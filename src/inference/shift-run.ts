/** A residual-shift plan carried out over one image, each step tile by tile, so that tiles only have to overlap by what the network sees once. */
import { planResidualShift, type ResidualShift, shifts } from './residual-shift.js';
import type { SamplerStep } from './sampler.js';
import { type Tile, type TileSizes, tilesOf } from './tiles.js';

/** What one evaluation of the network is told. */
export interface ShiftPlace {
  /** rows x columns values of the whole image at this step. */
  state: Float32Array;
  /** Where on the path the state is: 1 is the degraded image, 0 the clean one. */
  eta: number;
  /** Deviation of the noise in the state. */
  spread: number;
}

export interface ShiftRun {
  rows: number;
  columns: number;
  /** The degraded image: where the path begins. */
  image: Float32Array;
  sizes: TileSizes;
  /** Rows and columns of a tile without its halo; the result does not depend on it. */
  tile?: number | undefined;
  schedule: ResidualShift;
  steps: number;
  /** Adds noise of a strength to a state before a step; without it nothing is drawn and the mean is made. */
  noise?: ((state: Float32Array, step: number, strength: number) => void) | undefined;
  /** The clean image of the tile's core. */
  evaluate(tile: Tile, place: ShiftPlace): Promise<Float32Array>;
  signal: AbortSignal;
  /** A finished tile of the last step. */
  onTile(index: number, tile: Tile, pixels: Float32Array): Promise<void>;
  onProgress(done: number, total: number): void;
}

/**
 * Runs the plan.
 *
 * @returns the number of tiles of a step
 * @throws UserError BAD_USER_INPUT for a number of steps that the schedule does not have; the signal's reason
 */
export async function runShift(run: ShiftRun): Promise<number> {
  const { rows, columns, schedule, noise, steps } = run;
  const plan = planResidualShift(schedule, steps);
  const etas = shifts(schedule);
  const tiles = tilesOf(rows, columns, run.sizes, run.tile);
  let state = run.image.slice();
  noise?.(state, 0, plan.start.noise);
  for (const [at, step] of plan.steps.entries()) {
    const last = at === steps - 1;
    const next = last ? state : state.slice();
    const eta = etas[step.timestep]!;
    const spread = noise ? schedule.noiseScale * Math.sqrt(eta) : 0;
    for (const [index, tile] of tiles.entries()) {
      run.signal.throwIfAborted();
      const clean = await run.evaluate(tile, { state, eta, spread });
      if (last) await run.onTile(index, tile, clean);
      else advance(next, columns, tile, clean, step);
      run.onProgress(at * tiles.length + index + 1, tiles.length * steps);
    }
    if (!last) noise?.(next, at + 1, step.noise);
    state = next;
  }
  return tiles.length;
}

/** The state after a step, without its noise. */
function advance(state: Float32Array, columns: number, { core }: Tile, clean: Float32Array, step: SamplerStep): void {
  for (let row = 0; row < core.rows; row++) {
    const from = (core.top + row) * columns + core.left;
    for (let column = 0; column < core.columns; column++) {
      state[from + column] =
        step.sample * state[from + column]! + step.prediction * clean[row * core.columns + column]!;
    }
  }
}
