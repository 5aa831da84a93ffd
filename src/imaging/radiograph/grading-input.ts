import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import type { GreyImage } from '../../metrics/index.js';
import { mirrorColumns, percentile } from '../normalise.js';
import { refuseFile } from '../refuse.js';
import type { Film } from './film.js';
import { resample } from './resample.js';

/** Grey levels of a film that is stored with 8 bits. */
const WHITE = 255;

/** Percentiles of a crop with more grey levels that become black and white: wide, so that bone is not cut off. */
const WINDOW_PERCENT = { dark: 0.1, bright: 99.9 } as const;

/** Sides of a crop in which edges are traced: as many pixels as the film has, within these. */
const CROP_PIXELS = { least: 64, most: 1024 } as const;

/** The crop of one knee as it lies, values in [0, 1], about as fine as the film. @throws UserError FILE_REFUSED without contrast */
export function kneeCrop(film: Film, box: SquareBox): GreyImage {
  const size = Math.round(Math.min(Math.max(box.side, CROP_PIXELS.least), CROP_PIXELS.most));
  return { rows: size, columns: size, data: greyLevels(film, box, size).map((value) => value / WHITE) };
}

/**
 * What a KL grader is given of one knee: the crop, grey 0 to 255, looking like a right knee. A film of 8 bits keeps its grey levels.
 *
 * @param box what `kneeBox` found
 * @param size rows and columns that the grader takes
 * @throws UserError FILE_REFUSED for a crop without contrast
 */
export function gradingInput(film: Film, box: SquareBox, knee: Side, size: number): Float32Array {
  const data = greyLevels(film, box, size);
  return knee === 'LEFT' ? mirrorColumns(data, size) : data;
}

function greyLevels(film: Film, { left, top, side }: SquareBox, size: number): Float32Array {
  const { data } = resample(film, { left, top, width: side, height: side }, size, size);
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (!(high > low)) refuseFile(film.name, 'has no contrast inside the crop of the knee');
  if (low < 0 || high > WHITE) {
    const dark = percentile(data, WINDOW_PERCENT.dark);
    const range = Math.max(percentile(data, WINDOW_PERCENT.bright) - dark, 1e-6);
    data.forEach((value, index) => (data[index] = WHITE * Math.min(Math.max((value - dark) / range, 0), 1)));
  }
  return data;
}
