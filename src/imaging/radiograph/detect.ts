import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import type { FoundKnee, KneeDetector } from '../../inference/index.js';
import { percentile } from '../normalise.js';
import { refuseFile } from '../refuse.js';
import type { Film } from './film.js';
import { resample, type Window } from './resample.js';

/** Both knees of one film: squares within this factor, joint lines at most this many sides apart in height, and not one upon the other. */
const ALIKE = { side: 1.25, rows: 0.6, apart: 0.8 } as const;

/** A knee that a trained knee detector found. */
export interface DetectedKnee {
  /** The crop for the model, film pixels. */
  readonly box: SquareBox;
  /** How sure the knee detector is, 0 to 1. */
  readonly confidence: number;
}

/**
 * Finds both knees on a bilateral film with a trained knee detector: the surest pair of knees alike in size and height, or else single
 * ones, each in its half of the film. The patient's right knee is on the image's left.
 *
 * @throws UserError FILE_REFUSED when a knee of `sides` is not found with the confidence that the knee detector asks for
 */
export async function detectKnees<S extends Side>(
  film: Film,
  detector: KneeDetector,
  sides: readonly S[],
): Promise<Record<S, DetectedKnee>> {
  const { found, window } = await look(film, detector);
  const sure = found.filter(({ confidence }) => confidence >= detector.threshold);
  const middle = (film.columns / 2 - window.left) * (detector.columns / window.width);
  const pair = surestPair(sure) ?? {
    RIGHT: sure.find(({ column }) => column < middle),
    LEFT: sure.find(({ column }) => column >= middle),
  };
  const knees = sides.map((side) => {
    const knee = pair[side] ?? refuseKnee(film, detector, `${side.toLowerCase()} knee`, sureness(found, side, middle));
    return [side, onFilm(knee, window, detector)] as const;
  });
  return Object.fromEntries(knees) as Record<S, DetectedKnee>;
}

/**
 * Finds the one knee on a film that is no tight crop.
 *
 * @throws UserError FILE_REFUSED when none is found with the confidence that the knee detector asks for
 */
export async function detectKnee(film: Film, detector: KneeDetector): Promise<DetectedKnee> {
  const { found, window } = await look(film, detector);
  const [knee] = found;
  if (!knee || knee.confidence < detector.threshold) refuseKnee(film, detector, 'knee', knee?.confidence ?? 0);
  return onFilm(knee, window, detector);
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

async function look(film: Film, detector: KneeDetector): Promise<{ found: FoundKnee[]; window: Window }> {
  const { input, window } = detectorInput(film, detector);
  return { found: await detector.find(input), window };
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

/** The confidence of the best guess in a side's half of the film. */
function sureness(found: readonly FoundKnee[], side: Side, middle: number): number {
  const half = found.filter(({ column }) => column < middle === (side === 'RIGHT'));
  return Math.max(0, ...half.map(({ confidence }) => confidence));
}

function refuseKnee(film: Film, { name, threshold }: KneeDetector, knee: string, confidence: number): never {
  const best = `the best guess of ${name} has confidence ${confidence.toFixed(2)}, and ${threshold} is needed`;
  return refuseFile(film.name, `shows no ${knee} that could be found (${best}); give the crop of one knee or its box`);
}
