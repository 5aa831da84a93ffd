import { putPiece } from '../pieces.js';
import type { InferenceHost, RunHooks } from '../../inference/index.js';
import type { PixelData } from '../dicom/stored-values.js';
import { type Rescale, storeNiftiValue } from '../nifti.js';
import type { MadeSlice, WrittenSlice } from '../series/index.js';
import { fillInside, fillSmoothly, type SliceWindow } from './fill.js';
import { emptyLike, type InpaintingPlan } from './plan.js';

const { max, min, round } = Math;

export interface InpaintingOptions extends Pick<RunHooks<unknown, unknown>, 'signal' | 'onRun'> {
  host: InferenceHost;
  bundleDir: string;
  /** Default: the bundle's. */
  steps?: number | undefined;
  /** Rows and columns of a tile; the result does not depend on it. */
  tile?: number | undefined;
}

/** A slice as both kinds of files hold it; what was seen of it is as it was, to the bit. */
export interface InpaintedSlice extends WrittenSlice {
  /** Where and how it was filled in; null where nothing was hidden. */
  made: Made | null;
}

interface Made {
  device: string;
  steps: number;
  tiles: number;
}

/** Gives the slices of a plan one after the other, those that are hidden in part or whole filled in. @throws as `host.run` */
export async function* inpaintedSlices(
  plan: InpaintingPlan,
  options: InpaintingOptions,
): AsyncGenerator<InpaintedSlice> {
  const { series, mask, hidden, range } = plan;
  const read = reader(plan);
  // Floats have no whole numbers behind them: 65,536 steps over what is seen.
  const spread: Rescale = { slope: (range[1] - range[0]) / 65_535 || 1, intercept: range[0], signed: false };
  for (let index = 0; index < series.slices; index++) {
    options.signal?.throwIfAborted();
    const values = await series.read(index);
    const voxels = await series.nifti?.stored(index);
    const covered = hidden[index]! > 0 ? await mask.slice(index) : null;
    const filled = covered && (await fillIn(plan, await read(index), options));
    const changed = filled
      ? Float32Array.from(values, (value, pixel) => (covered[pixel] ? filled.values[pixel]! : value))
      : values;
    const stored = storedAs(changed, series.rescaleOf(index) ?? spread);
    if (voxels && covered) {
      covered.forEach((one, pixel) => one && storeNiftiValue(voxels, series.nifti!.head, pixel, changed[pixel]!));
    }
    yield { index, ...stored, voxels: voxels ?? valuesOf(stored, emptyLike(plan)), made: filled?.made ?? null };
  }
}

/** Fills in the middle of a window. */
async function fillIn(
  { series, white, range, gap }: InpaintingPlan,
  window: SliceWindow,
  { host, bundleDir, steps, tile, ...hooks }: InpaintingOptions,
): Promise<{ values: Float32Array; made: Made }> {
  const { rows, columns } = series;
  const filled = fillSmoothly(window);
  const at = (window.slices.length - 1) / 2;
  const others = window.slices
    .map((slice, place) => ({ slice, mask: window.masks[place]! }))
    .filter((_, place) => place !== at);
  const values = new Float32Array(rows * columns);
  const { device, ...summary } = await host.run(
    'mri-inpainting',
    {
      ...{ bundleDir, rows, columns, filled, gap },
      inside: fillInside(window),
      mask: Float32Array.from(window.masks[at]!),
      neighbours: others.map(({ slice, mask }) =>
        mask ? slice.map((value, pixel) => (mask[pixel] ? filled[pixel]! : value)) : slice,
      ),
      neighbourMasks: others.map(({ mask }) => (mask ? Float32Array.from(mask) : new Float32Array(rows * columns))),
      ...(steps === undefined ? {} : { steps }),
      ...(tile === undefined ? {} : { tile }),
    },
    {
      ...hooks,
      onOutput: (piece) => putPiece(values, columns, piece),
    },
  );
  const [least, most] = range;
  return {
    values: values.map((value) => min(max(value * white, least), most)),
    made: { device, steps: summary.steps, tiles: summary.tiles },
  };
}

/** Reads windows of a plan's slices in units of white, each slice once as long as the windows go on. */
function reader({ series, mask, hidden, white, neighbours }: InpaintingPlan): (index: number) => Promise<SliceWindow> {
  const { rows, columns, slices } = series;
  const kept = new Map<number, { slice: Float32Array; mask: Uint8Array | null }>();
  const none = { slice: new Float32Array(rows * columns), mask: new Uint8Array(rows * columns).fill(1) };
  const one = async (index: number) => {
    if (index < 0 || index >= slices) return none;
    const slice = kept.get(index) ?? {
      slice: Float32Array.from(await series.read(index), (value) => value / white),
      mask: hidden[index]! > 0 ? await mask.slice(index) : null,
    };
    kept.set(index, slice);
    return slice;
  };
  return async (index) => {
    for (const far of kept.keys()) if (Math.abs(far - index) > neighbours) kept.delete(far);
    const window: SliceWindow = { rows, columns, slices: [], masks: [] };
    for (let place = index - neighbours; place <= index + neighbours; place++) {
      const { slice, mask: covered } = await one(place);
      window.slices.push(slice);
      window.masks.push(covered);
    }
    return window;
  };
}

function storedAs(
  values: PixelData,
  { slope, intercept, signed }: Rescale,
): Pick<MadeSlice, 'pixels' | 'slope' | 'intercept'> {
  const [low, high] = signed ? [-32_768, 32_767] : [0, 65_535];
  const whole = (value: number) => min(max(round((value - intercept) / slope), low), high);
  return { pixels: signed ? Int16Array.from(values, whole) : Uint16Array.from(values, whole), slope, intercept };
}

/** The bytes of the values behind stored numbers. */
function valuesOf(
  { pixels, slope, intercept }: Pick<MadeSlice, 'pixels' | 'slope' | 'intercept'>,
  like: PixelData,
): Uint8Array {
  const value = (stored: number) => stored * slope + intercept;
  const values =
    like instanceof Uint16Array
      ? Uint16Array.from(pixels, value)
      : like instanceof Int16Array
        ? Int16Array.from(pixels, value)
        : Float32Array.from(pixels, value);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
