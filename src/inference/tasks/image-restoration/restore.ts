import { UserError } from '../../../domain/errors.js';
import type { FloatTensor, Graph } from '../../backend.js';
import type { Device } from '../../devices.js';
import { gaussianNoise } from '../../noise.js';
import { runShift, type ShiftPlace } from '../../shift-run.js';
import { coreOf, cut, type Tile } from '../../tiles.js';
import type { OpenBundle, TaskHooks, TaskRequest } from '../task.js';
import type { Manifest } from './manifest.js';

const { log2 } = Math;

/** A film to restore, in units of its window: 0 at the lower percentile of the manifest's window, 1 at the upper. */
export interface RestorationRequest extends TaskRequest {
  rows: number;
  columns: number;
  /** rows x columns values. A film to enlarge comes enlarged by cubic interpolation, one to fill in with the mean of what is seen. */
  film: Float32Array;
  /** 1 where the film is hidden, else 0; only there it changes. */
  mask?: Float32Array;
  /** Deviation of the noise, 1/255 of the window. */
  sigma?: number;
  /** Share of pixels that are black or white. */
  impulses?: number;
  /** How many times finer the film is than what was taken. */
  scale?: number;
  steps?: number;
  /** Draws one of the films that could be behind it instead of their mean; the same seed gives the same one. */
  seed?: number;
  /** Rows and columns of a tile, without its halo; the result does not depend on it. */
  tile?: number;
}

/** A piece of the restored film, `rows` x `columns` values from `top` and `left` on, in units of the window. */
export interface RestoredTile {
  index: number;
  top: number;
  left: number;
  rows: number;
  columns: number;
  pixels: Float32Array;
}

/** Tiles done, over all steps. */
export interface RestorationProgress {
  done: number;
  total: number;
}

export interface RestorationSummary {
  steps: number;
  tiles: number;
  device: Device;
  durationMs: number;
}

/** @throws UserError BAD_USER_INPUT for sizes that do not fit each other; whatever the bundle */
export function checkRestoration({ rows, columns, film, mask }: RestorationRequest): void {
  if (film.length !== rows * columns) refuse(`The film has ${film.length} values; ${columns} x ${rows} are needed.`);
  if (mask && mask.length !== film.length) {
    refuse(`The mask has ${mask.length} pixels and the film ${film.length}; they must be of one size.`);
  }
  if (mask && !mask.some((value) => value > 0)) refuse('The mask hides nothing.');
  if (mask?.every((value) => value > 0)) refuse('The mask hides the whole film.');
}

/**
 * Restores a film step by step, each step tile by tile.
 *
 * @throws UserError BAD_USER_INPUT for what the bundle was not trained for; Error for a network that gives no numbers
 */
export async function restoreFilm(
  { manifest, sessions, device }: OpenBundle<Manifest, 'restorer'>,
  request: RestorationRequest,
  hooks: TaskHooks<RestoredTile, RestorationProgress>,
): Promise<RestorationSummary> {
  const began = performance.now();
  const strengths = strengthsOf(manifest, request);
  const steps = request.steps ?? manifest.restoration.defaultSteps;
  if (!manifest.restoration.steps.includes(steps)) {
    refuse(`steps is ${steps}; ${manifest.name} restores in ${manifest.restoration.steps.join(', ')} steps.`);
  }
  const { rows, columns, film } = request;
  const mask = request.mask ?? new Float32Array(film.length);
  const tiles = await runShift({
    ...{ rows, columns, image: film, sizes: manifest.sizes, tile: request.tile, schedule: manifest.schedule, steps },
    noise: noiseOf(request),
    evaluate: (tile, place) => evaluate(sessions.restorer, tile, { request, mask, ...place, strengths, device, hooks }),
    signal: hooks.signal,
    onTile: (index, { core }, pixels) => hooks.onOutputs([{ index, ...core, pixels }]),
    onProgress: (done, total) => hooks.onProgress({ done, total }),
  });
  return { steps, tiles, device, durationMs: performance.now() - began };
}

/** What the network is told, 0 to 1 each. @throws UserError BAD_USER_INPUT outside of what it was trained for */
function strengthsOf({ name, ranges, restoration }: Manifest, request: RestorationRequest): Float32Array {
  const { sigma = 0, impulses = 0, scale = 1 } = request;
  const within = (what: string, value: number, [least, most]: readonly [number, number]) => {
    if (!(value >= least && value <= most)) refuse(`${what} is ${value}; ${name} was trained for ${least} to ${most}.`);
  };
  within('The noise', sigma, ranges.sigma);
  within('The share of black and white pixels', impulses, [0, restoration.impulses]);
  within('The enlargement', scale, ranges.scale);
  return Float32Array.of(sigma / ranges.sigma[1], impulses / restoration.impulses, log2(scale) / log2(ranges.scale[1]));
}

/** Adds noise to a state where the film may change; absent where the mean is asked for. */
function noiseOf({ seed, rows, columns, mask }: RestorationRequest) {
  if (seed === undefined) return undefined;
  return (state: Float32Array, step: number, strength: number): void => {
    for (let row = 0; row < rows; row++) {
      const line = gaussianNoise(seed, row, step, columns);
      for (let column = 0; column < columns; column++) {
        const pixel = row * columns + column;
        if (!mask || mask[pixel]! > 0) state[pixel]! += strength * line[column]!;
      }
    }
  };
}

interface Evaluation extends ShiftPlace {
  request: RestorationRequest;
  mask: Float32Array;
  strengths: Float32Array;
  device: Device;
  hooks: TaskHooks<RestoredTile, RestorationProgress>;
}

/** The clean film of a tile's core, as the network sees it from one step; what a mask leaves free stays as it is. */
async function evaluate(graph: Graph, tile: Tile, evaluation: Evaluation): Promise<Float32Array> {
  const { request, mask, state, eta, spread, strengths, device, hooks } = evaluation;
  const { source, core } = tile;
  const piece = (image: Float32Array): FloatTensor => ({
    data: cut(image, request.rows, request.columns, source),
    dims: [1, 1, source.rows, source.columns],
  });
  const one = (value: number): FloatTensor => ({ data: Float32Array.of(value), dims: [1] });
  const began = performance.now();
  const { clean } = await graph.run({
    state: piece(state),
    degraded: piece(request.film),
    mask: piece(mask),
    place: one(eta),
    spread: one(spread),
    strengths: { data: strengths, dims: [1, 3] },
  });
  hooks.onRun?.({ graph: 'restorer', device, rows: 1, seconds: (performance.now() - began) / 1000 });
  const pixels = coreOf(clean!.data, tile);
  if (!pixels.every(Number.isFinite)) throw new Error('The restorer returned values that are not numbers.');
  if (!request.mask) return pixels;
  for (let row = 0; row < core.rows; row++) {
    const from = (core.top + row) * request.columns + core.left;
    for (let column = 0; column < core.columns; column++) {
      if (request.mask[from + column] === 0) pixels[row * core.columns + column] = request.film[from + column]!;
    }
  }
  return pixels;
}

function refuse(message: string): never {
  throw new UserError('BAD_USER_INPUT', message);
}
