import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import { refuseFile } from '../refuse.js';
import type { Film } from './film.js';
import { gradients } from './gradients.js';
import { kneeTemplate, TEMPLATE_REACH } from './knee-template.js';
import { resample, resize, type Raster, type Window } from './resample.js';

/** Side of the model's crop in plateau widths: about 95 mm. */
const BOX_PER_PLATEAU = 1.22;

/** A knee found on a film. */
export interface KneePlace {
  /** Centre of the joint line, film pixels. */
  readonly centreColumn: number;
  readonly centreRow: number;
  /** Width of the tibial plateau, film pixels. */
  readonly plateauWidth: number;
  /** The crop for the model: centred on the joint line, 1.22 plateau widths wide. */
  readonly box: SquareBox;
  /** Agreement with an ideal knee's outlines, 0 to 1; below 0.25 nothing is accepted. */
  readonly confidence: number;
}

/** Agreement below which what was found is taken for no knee. */
const MIN_CONFIDENCE = 0.25;

/**
 * Plateau widths looked for, the usual one, and how far (as a logarithm) a width may be from it at little cost: mm where the
 * film gives its spacing, else shares of the width of the part that shows one knee.
 */
const PLATEAU_MM = { from: 56, usual: 75, to: 100, spread: 0.2 } as const;
const PLATEAU_SHARE = { from: 0.24, usual: 0.42, to: 0.85, spread: 0.7 } as const;

/** Pixels per plateau width in the first, wide search and in the second, close one. */
const COARSE = 36;
const FINE = 72;
/** Ratio of neighbouring widths in the wide search. */
const SCALE_STEP = 1.09;

/** Both knees of one film: plateau widths within this factor, and joint lines at most this many widths apart in height. */
const ALIKE = { width: 1.2, rows: 0.7 } as const;

/**
 * Finds both knees on a bilateral film. The patient's right knee is on the image's left.
 *
 * The film is parted at the darkest column between the legs. In each half an ideal knee's outlines (gradient directions, so
 * that exposure does not matter) are matched at every place and at plateau widths 9 % apart. The best pair of knees alike in
 * width and height is taken, and each is then matched closely around its place.
 *
 * @throws UserError FILE_REFUSED when the knees are not found
 */
export function locateKnees(film: Film): Record<Side, KneePlace> {
  const middle = findMidline(film);
  const widths = candidateWidths(film, Math.min(middle, film.columns - middle));
  const rights = bestMatches(film, { left: 0, top: 0, width: middle, height: film.rows }, widths);
  const lefts = bestMatches(film, { left: middle, top: 0, width: film.columns - middle, height: film.rows }, widths);
  let pair: { right: Match; left: Match } | null = null;
  for (const right of rights) {
    for (const left of lefts) {
      if (alike(right, left) && (!pair || right.score + left.score > pair.right.score + pair.left.score))
        pair = { right, left };
    }
  }
  const place = (side: Side, match: Match | undefined): KneePlace =>
    (match && closeUp(film, match)) ??
    refuseFile(
      film.name,
      `shows no ${side.toLowerCase()} knee that could be found; give the crop of one knee or its box`,
    );
  return { RIGHT: place('RIGHT', pair?.right), LEFT: place('LEFT', pair?.left) };
}

/**
 * Finds one knee in a window of a film (by default all of it), for films and loose crops of a single knee.
 * @returns null when nothing there looks like a knee
 */
export function findKnee(film: Film, window: Window = wholeFilm(film)): KneePlace | null {
  const [best] = bestMatches(film, window, candidateWidths(film, window.width)).sort((a, b) => b.score - a.score);
  return best ? closeUp(film, best) : null;
}

function wholeFilm(film: Film): Window {
  return { left: 0, top: 0, width: film.columns, height: film.rows };
}

function alike(a: Match, b: Match): boolean {
  const ratio = a.width > b.width ? a.width / b.width : b.width / a.width;
  return ratio <= ALIKE.width && Math.abs(a.row - b.row) <= ALIKE.rows * Math.max(a.width, b.width);
}

/** Matches closely around a place from the wide search, then measures the plateau. */
function closeUp(film: Film, coarse: Match): KneePlace | null {
  let best = coarse;
  for (const spread of [0.08, 0.04]) best = refine(film, best, spread);
  if (best.score < MIN_CONFIDENCE) return null;
  const { column, width } = measurePlateau(film, best);
  const side = BOX_PER_PLATEAU * width;
  return {
    centreColumn: column,
    centreRow: best.row,
    plateauWidth: width,
    box: { left: column - side / 2, top: best.row - side / 2, side },
    confidence: Math.min(best.score, 1),
  };
}

interface Match {
  /** Centre of the joint line, film pixels. */
  readonly column: number;
  readonly row: number;
  /** Plateau width, film pixels. */
  readonly width: number;
  /** Mean agreement of gradient directions over the template's outlines, at most 1. */
  readonly score: number;
}

/** The darkest column between the legs, by the mean of the middle rows over the middle third of the columns. */
function findMidline(film: Film): number {
  const columns = 240;
  const rows = Math.max(16, Math.round((columns * film.rows) / film.columns));
  const small = resize(film, rows, columns);
  const profile = Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    for (let row = Math.floor(rows / 5); row < (4 * rows) / 5; row++) sum += small.data[row * columns + column]!;
    return sum;
  });
  const smooth = profile.map((_, column) => {
    let sum = 0;
    for (let step = -4; step <= 4; step++) sum += profile[Math.min(Math.max(column + step, 0), columns - 1)]!;
    return sum;
  });
  let darkest = Math.round(columns / 3);
  for (let column = darkest; column <= (2 * columns) / 3; column++)
    if (smooth[column]! < smooth[darkest]!) darkest = column;
  return ((darkest + 0.5) * film.columns) / columns;
}

/** A plateau width in film pixels, and the factor in (0, 1] by which its rarity lowers a match's score. */
interface CandidateWidth {
  readonly width: number;
  readonly prior: number;
}

function candidateWidths(film: Film, available: number): CandidateWidth[] {
  const spacing = film.pixelSpacing?.[1];
  const [range, unit] = spacing ? [PLATEAU_MM, 1 / spacing] : [PLATEAU_SHARE, available];
  const candidates = [];
  for (let size = range.from; size <= range.to && size * unit <= available; size *= SCALE_STEP) {
    const prior = Math.exp(-0.5 * (Math.log(size / range.usual) / range.spread) ** 2);
    candidates.push({ width: size * unit, prior });
  }
  return candidates;
}

/** The best place for each plateau width. */
function bestMatches(film: Film, window: Window, candidates: readonly CandidateWidth[]): Match[] {
  return candidates.flatMap(({ width, prior }) => {
    const match = bestMatch(film, window, width, COARSE, 2);
    return match ? { ...match, score: match.score * prior } : [];
  });
}

/** Best place for a knee of the given plateau width whose joint centre lies in the window. */
function bestMatch(film: Film, window: Window, width: number, scale: number, stride: number): Match | null {
  const perPixel = width / scale;
  const margin = TEMPLATE_REACH * width + 2 * perPixel;
  // The knee may touch the window's border, so the window is sampled with room for the template on every side.
  const columns = Math.round((window.width + 2 * margin) / perPixel);
  const rows = Math.round((window.height + 2 * margin) / perPixel);
  const sampled = resample(
    film,
    { left: window.left - margin, top: window.top - margin, width: columns * perPixel, height: rows * perPixel },
    rows,
    columns,
  );
  const place = matchTemplate(sampled, scale, stride);
  if (!place) return null;
  return {
    column: window.left - margin + (place.column + 0.5) * perPixel,
    row: window.top - margin + (place.row + 0.5) * perPixel,
    width,
    score: place.score,
  };
}

function refine(film: Film, around: Match, spread: number): Match {
  let best: Match | null = null;
  for (let step = -2; step <= 2; step++) {
    const width = around.width * (1 + (spread * step) / 2);
    const reach = 0.08 * around.width;
    const window = { left: around.column - reach, top: around.row - reach, width: 2 * reach, height: 2 * reach };
    const match = bestMatch(film, window, width, FINE, 1);
    if (match && (!best || match.score > best.score)) best = match;
  }
  return best ?? around;
}

/** Rows below the joint line, in plateau widths, where the tibia's sides are steepest. */
const PLATEAU_ROWS = { from: 0.05, to: 0.14 } as const;
/** How far from their expected places the plateau's ends are looked for, and how strongly those places count. */
const EDGE_REACH = 0.12;
const EDGE_PRIOR = 0.06;

/**
 * Moves the ends of the plateau to where bone falls off to soft tissue just under the joint line, and takes the mean of that
 * and of the template's own centre and width: the template is steadier, the edges are sharper.
 */
function measurePlateau(film: Film, { column, row, width }: Match): { column: number; width: number } {
  const perWidth = FINE;
  const columns = Math.round(1.4 * perWidth);
  const top = row + PLATEAU_ROWS.from * width;
  const height = (PLATEAU_ROWS.to - PLATEAU_ROWS.from) * width;
  const profile = resample(film, { left: column - 0.7 * width, top, width: 1.4 * width, height }, 1, columns).data;
  const edge = (direction: -1 | 1): number => {
    let best = { place: 0.5 * direction, weight: 0 };
    for (let at = 2; at < columns - 2; at++) {
      const place = ((at + 0.5) / columns - 0.5) * 1.4;
      const offset = place - 0.5 * direction;
      if (Math.abs(offset) > EDGE_REACH) continue;
      const fall = direction * (profile[at - 1]! + profile[at - 2]! - profile[at + 1]! - profile[at + 2]!);
      const weight = fall * Math.exp(-0.5 * (offset / EDGE_PRIOR) ** 2);
      if (weight > best.weight) best = { place, weight };
    }
    return best.place;
  };
  const [left, right] = [edge(-1), edge(1)];
  return { column: column + ((left + right) / 4) * width, width: ((right - left + 1) / 2) * width };
}

/** Highest mean agreement of the image's gradients with the template's, over all places where the template fits. */
function matchTemplate(
  image: Raster,
  scale: number,
  stride: number,
): { column: number; row: number; score: number } | null {
  const field = gradients(image);
  const template = outlineOf(scale);
  const reach = (template.side - 1) / 2;
  const { offsetsRow, offsetsColumn, right, down, total } = template;
  let best: { column: number; row: number; score: number } | null = null;
  for (let row = reach; row < image.rows - reach; row += stride) {
    for (let column = reach; column < image.columns - reach; column += stride) {
      let sum = 0;
      for (let point = 0; point < offsetsRow.length; point++) {
        const at = (row + offsetsRow[point]!) * image.columns + column + offsetsColumn[point]!;
        sum += right[point]! * field.right[at]! + down[point]! * field.down[at]!;
      }
      const score = sum / total;
      if (!best || score > best.score) best = { column, row, score };
    }
  }
  return best;
}

/** The template's points with a direction worth comparing, relative to its centre. */
interface Outline {
  readonly side: number;
  readonly offsetsRow: Int16Array;
  readonly offsetsColumn: Int16Array;
  readonly right: Float32Array;
  readonly down: Float32Array;
  /** Sum of the points' own lengths: the score of a perfect match of full strength. */
  readonly total: number;
}

const outlines = new Map<number, Outline>();

function outlineOf(scale: number): Outline {
  const known = outlines.get(scale);
  if (known) return known;
  const template = kneeTemplate(scale);
  const points = [...template.right.keys()].filter((at) => Math.hypot(template.right[at]!, template.down[at]!) > 0.2);
  const middle = (template.rows - 1) / 2;
  const outline: Outline = {
    side: template.rows,
    offsetsRow: Int16Array.from(points, (at) => Math.floor(at / template.columns) - middle),
    offsetsColumn: Int16Array.from(points, (at) => (at % template.columns) - middle),
    right: Float32Array.from(points, (at) => template.right[at]!),
    down: Float32Array.from(points, (at) => template.down[at]!),
    total: points.reduce((sum, at) => sum + Math.hypot(template.right[at]!, template.down[at]!), 0),
  };
  outlines.set(scale, outline);
  return outline;
}
