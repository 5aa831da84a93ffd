import type { GreyImage } from '../image.js';
import { filmJointLine } from './film-joint-line.js';
import { readFilmJointSpace } from './film-joint-space.js';
import { JOINT_BELOW_MM, type VolumeJointLines } from './volume-joint-lines.js';

/** Where the films of the training hold the joint line, as a share of the crop's height. */
export const FILM_JOINT_ROW = 0.493;

/** Whether a generated volume shows the joint that its film shows; lengths in mm, null where either cannot be read. */
export interface FilmConsistency {
  /** Bright lines of each compartment of the volume: one in a knee. */
  readonly medialLines: number;
  readonly lateralLines: number;
  /** How much lower the medial joint line lies than the lateral one. */
  readonly filmDrop: number | null;
  readonly volumeDrop: number | null;
  /**
   * Row of the joint, mean of both compartments: how much lower the volume has it than the film, each from where the training has it.
   */
  readonly rowOffset: number | null;
  /** Narrowest joint space of the film. */
  readonly filmMedial: number | null;
  readonly filmLateral: number | null;
}

/**
 * @param film crop of the knee as it lies, bone bright or dark, square, values in [0, 1]
 * @param side 'R' has its medial side on the picture's right
 * @param pitch mm of the knee that a pixel of the crop and of the volume are
 */
export function filmConsistency(
  film: GreyImage,
  lines: VolumeJointLines,
  side: 'R' | 'L',
  { pitch, volume }: { pitch: { film: number; volume: number }; volume: { rows: number } },
): FilmConsistency {
  const spaces = readFilmJointSpace(film, side);
  const own = filmJointLine(spaces);
  const width = ({ space }: typeof spaces.medial) => space && space.minimum * pitch.film;
  const mean = (rows: readonly [number, number]) => (rows[0] + rows[1]) / 2 + 0.5;
  const ofVolume = (rows: readonly [number, number]) => (mean(rows) - volume.rows / 2) * pitch.volume - JOINT_BELOW_MM;
  const ofFilm = (rows: readonly [number, number]) => (mean(rows) - FILM_JOINT_ROW * film.rows) * pitch.film;
  const shown = own.medial && own.lateral ? ([own.medial.row, own.lateral.row] as const) : null;
  const { medial, lateral } = lines;
  const found = medial.row !== null && lateral.row !== null ? ([medial.row, lateral.row] as const) : null;
  return {
    medialLines: medial.lines,
    lateralLines: lateral.lines,
    filmDrop: shown && (shown[0] - shown[1]) * pitch.film,
    volumeDrop: found && (found[0] - found[1]) * pitch.volume,
    rowOffset: shown && found && ofVolume(found) - ofFilm(shown),
    filmMedial: width(spaces.medial),
    filmLateral: width(spaces.lateral),
  };
}
