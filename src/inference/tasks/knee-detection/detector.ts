import { UserError } from '../../../domain/errors.js';
import type { FloatTensor } from '../../backend.js';
import type { OpenBundle, TaskRequest } from '../task.js';
import type { Manifest, SHOWN } from './manifest.js';

/** A knee on the detector's input: joint centre and side of the square around it in input pixels, and how sure the network is. */
export interface FoundKnee {
  column: number;
  row: number;
  side: number;
  /** 0 to 1. */
  confidence: number;
}

/** What a film shows and how it lies, each with its probability. */
export interface SeenView {
  shows: (typeof SHOWN)[number];
  showsChance: number;
  /** That it shows one knee or both from the front. */
  frontalChance: number;
  /** Quarter turns clockwise that the film was turned by: 0 to 3. */
  turned: number;
  turnedChance: number;
  /** Whether bone is dark on it. */
  invertedChance: number;
}

/** What the detector sees on a film. */
export interface SeenFilm {
  /** Surest first, those below the threshold included. */
  knees: FoundKnee[];
  /** Null of a detector that tells no views apart. */
  view: SeenView | null;
}

/** A film to find knees on. */
export interface FilmRequest extends TaskRequest {
  /** A whole film prepared as the bundle's manifest says. */
  film: Float32Array;
}

/** Knees that are looked for on one film: two, and what may be taken for a third. */
const MAX_KNEES = 6;

/** Runs the detector on one film; for the inference process. @throws UserError BAD_USER_INPUT for a film of another size */
export async function lookAtFilm(
  { manifest, sessions }: OpenBundle<Manifest, 'detector'>,
  { film }: FilmRequest,
): Promise<SeenFilm> {
  const { rows, columns } = manifest.film;
  if (film.length !== rows * columns) {
    throw new UserError('BAD_USER_INPUT', `The film has ${film.length} values; ${rows} x ${columns} are needed.`);
  }
  const { heatmap, boxes, ...view } = await sessions.detector.run({
    film: { data: film, dims: [1, 1, rows, columns] },
  });
  const { shows } = manifest.detector;
  return { knees: decodeKnees(heatmap!, boxes!), view: shows ? decodeView(shows, view) : null };
}

const FRONTAL: ReadonlySet<SeenView['shows']> = new Set(['BILATERAL', 'SINGLE']);

function decodeView(
  names: readonly SeenView['shows'][],
  { shows, turned, inverted }: Record<string, FloatTensor>,
): SeenView {
  const [shown, turn] = [likeliest(shows!.data), likeliest(turned!.data)];
  return {
    shows: names[shown]!,
    showsChance: shows!.data[shown]!,
    frontalChance: names.reduce((sum, name, index) => sum + (FRONTAL.has(name) ? shows!.data[index]! : 0), 0),
    turned: turn,
    turnedChance: turned!.data[turn]!,
    invertedChance: inverted!.data[0]!,
  };
}

function likeliest(chances: Float32Array): number {
  return chances.indexOf(Math.max(...chances));
}

/**
 * Peaks of a heatmap [1,1,h,w], surest first. The box of each is the mean of those [1,3,h,w] in the cells around it, weighted by
 * their scores. training/osteograph_training/detector.py does the same.
 */
export function decodeKnees({ data: heatmap, dims }: FloatTensor, { data: boxes }: FloatTensor): FoundKnee[] {
  const [rows, columns] = [dims[2]!, dims[3]!];
  const knees: FoundKnee[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const confidence = heatmap[row * columns + column]!;
      const around = neighbourhood(row, column, rows, columns);
      if (around.some((cell) => heatmap[cell]! > confidence)) continue;
      const total = around.reduce((sum, cell) => sum + heatmap[cell]!, 0);
      const mean = (plane: number): number =>
        around.reduce((sum, cell) => sum + heatmap[cell]! * boxes[plane * rows * columns + cell]!, 0) / total;
      knees.push({ column: mean(0), row: mean(1), side: mean(2), confidence });
    }
  }
  return knees.sort((a, b) => b.confidence - a.confidence).slice(0, MAX_KNEES);
}

/** A cell and the up to eight beside it. */
function neighbourhood(row: number, column: number, rows: number, columns: number): number[] {
  const cells: number[] = [];
  for (let down = Math.max(row - 1, 0); down <= Math.min(row + 1, rows - 1); down++) {
    for (let across = Math.max(column - 1, 0); across <= Math.min(column + 1, columns - 1); across++) {
      cells.push(down * columns + across);
    }
  }
  return cells;
}
