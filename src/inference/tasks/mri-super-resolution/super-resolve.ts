import { UserError } from '../../../domain/errors.js';
import type { FloatTensor, Graph } from '../../backend.js';
import type { Device } from '../../devices.js';
import { runShift, type ShiftPlace } from '../../shift-run.js';
import { coreOf, cut, type Tile } from '../../tiles.js';
import type { OpenBundle, TaskHooks, TaskRequest } from '../task.js';
import type { Manifest } from './manifest.js';

/** Which of the two networks: the small one of one step, or the one that it learnt from. */
export const SUPER_RESOLVERS = ['student', 'teacher'] as const;
export type SuperResolver = (typeof SUPER_RESOLVERS)[number];

/** A slice to super-resolve, already on its fine grid, corrected as far as possible, in units of the series: 0 no signal, 1 white. */
export interface SuperResolutionRequest extends TaskRequest {
  rows: number;
  columns: number;
  /** rows x columns values. */
  enlarged: Float32Array;
  /** Determinant of the unwarping's derivative; absent where nothing was unwarped. */
  jacobian?: Float32Array;
  /** Logarithm of the bias that was divided by; absent where none was. */
  logBias?: Float32Array;
  /** How many times finer the grid is than what was taken. */
  scale: number;
  network: SuperResolver;
  /** Default: the network's. */
  steps?: number;
  /** Rows and columns of a tile, without its halo; the result does not depend on it. */
  tile?: number;
}

/** A piece of the fine slice, `rows` x `columns` values from `top` and `left` on. */
export interface FineTile {
  index: number;
  top: number;
  left: number;
  rows: number;
  columns: number;
  pixels: Float32Array;
}

/** Tiles done, over all steps. */
export interface SuperResolutionProgress {
  done: number;
  total: number;
}

export interface SuperResolutionSummary {
  steps: number;
  tiles: number;
  device: Device;
  durationMs: number;
}

/** @throws UserError BAD_USER_INPUT for sizes that do not fit each other and values that are no numbers; whatever the bundle */
export function checkSuperResolution({ rows, columns, enlarged, ...maps }: SuperResolutionRequest): void {
  for (const [what, image] of [
    ['slice', enlarged],
    ['Jacobian', maps.jacobian],
    ['bias', maps.logBias],
  ] as const) {
    if (image && image.length !== rows * columns) {
      refuse(`The ${what} has ${image.length} values; ${columns} x ${rows} are needed.`);
    }
    if (image && !image.every(Number.isFinite)) refuse(`The ${what} holds values that are not numbers.`);
  }
}

/**
 * Super-resolves a slice; what is made is the mean of what is likely, nothing is drawn.
 *
 * @throws UserError BAD_USER_INPUT for what the bundle was not trained for; Error for a network that gives no numbers
 */
export async function superResolveSlice(
  { manifest, sessions, device }: OpenBundle<Manifest, SuperResolver>,
  request: SuperResolutionRequest,
  hooks: TaskHooks<FineTile, SuperResolutionProgress>,
): Promise<SuperResolutionSummary> {
  const began = performance.now();
  const { rows, columns, enlarged, scale, network, tile } = request;
  const { ranges, superResolution, sizes, schedule, name } = manifest;
  const [least, most] = ranges.scale;
  // Sizes are whole pixels: the scale of a slice may differ a little from the one that was asked for.
  if (!(scale >= 0.98 * least && scale <= 1.02 * most)) {
    refuse(`The scale is ${scale}; ${name} was trained for ${least} to ${most}.`);
  }
  const { steps: accepted, defaultSteps } = superResolution[network];
  const steps = request.steps ?? defaultSteps;
  if (!accepted.includes(steps)) {
    refuse(`steps is ${steps}; the ${network} of ${name} works in ${accepted.join(', ')} steps.`);
  }
  const tiles = await runShift({
    ...{ rows, columns, image: enlarged, sizes, tile, schedule, steps, signal: hooks.signal },
    evaluate: (tile, place) => evaluate(sessions[network], tile, { request, place, device, hooks }),
    onTile: (index, { core }, pixels) => hooks.onOutputs([{ index, ...core, pixels }]),
    onProgress: (done, total) => hooks.onProgress({ done, total }),
  });
  return { steps, tiles, device, durationMs: performance.now() - began };
}

interface Evaluation {
  request: SuperResolutionRequest;
  place: ShiftPlace;
  device: Device;
  hooks: TaskHooks<FineTile, SuperResolutionProgress>;
}

async function evaluate(
  graph: Graph,
  tile: Tile,
  { request, place, device, hooks }: Evaluation,
): Promise<Float32Array> {
  const { rows, columns, enlarged, jacobian, logBias, scale, network } = request;
  const { source } = tile;
  const size = source.rows * source.columns;
  const piece = (image: Float32Array): FloatTensor => ({
    data: cut(image, rows, columns, source),
    dims: [1, 1, source.rows, source.columns],
  });
  const one = (value: number): FloatTensor => ({ data: Float32Array.of(value), dims: [1] });
  const guidance = new Float32Array(2 * size);
  if (jacobian) {
    guidance.set(
      cut(jacobian, rows, columns, source).map((value) => value - 1),
      0,
    );
  }
  if (logBias) guidance.set(cut(logBias, rows, columns, source), size);
  const began = performance.now();
  const { fine } = await graph.run({
    state: piece(place.state),
    enlarged: piece(enlarged),
    guidance: { data: guidance, dims: [1, 2, source.rows, source.columns] },
    place: one(place.eta),
    spread: one(place.spread),
    scale: one(scale),
  });
  hooks.onRun?.({ graph: network, device, rows: 1, seconds: (performance.now() - began) / 1000 });
  const pixels = coreOf(fine!.data, tile);
  if (!pixels.every(Number.isFinite)) throw new Error(`The ${network} returned values that are not numbers.`);
  return pixels;
}

function refuse(message: string): never {
  throw new UserError('BAD_USER_INPUT', message);
}
