import { UserError } from '../../../domain/errors.js';
import type { FloatTensor, Graph } from '../../backend.js';
import type { Device } from '../../devices.js';
import { runShift, type ShiftPlace } from '../../shift-run.js';
import { coreOf, cut, type Tile } from '../../tiles.js';
import type { OpenBundle, TaskHooks, TaskRequest } from '../task.js';
import type { Manifest } from './manifest.js';

const { max, min } = Math;

/** A slice to fill in, in units of the series: 0 no signal, 1 white. Every image is rows x columns values. */
export interface InpaintingRequest extends TaskRequest {
  rows: number;
  columns: number;
  /** The slice, its hidden places filled smoothly: where the network starts from. */
  filled: Float32Array;
  /** The same filled from itself alone; where nothing of it is seen it holds zeros. */
  inside: Float32Array;
  /** 1 where it is hidden, else 0; only there it changes. */
  mask: Float32Array;
  /** The slices around it, from the farthest below to the farthest above, hidden places as in `filled`; and 1 where they are hidden. */
  neighbours: Float32Array[];
  neighbourMasks: Float32Array[];
  /** How far slices lie apart, in pixels. */
  gap: number;
  /** Default: the bundle's. */
  steps?: number;
  /** Rows and columns of a tile, without its halo; the result does not depend on it. */
  tile?: number;
}

/** A piece of the slice, `rows` x `columns` values from `top` and `left` on. */
export interface InpaintedTile {
  index: number;
  top: number;
  left: number;
  rows: number;
  columns: number;
  pixels: Float32Array;
}

/** Tiles done, over all steps. */
export interface InpaintingProgress {
  done: number;
  total: number;
}

export interface InpaintingSummary {
  steps: number;
  tiles: number;
  device: Device;
  durationMs: number;
}

/** @throws UserError BAD_USER_INPUT for sizes that do not fit each other and values that are no numbers; whatever the bundle */
export function checkInpainting(request: InpaintingRequest): void {
  const { rows, columns, filled, inside, mask, neighbours, neighbourMasks, gap } = request;
  for (const [what, image] of [
    ['slice', filled],
    ['slice filled from itself', inside],
    ['mask', mask],
    ...neighbours.map((one) => ['neighbour', one] as const),
    ...neighbourMasks.map((one) => ['mask of a neighbour', one] as const),
  ] as const) {
    if (image.length !== rows * columns) {
      refuse(`The ${what} has ${image.length} values; ${columns} x ${rows} are needed.`);
    }
    if (!image.every(Number.isFinite)) refuse(`The ${what} holds values that are not numbers.`);
  }
  if (neighbours.length !== neighbourMasks.length) refuse('Each neighbour needs a mask.');
  if (!mask.some((value) => value > 0)) refuse('The mask hides nothing.');
  if (!(gap > 0)) refuse(`The slices lie ${gap} pixels apart; more than 0 is needed.`);
}

/**
 * Fills in a slice; what is made is the mean of what is likely, nothing is drawn.
 *
 * @throws UserError BAD_USER_INPUT for what the bundle was not trained for; Error for a network that gives no numbers
 */
export async function inpaintSlice(
  { manifest, sessions, device }: OpenBundle<Manifest, 'inpainter'>,
  request: InpaintingRequest,
  hooks: TaskHooks<InpaintedTile, InpaintingProgress>,
): Promise<InpaintingSummary> {
  const began = performance.now();
  const { rows, columns, filled, tile, neighbours } = request;
  const { inpainting, sizes, schedule, name } = manifest;
  const wanted = 2 * inpainting.neighbours;
  if (neighbours.length !== wanted) refuse(`${neighbours.length} neighbours are given; ${name} sees ${wanted}.`);
  const steps = request.steps ?? inpainting.defaultSteps;
  if (!inpainting.steps.includes(steps)) {
    refuse(`steps is ${steps}; ${name} works in ${inpainting.steps.join(', ')} steps.`);
  }
  const [least, most] = inpainting.gap;
  const gap = min(max(request.gap, least), most);
  const tiles = await runShift({
    ...{ rows, columns, image: filled, sizes, tile, schedule, steps, signal: hooks.signal },
    evaluate: (tile, place) => evaluate(sessions.inpainter, tile, { request, gap, place, device, hooks }),
    onTile: (index, { core }, pixels) => hooks.onOutputs([{ index, ...core, pixels }]),
    onProgress: (done, total) => hooks.onProgress({ done, total }),
  });
  return { steps, tiles, device, durationMs: performance.now() - began };
}

interface Evaluation {
  request: InpaintingRequest;
  gap: number;
  place: ShiftPlace;
  device: Device;
  hooks: TaskHooks<InpaintedTile, InpaintingProgress>;
}

async function evaluate(
  graph: Graph,
  tile: Tile,
  { request, gap, place, device, hooks }: Evaluation,
): Promise<Float32Array> {
  const { rows, columns, filled, inside, mask, neighbours, neighbourMasks } = request;
  const { source, core } = tile;
  const size = source.rows * source.columns;
  const stack = (images: readonly Float32Array[]): FloatTensor => {
    const data = new Float32Array(images.length * size);
    images.forEach((image, at) => data.set(cut(image, rows, columns, source), at * size));
    return { data, dims: [1, images.length, source.rows, source.columns] };
  };
  const one = (value: number): FloatTensor => ({ data: Float32Array.of(value), dims: [1] });
  const began = performance.now();
  const { clean } = await graph.run({
    state: stack([place.state]),
    filled: stack([filled]),
    inside: stack([inside]),
    mask: stack([mask]),
    neighbours: stack(neighbours),
    neighbour_masks: stack(neighbourMasks),
    place: one(place.eta),
    spread: one(place.spread),
    gap: one(gap),
  });
  hooks.onRun?.({ graph: 'inpainter', device, rows: 1, seconds: (performance.now() - began) / 1000 });
  const pixels = coreOf(clean!.data, tile);
  if (!pixels.every(Number.isFinite)) throw new Error('The inpainter returned values that are not numbers.');
  for (let row = 0; row < core.rows; row++) {
    const from = (core.top + row) * columns + core.left;
    for (let column = 0; column < core.columns; column++) {
      if (mask[from + column] === 0) pixels[row * core.columns + column] = filled[from + column]!;
    }
  }
  return pixels;
}

function refuse(message: string): never {
  throw new UserError('BAD_USER_INPUT', message);
}
