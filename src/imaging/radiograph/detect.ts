import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import type { FilmView } from '../../domain/uploads.js';
import type { FoundKnee, KneeDetector, SeenFilm } from '../../inference/index.js';
import { percentile } from '../normalise.js';
import { refuseFile } from '../refuse.js';
import type { Film } from './film.js';
import { refuseDarkBone } from './polarity.js';
import { resample, type Window } from './resample.js';
import { refuseWrongView, viewByShape } from './view.js';

/** Both knees of one film: squares within this factor, joint lines at most this many sides apart in height, and not one upon the other. */
const ALIKE = { side: 1.25, rows: 0.6, apart: 0.8 } as const;

/** The middle of the one knee of a film lies this share of the width away from its middle at most. */
const OFF_MIDDLE = 0.2;

/** A knee that a trained knee detector found. */
export interface DetectedKnee {
  /** The crop for the model, film pixels. */
  readonly box: SquareBox;
  /** How sure the knee detector is, 0 to 1. */
  readonly confidence: number;
}

/**
 * Whether a film shows both legs, by the knees found on it and not by its shape: a pair, or one knee in its middle. Where there is neither
 * its size in mm or its shape tells.
 *
 * @throws UserError FILE_REFUSED for a film that is surely no upright frontal one
 */
export async function detectView(film: Film, detector: KneeDetector): Promise<FilmView> {
  const { knees, window } = await look(film, detector);
  const sure = knees.filter(({ confidence }) => confidence >= detector.threshold);
  if (surestPair(sure)) return 'BILATERAL';
  const [knee, another] = sure;
  const pitch = window.width / detector.columns;
  const inMiddle = knee && Math.abs(knee.column - detector.columns / 2) * pitch <= OFF_MIDDLE * film.columns;
  return inMiddle && !another ? 'SINGLE' : viewByShape(film);
}

/**
 * Finds both knees on a bilateral film with a trained knee detector: the surest pair of knees alike in size and height, or else single
 * ones, each in its half of the film. The patient's right knee is on the image's left.
 *
 * @throws UserError FILE_REFUSED when a knee of `sides` is not found with the confidence that the knee detector asks for, or the film is
 *   surely no upright frontal one
 */
export async function detectKnees<S extends Side>(
  film: Film,
  detector: KneeDetector,
  sides: readonly S[],
): Promise<Record<S, DetectedKnee>> {
  const { knees: found, window } = await look(film, detector);
  const sure = found.filter(({ confidence }) => confidence >= detector.threshold);
  const middle = (film.columns / 2 - window.left) * (detector.columns / window.width);
  const pair = surestPair(sure) ?? {
    RIGHT: sure.find(({ column }) => column < middle),
    LEFT: sure.find(({ column }) => column >= middle),
  };
  const knees = sides.map((side) => {
    const knee = pair[side] ?? refuseKnee(film, detector, `${side.toLowerCase()} knee`, sureness(found, side, middle));
    return [side, bright(film, onFilm(knee, window, detector))] as const;
  });
  return Object.fromEntries(knees) as Record<S, DetectedKnee>;
}

/**
 * Finds the one knee on a film that is no tight crop.
 *
 * @throws UserError FILE_REFUSED when none is found with the confidence that the knee detector asks for, or the film is surely no upright
 *   frontal one
 */
export async function detectKnee(film: Film, detector: KneeDetector): Promise<DetectedKnee> {
  const { knees, window } = await look(film, detector);
  const [knee] = knees;
  if (!knee || knee.confidence < detector.threshold) refuseKnee(film, detector, 'knee', knee?.confidence ?? 0);
  return bright(film, onFilm(knee, window, detector));
}

/** A film as the detector sees it: whole, its longer side filling the input, its edges repeated beside the shorter one. */
export function detectorInput(
  film: Film,
  { rows, columns, window: [dark, bright] }: Pick<KneeDetector, 'rows' | 'columns' | 'window'>,
): { input: Float32Array; window: Window } {
  const pitch = Math.max(film.columns / columns, film.rows / rows);
  const [width, height] = [pitch * columns, pitch * rows];
  const window = { left: (film.columns - width) / 2, top: (film.rows - height) / 2, width, height };
  const { data } = resample(film, window, rows, columns);
  const [low, high] = [percentile(data, dark), percentile(data, bright)];
  const range = Math.max(high - low, 1e-6);
  return { input: data.map((value) => 2 * Math.min(Math.max((value - low) / range, 0), 1) - 1), window };
}

interface Look extends SeenFilm {
  window: Window;
}

/** A film is looked at once, however many questions there are. */
const looks = new WeakMap<KneeDetector, WeakMap<Film, Promise<Look>>>();

/** @throws UserError FILE_REFUSED for a film that is surely no upright frontal one */
async function look(film: Film, detector: KneeDetector): Promise<Look> {
  const known = looks.get(detector) ?? new WeakMap<Film, Promise<Look>>();
  const seen = known.get(film) ?? lookAnew(film, detector);
  looks.set(detector, known.set(film, seen));
  const answer = await seen;
  refuseWrongView(film, answer.view);
  return answer;
}

async function lookAnew(film: Film, detector: KneeDetector): Promise<Look> {
  const { input, window } = detectorInput(film, detector);
  return { ...(await detector.look(input)), window };
}

function surestPair(knees: readonly FoundKnee[]): Record<Side, FoundKnee> | undefined {
  let best: Record<Side, FoundKnee> | undefined;
  let most = 0;
  for (const right of knees) {
    for (const left of knees) {
      const sum = right.confidence + left.confidence;
      if (sum > most && alike(right, left)) [best, most] = [{ RIGHT: right, LEFT: left }, sum];
    }
  }
  return best;
}

function alike(right: FoundKnee, left: FoundKnee): boolean {
  const [small, large] = [Math.min(right.side, left.side), Math.max(right.side, left.side)];
  if (large > ALIKE.side * small || Math.abs(right.row - left.row) > ALIKE.rows * large) return false;
  return left.column - right.column > ALIKE.apart * large;
}

function onFilm({ column, row, side, confidence }: FoundKnee, window: Window, { columns }: KneeDetector): DetectedKnee {
  const pitch = window.width / columns;
  const box = {
    left: window.left + (column - side / 2) * pitch,
    top: window.top + (row - side / 2) * pitch,
    side: side * pitch,
  };
  return { box, confidence };
}

/** @throws UserError FILE_REFUSED for a knee whose bone is dark */
function bright(film: Film, knee: DetectedKnee): DetectedKnee {
  refuseDarkBone(film, knee.box);
  return knee;
}

/** The confidence of the best guess in a side's half of the film. */
function sureness(found: readonly FoundKnee[], side: Side, middle: number): number {
  const half = found.filter(({ column }) => column < middle === (side === 'RIGHT'));
  return Math.max(0, ...half.map(({ confidence }) => confidence));
}

function refuseKnee(film: Film, { name, threshold }: KneeDetector, knee: string, confidence: number): never {
  const best = `the best guess of ${name} has confidence ${confidence.toFixed(2)}, and ${threshold} is needed`;
  return refuseFile(film.name, `shows no ${knee} that could be found (${best}); give the crop of one knee or its box`);
}
