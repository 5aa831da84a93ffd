import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { compiledModule } from '../../domain/package.js';
import { type Deidentified, deidentifyFilm, type DeidentifiedSubject } from '../../imaging/deidentification/index.js';
import { encodeFilm, type Film } from '../../imaging/radiograph/film.js';
import type { StoredFilmOutcome } from './stored-film-thread.js';

/** A film as it is stored, and what its header says. */
export interface StoredFilm extends Pick<Film, 'rows' | 'columns' | 'pixelSpacing' | 'attributes'> {
  /** The pixels: a 16-bit grey PNG, bone bright. */
  png: Uint8Array;
}

/** A file that is read as a film. */
export interface FilmFile {
  bytes: Uint8Array;
  /** What messages call it. */
  name: string;
  subject: DeidentifiedSubject;
}

/** A film, and the object that is kept of it. */
export interface ReadFilm {
  film: StoredFilm;
  object: Deidentified;
}

/** Reads a film from what de-identification leaves of its file; @throws UserError FILE_REFUSED */
export async function readStoredFilm({ bytes, name, subject }: FilmFile): Promise<ReadFilm> {
  const { film, object } = await deidentifyFilm({ bytes, name }, () => subject);
  const { rows, columns, pixelSpacing, attributes } = film;
  return { film: { rows, columns, pixelSpacing, attributes, png: encodeFilm(film) }, object };
}

/** The same in a thread of its own, for a process that others wait for: a film of 7 megapixels takes seconds. */
export async function readStoredFilmApart(file: FilmFile): Promise<ReadFilm> {
  const thread = new Worker(compiledModule('services/imports/stored-film-thread'), { workerData: file });
  try {
    const [outcome] = (await Promise.race([once(thread, 'message'), endOf(thread)])) as [StoredFilmOutcome];
    if ('refusal' in outcome) throw new UserError(outcome.refusal.code, outcome.refusal.message);
    return outcome;
  } finally {
    await thread.terminate();
  }
}

/** @throws Error when the thread ends without a word */
async function endOf(thread: Worker): Promise<never> {
  await once(thread, 'exit');
  throw new Error('The thread that reads a film has ended.');
}
