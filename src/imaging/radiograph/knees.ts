import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import type { FilmView, UploadedKnee } from '../../domain/uploads.js';
import type { KneeDetector } from '../../inference/index.js';
import type { Film } from './film.js';
import { filmView, kneeBox } from './input.js';
import { viewByShape } from './view.js';

/** What a film shows, as far as it can be told. */
export interface FoundKnees {
  view: FilmView;
  knees: UploadedKnee[];
  /** Why a knee was not found, a sentence each. */
  problems: string[];
}

/**
 * Looks for each knee that a film may show; one that is not found is no reason to refuse the film, because its box can be given.
 *
 * @param laterality the one knee that the file says it shows
 */
export async function kneesOn(
  film: Film,
  { laterality, detector }: { laterality: Side | null; detector: KneeDetector | undefined },
): Promise<FoundKnees> {
  const found: FoundKnees = { view: viewByShape(film), knees: [], problems: [] };
  try {
    found.view = await filmView(film, detector);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...found, problems: [error.message] };
  }
  const { view } = found;
  for (const side of view === 'BILATERAL' ? (['RIGHT', 'LEFT'] as const) : [laterality]) {
    try {
      // On a film of one knee the side chooses nothing.
      found.knees.push({ side, box: await kneeBox(film, { side: side ?? 'RIGHT', view, detector }) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      found.problems.push(error.message);
    }
  }
  return found;
}
