import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { type FilmWork, type KeptFilm, readFilm } from './film.js';

/** The thread's only message: an error of the user's must come through as what it is. */
export type FilmOutcome = { film: KeptFilm } | { refusal: Pick<UserError, 'code' | 'message'> };

/** A thread that reads one film; see reader.ts. */
try {
  const film = await readFilm(workerData as FilmWork);
  parentPort!.postMessage({ film } satisfies FilmOutcome);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  const { code, message } = error;
  parentPort!.postMessage({ refusal: { code, message } } satisfies FilmOutcome);
}
