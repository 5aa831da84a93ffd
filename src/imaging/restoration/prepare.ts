import { UserError } from '../../domain/errors.js';
import { percentile } from '../normalise.js';
import type { Raster } from '../radiograph/resample.js';
import { MAX_PIXELS } from '../refuse.js';
import { enlarge, reduce } from './cubic.js';
import { estimateNoise } from './noise.js';

const { max, min, round } = Math;

/** What is to be done to a film. */
export type RestorationAim =
  /** `sigma` in 1/255 of the film's window, estimated where it is absent; `impulses` is the share of black and white pixels. */
  | { kind: 'DENOISE'; sigma?: number; impulses?: number }
  | { kind: 'UPSCALE'; scale: number }
  /** Above 0 where the film is hidden; as large as the film. */
  | { kind: 'INPAINT'; mask: Raster };

/** A film as a restorer takes it, in units of its window, and the way back. */
export interface PreparedFilm extends Raster {
  mask?: Float32Array;
  /** 1/255 of the window. */
  sigma: number;
  impulses: number;
  scale: number;
  /** Grey values of the film that are 0 and 1 of the window. */
  low: number;
  high: number;
  /** The film before it was enlarged, in units of the window. */
  original: Raster;
}

/** How often an enlarged film is corrected by what it lacks of the original; the remainder falls to a third each time. */
const CORRECTIONS = 4;

/**
 * Brings a film to its window and does to it what a restorer expects: enlarges it, or takes out what a mask hides.
 *
 * @param window percentiles of the film that become 0 and 1
 * @throws UserError BAD_USER_INPUT for a mask of another size, or a film that would become too large
 */
export function prepareFilm(film: Raster, aim: RestorationAim, window: readonly [number, number]): PreparedFilm {
  const [low, high] = greysAt(film.data, window);
  const original = { ...film, data: film.data.map((value) => (value - low) / (high - low)) };
  const none = { sigma: 0, impulses: 0, scale: 1, low, high, original };
  if (aim.kind === 'UPSCALE') {
    const [rows, columns] = [round(film.rows * aim.scale), round(film.columns * aim.scale)];
    if (rows * columns > MAX_PIXELS) {
      refuse(`${columns} x ${rows} pixels are more than the ${MAX_PIXELS} that one image may have; enlarge it less.`);
    }
    return { ...none, ...enlarge(original, rows, columns), scale: aim.scale };
  }
  if (aim.kind === 'INPAINT') {
    const mask = Float32Array.from(aim.mask.data, (value) => (value > 0 ? 1 : 0));
    if (aim.mask.rows !== film.rows || aim.mask.columns !== film.columns) {
      const [given, wanted] = [`${aim.mask.columns} x ${aim.mask.rows}`, `${film.columns} x ${film.rows}`];
      refuse(`The mask is ${given} pixels and the film ${wanted}; they must be of one size.`);
    }
    return { ...none, rows: film.rows, columns: film.columns, data: filled(original.data, mask), mask };
  }
  const sigma = aim.sigma ?? 255 * estimateNoise(original);
  return { ...none, rows: film.rows, columns: film.columns, data: original.data, sigma, impulses: aim.impulses ?? 0 };
}

/**
 * The restored film as 16-bit grey values on the film's own scale, cut at 0 and 65,535. One that was enlarged is corrected first, so that
 * reduced again it is the film that was given.
 *
 * @param factor what the grey values are multiplied by: 257 brings a film of 8 bits to 16 and keeps what lies between its greys
 */
export function finishFilm(prepared: PreparedFilm, restored: Float32Array, factor = 1): Uint16Array {
  const { rows, columns, low, high, scale, original } = prepared;
  const image = scale === 1 ? restored : corrected({ rows, columns, data: restored }, original);
  return Uint16Array.from(image, (value) => round(min(max(factor * (value * (high - low) + low), 0), 65_535)));
}

/** What was done to a film, in words. @param done `sigma` in 1/255 of the window */
export function aimInWords(
  done:
    { kind: 'UPSCALE'; scale: number } | { kind: 'INPAINT' } | { kind: 'DENOISE'; sigma: number; estimated: boolean },
): string {
  if (done.kind === 'UPSCALE') return `enlarged ${done.scale} times`;
  if (done.kind === 'INPAINT') return 'filled in under a mask';
  const noise = `noise of ${done.sigma.toFixed(1)} of 255 taken off`;
  return done.estimated ? `${noise}, as estimated` : noise;
}

/** Grey values at two percentiles. */
function greysAt(data: Float32Array, [from, to]: readonly [number, number]): [number, number] {
  const [low, high] = [percentile(data, from), percentile(data, to)];
  // Nearly all of it may have one grey: the whole range then.
  return high > low ? [low, high] : [percentile(data, 0), percentile(data, 100)];
}

function filled(film: Float32Array, mask: Float32Array): Float32Array {
  let [sum, count] = [0, 0];
  film.forEach((value, pixel) => {
    if (mask[pixel] === 0) [sum, count] = [sum + value, count + 1];
  });
  return film.map((value, pixel) => (mask[pixel] === 0 ? value : sum / max(count, 1)));
}

/** Back-projection (Irani and Peleg 1991): what the reduced result lacks of the original is enlarged and added. */
function corrected(result: Raster, original: Raster): Float32Array {
  const { rows, columns } = result;
  let { data } = result;
  for (let round = 0; round < CORRECTIONS; round++) {
    const again = reduce({ rows, columns, data }, original.rows, original.columns);
    const lacking = enlarge(
      { ...original, data: original.data.map((value, pixel) => value - again.data[pixel]!) },
      rows,
      columns,
    );
    data = data.map((value, pixel) => value + lacking.data[pixel]!);
  }
  return data;
}

function refuse(message: string): never {
  throw new UserError('BAD_USER_INPUT', message);
}
