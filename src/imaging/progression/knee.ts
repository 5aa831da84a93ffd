import { UserError } from '../../domain/errors.js';
import type { SquareBox } from '../../domain/knee-box.js';
import { type Side, sideLetter } from '../../domain/participants.js';
import { likeliestKl } from '../../domain/film-readings.js';
import type { FilmView } from '../../domain/uploads.js';
import type { KneeDetector, KneeGrader } from '../../inference/index.js';
import { type FilmJointSpace, type GreyImage, readFilmJointSpace, type UnreadReason } from '../../metrics/index.js';
import { percentile } from '../normalise.js';
import { gradingInput, kneeCrop } from '../radiograph/grading-input.js';
import { type Film, readKnees } from '../radiograph/index.js';
import { resample } from '../radiograph/resample.js';
import { refuseFile } from '../refuse.js';
import { jointLine, type TracedJoint, WORKING } from './field.js';

/** One knee to show at other grades. */
export interface KneeToProgress {
  readonly film: Film;
  readonly side: Side;
  /** Its square, film pixels; found on the film when absent. */
  readonly box?: SquareBox | undefined;
  readonly view?: FilmView | undefined;
  readonly detector?: KneeDetector | undefined;
  /** Tells the film's own grade and the expected ones of frames, and refuses what looks like no knee. */
  readonly grader: KneeGrader;
}

/** A knee cut out in the film's own pixels, its joint traced. */
export interface TracedKnee {
  readonly name: string;
  readonly side: Side;
  /** Whole pixels of the film. */
  readonly box: SquareBox;
  /** Greys of the film, square. */
  readonly pixels: Float32Array;
  readonly pixelSpacing: readonly [number, number] | null;
  readonly joint: TracedJoint;
  readonly space: KneeMeasures;
  /** Greys that are 0 and 1 of the window. */
  readonly low: number;
  readonly high: number;
  /** The likeliest KL grade, and the expected one. */
  readonly kl: number;
  readonly expectedKl: number;
}

/** Narrowest joint space of both compartments, % of the square's width. Null where the edges cannot be traced. */
export interface KneeMeasures {
  readonly medial: number | null;
  readonly lateral: number | null;
}

const UNTRACED: Readonly<Record<UnreadReason, string>> = {
  TOO_SMALL: 'the knee is too small on it',
  NO_EDGES: 'it shows none',
  WEAK_EDGES: 'they are too faint',
};

/**
 * Finds a knee, reads it, and traces its joint.
 *
 * @param window percentiles of the square that become 0 and 1
 * @throws UserError FILE_REFUSED for what is no radiograph of a knee, and for a joint whose edges cannot be traced
 */
export async function traceKnee(
  { film, side, box, view, detector, grader }: KneeToProgress,
  window: readonly [number, number],
): Promise<TracedKnee> {
  const [reading] = await readKnees(film, { sides: [side], box, view, detector, grader });
  const { probabilities, expectedKl, unreadable, box: found } = reading!;
  if (probabilities === null || expectedKl === null || found === null) {
    throw new UserError('FILE_REFUSED', unreadable ?? `${film.name} shows no knee that could be read.`);
  }
  const square = wholePixels(found);
  const { left, top, side: size } = square;
  const { data: pixels } = resample(film, { left, top, width: size, height: size }, size, size);
  const cut: SquareFilm = { ...film, rows: size, columns: size, data: pixels };
  const traced = traceJoint(cut, side);
  const [medial, lateral] = [traced.medial, traced.lateral];
  const missing = [medial, lateral].find(({ space }) => space === null);
  if (!medial.space || !lateral.space) {
    const why = UNTRACED[missing!.reason!];
    refuseFile(film.name, `cannot be changed: the edges of its joint could not be traced, because ${why}`);
  }
  const [imageLeft, imageRight] = side === 'RIGHT' ? [lateral.space, medial.space] : [medial.space, lateral.space];
  const working = workingPixels(cut);
  return {
    name: film.name,
    side,
    box: square,
    pixels,
    pixelSpacing: film.pixelSpacing,
    joint: jointLine(imageLeft, imageRight, traced.columns / WORKING),
    space: { medial: percent(medial.space.minimum, traced), lateral: percent(lateral.space.minimum, traced) },
    low: percentile(working, window[0]),
    high: percentile(working, window[1]),
    kl: likeliestKl(probabilities),
    expectedKl,
  };
}

/** Joint space and expected grade of a knee's square with other greys. */
export async function measureKnee(
  { side, pixelSpacing, name, box }: Pick<TracedKnee, 'side' | 'pixelSpacing' | 'name' | 'box'>,
  pixels: Float32Array,
  grader: KneeGrader,
): Promise<KneeMeasures & { expectedKl: number }> {
  const film: SquareFilm = { name, pixelSpacing, attributes: null, rows: box.side, columns: box.side, data: pixels };
  const traced = traceJoint(film, side);
  const [grading] = await grader.grade([gradingInput(film, whole(film), side, grader.size)]);
  return {
    medial: traced.medial.space && percent(traced.medial.space.minimum, traced),
    lateral: traced.lateral.space && percent(traced.lateral.space.minimum, traced),
    expectedKl: grading!.chances.reduce((sum, chance, grade) => sum + grade * chance, 0),
  };
}

/** A knee's square as its working pixels, 224 x 224, greys of the film. */
export function workingPixels({ columns, data }: Pick<Film, 'columns' | 'data'>): Float32Array {
  const square = { rows: columns, columns, data };
  return resample(square, { left: 0, top: 0, width: columns, height: columns }, WORKING, WORKING).data;
}

/** A film that is one knee's square and nothing else. */
type SquareFilm = Film;

function traceJoint(film: SquareFilm, side: Side): FilmJointSpace & { columns: number } {
  const crop: GreyImage = kneeCrop(film, whole(film));
  return { ...readFilmJointSpace(crop, sideLetter(side)), columns: crop.columns };
}

function whole({ columns }: SquareFilm): SquareBox {
  return { left: 0, top: 0, side: columns };
}

function wholePixels({ left, top, side }: SquareBox): SquareBox {
  return { left: Math.round(left), top: Math.round(top), side: Math.round(side) };
}

function percent(pixels: number, { columns }: { columns: number }): number {
  return (100 * pixels) / columns;
}
