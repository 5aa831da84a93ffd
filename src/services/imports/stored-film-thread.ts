import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { type FilmFile, type ReadFilm, readStoredFilm } from './stored-film.js';

/** The thread's only message: an error of the user's must come through as what it is. */
export type StoredFilmOutcome = ReadFilm | { refusal: Pick<UserError, 'code' | 'message'> };

/** A thread that reads one film; see stored-film.ts. */
try {
  const file = workerData as FilmFile;
  const { uidKey } = file.subject;
  // A key comes over as bytes, and digests are made with a buffer.
  const read = await readStoredFilm({ ...file, subject: { ...file.subject, uidKey: Buffer.from(uidKey) } });
  parentPort!.postMessage(read satisfies StoredFilmOutcome);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  const { code, message } = error;
  parentPort!.postMessage({ refusal: { code, message } } satisfies StoredFilmOutcome);
}
