import { MIN_BOX, type SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import type { FilmView } from '../../domain/uploads.js';
import { mirrorColumns, MODEL_SIZE, percentile } from '../normalise.js';
import { refuseFile } from '../refuse.js';
import type { KneeDetector, XraySize } from '../../inference/index.js';
import { detectKnee, detectKnees, detectView } from './detect.js';
import type { Film } from './film.js';
import { framedByJoint } from './framing.js';
import { findKnee, locateKnees } from './locate.js';
import { resample, type Window } from './resample.js';
import { BILATERAL_ASPECT, viewByShape } from './view.js';

export interface RadiographOptions {
  /** The patient's side; on a bilateral film it chooses the knee, and left knees are mirrored to look like right ones. */
  readonly side: Side;
  /** The square to cut, film pixels; found on the film when absent. */
  readonly box?: SquareBox | undefined;
  /** Overrides what {@link filmView} makes of the film. */
  readonly view?: FilmView | undefined;
  /** Finds knees on whole films; without one the outlines of a drawn knee are matched. */
  readonly detector?: KneeDetector | undefined;
  /**
   * Frames a tight crop of one knee anew by the joint traced in it, as generators of volumes were shown knees; a grader takes such crops whole.
   * Default false.
   */
  readonly reframe?: boolean | undefined;
}

/** A crop of one knee is at most this wide, and nearly square. */
const CROP_MM = 150;

/** Percentiles of the crop that become -1 and 1. */
const WINDOW_PERCENT = { dark: 5, bright: 99 } as const;

/** What models of format 1 take. */
const ONE_SQUARE: XraySize = { rows: MODEL_SIZE, columns: MODEL_SIZE, channels: 1 };

/**
 * What a film shows: a tight, nearly square crop one knee, any other what a knee detector finds on it, or its size and shape without one.
 *
 * @throws UserError FILE_REFUSED for a film that a detector says is surely no upright frontal one
 */
export async function filmView(film: Film, detector?: KneeDetector): Promise<FilmView> {
  return detector && !isTightCrop(film) ? detectView(film, detector) : viewByShape(film);
}

/**
 * The square of the film that the model sees of one knee. A tight, nearly square crop of one knee is taken whole; anywhere else
 * the knee is looked for.
 *
 * @throws UserError FILE_REFUSED when no knee is found, the bone of one that is found is dark, or a given box lies outside the film
 */
export async function kneeBox(film: Film, options: RadiographOptions): Promise<SquareBox> {
  const { side, box, detector, reframe = false } = options;
  if (box) return checkedBox(film, box);
  const view = options.view ?? (await filmView(film, detector));
  if (view === 'BILATERAL') {
    if (detector) return (await detectKnees(film, detector, [side]))[side].box;
    return locateKnees(film)[side].box;
  }
  if (isTightCrop(film)) return reframe ? framedByJoint(film, middleSquare(film)) : middleSquare(film);
  if (detector) return (await detectKnee(film, detector)).box;
  const place =
    findKnee(film) ?? refuseFile(film.name, 'shows no knee that could be found; give the crop of one knee or its box');
  return place.box;
}

/**
 * The model's input y of one knee: the crop, its 5th to 99th percentile as -1 to 1, looking like a right knee. The training package
 * (training/osteograph_training/images.py) does the same in the same order. The crop is as wide as the box, and higher or lower
 * about its middle where the model takes more or fewer rows than columns.
 *
 * @param box what {@link kneeBox} found
 * @param size what the model takes; a second channel is 1 on the film where its pixels have a known size in mm, 0 elsewhere
 * @returns the values in [-1, 1], channel after channel in C order
 * @throws UserError FILE_REFUSED for a crop without contrast
 */
export function radiographInput(
  film: Film,
  { left, top, side }: SquareBox,
  knee: Side,
  { rows, columns, channels }: XraySize = ONE_SQUARE,
): Float32Array {
  const height = (side * rows) / columns;
  const window = { left, top: top + (side - height) / 2, width: side, height };
  const { data } = resample(film, window, rows, columns);
  const dark = percentile(data, WINDOW_PERCENT.dark);
  const bright = percentile(data, WINDOW_PERCENT.bright);
  if (!(bright > dark)) refuseFile(film.name, 'has no contrast inside the crop of the knee');
  const input = data.map((value) => 2 * Math.min(Math.max((value - dark) / (bright - dark), 0), 1) - 1);
  const planes = channels === 1 ? [input] : [input, knownSize(film, window, rows, columns)];
  const values = new Float32Array(channels * rows * columns);
  planes.forEach((plane, index) => {
    values.set(knee === 'LEFT' ? mirrorColumns(plane, columns) : plane, index * rows * columns);
  });
  return values;
}

/** 1 where a pixel's middle lies on a film whose pixel size is known, else 0. */
function knownSize({ pixelSpacing, ...film }: Film, window: Window, rows: number, columns: number): Float32Array {
  const mask = new Float32Array(rows * columns);
  if (pixelSpacing === null) return mask;
  return mask.map((_, index) => {
    const x = window.left + (((index % columns) + 0.5) * window.width) / columns;
    const y = window.top + ((Math.floor(index / columns) + 0.5) * window.height) / rows;
    return x >= 0 && x < film.columns && y >= 0 && y < film.rows ? 1 : 0;
  });
}

function isTightCrop({ rows, columns, pixelSpacing }: Film): boolean {
  const square = Math.max(rows, columns) <= BILATERAL_ASPECT * Math.min(rows, columns);
  return square && (pixelSpacing === null || columns * pixelSpacing[1] <= CROP_MM);
}

function middleSquare({ rows, columns }: Film): SquareBox {
  const side = Math.min(rows, columns);
  return { left: (columns - side) / 2, top: (rows - side) / 2, side };
}

/** A box may reach over the film's border, but its middle must be on the film and it must show something. */
function checkedBox(film: Film, box: SquareBox): SquareBox {
  const [column, row] = [box.left + box.side / 2, box.top + box.side / 2];
  const onFilm = column >= 0 && row >= 0 && column <= film.columns && row <= film.rows;
  if (!onFilm || !(box.side >= MIN_BOX) || box.side > 2 * Math.max(film.rows, film.columns)) {
    refuseFile(
      film.name,
      `has ${film.columns} x ${film.rows} pixels, which the box ${box.left},${box.top} of side ${box.side} does not fit`,
    );
  }
  return box;
}
