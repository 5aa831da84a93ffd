import type { FilmView } from '../../domain/uploads.js';
import type { SeenView } from '../../inference/index.js';
import { refuseFile } from '../refuse.js';
import type { Film } from './film.js';

/** How sure a detector must be that a film is no frontal one, or does not lie as it should. */
const SURE = 0.8;

/** A film at least this wide shows both legs. */
const BILATERAL_MM = 250;
/** Films of both legs are wider than high, as far as their shape tells. */
export const BILATERAL_ASPECT = 1.125;

/** What a film shows by its width in mm where that is known, else by its shape: what is left where no knee was found. */
export function viewByShape(film: Film): FilmView {
  const spacing = film.pixelSpacing?.[1];
  const bilateral = spacing ? film.columns * spacing >= BILATERAL_MM : film.columns > BILATERAL_ASPECT * film.rows;
  return bilateral ? 'BILATERAL' : 'SINGLE';
}

/**
 * A film that is surely no upright frontal one is refused. One that may be is looked at for knees.
 *
 * @throws UserError FILE_REFUSED with a sentence that says what it shows and what to do
 */
export function refuseWrongView(film: Film, view: SeenView | null): void {
  const why = view && wrongView(view);
  if (why) refuseFile(film.name, why);
}

function wrongView(view: SeenView): string | null {
  const { turned, turnedChance, invertedChance } = view;
  if (view.frontalChance <= 1 - SURE) return `${whatElse(view)}; a film from the front (PA or AP) is needed`;
  if (turned !== 0 && turnedChance >= SURE) return HOW_TO_TURN[turned]!;
  if (invertedChance >= SURE) return 'shows bone dark: its greys are inverted; invert them';
  return null;
}

function whatElse({ shows, showsChance }: SeenView): string {
  if (shows === 'LATERAL' && showsChance >= SURE) return 'shows a knee from the side (lateral)';
  if (shows === 'SKYLINE' && showsChance >= SURE) return 'shows a knee from above (skyline)';
  return 'does not show knees from the front';
}

/** By the quarter turns clockwise that a film was turned by. */
const HOW_TO_TURN = [
  '',
  'lies on its side; turn it a quarter turn to the left',
  'is upside down; turn it by half a turn',
  'lies on its side; turn it a quarter turn to the right',
];
