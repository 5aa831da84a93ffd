import type { SquareBox } from '../../domain/knee-box.js';
import { FILM_JOINT_ROW, filmJointLine, readFilmJointSpace } from '../../metrics/index.js';
import type { Film } from './film.js';
import { kneeCrop } from './grading-input.js';

/** How far the films of the training were moved up and down at random, as a share of the square's height. */
const MOVED = 0.03;

/**
 * The square moved up or down to where a generator was shown joints. Public crops hold theirs 8 % of their height lower; taken as they are,
 * volumes come out with two joint lines, the film's and the usual one. A square whose joint lies in its place, or cannot be traced, stays
 * as it is. The new one may reach over the film's border.
 */
export function framedByJoint(film: Film, square: SquareBox): SquareBox {
  const crop = kneeCrop(film, square);
  // Which side is which makes no difference to the middle of both.
  const { medial, lateral } = filmJointLine(readFilmJointSpace(crop, 'R'));
  const rows = [medial, lateral].flatMap((line) => (line ? [(line.row + 0.5) / crop.rows] : []));
  if (rows.length === 0) return square;
  const row = rows.reduce((sum, one) => sum + one, 0) / rows.length;
  if (Math.abs(row - FILM_JOINT_ROW) <= MOVED) return square;
  return { ...square, top: square.top + (row - FILM_JOINT_ROW) * square.side };
}
