import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { compiledModule } from '../../domain/package.js';
import type { FilmWork, KeptFilm } from './film.js';
import type { FilmOutcome } from './film-thread.js';

/** Films that are received or read at a time by one process: each is in memory. */
const MAX_AT_ONCE = 4;

/** Reads uploaded films one after the other, away from the thread that answers requests. */
export interface FilmReader {
  /**
   * Takes a place for one upload, received and read by `receive` with the reader it is given.
   *
   * @throws UserError UNAVAILABLE when every place is taken; FILE_REFUSED as readFilm
   */
  admit<T>(receive: (read: (work: FilmWork) => Promise<KeptFilm>) => Promise<T>): Promise<T>;
  /** Ends what is being read. */
  close(): Promise<void>;
}

export function openFilmReader(): FilmReader {
  let places = MAX_AT_ONCE;
  let last: Promise<unknown> = Promise.resolve();
  let thread: Worker | undefined;

  const readNow = async (work: FilmWork): Promise<KeptFilm> => {
    // A thread of its own for each: whatever a hostile file makes of its memory is gone with it.
    thread = new Worker(compiledModule('services/uploads/film-thread'), { workerData: work });
    try {
      const [outcome] = (await Promise.race([once(thread, 'message'), endOf(thread)])) as [FilmOutcome];
      if ('refusal' in outcome) throw new UserError(outcome.refusal.code, outcome.refusal.message);
      return outcome.film;
    } finally {
      await thread.terminate();
    }
  };
  const read = (work: FilmWork): Promise<KeptFilm> => {
    const reading = last.then(() => readNow(work));
    last = reading.catch(() => undefined);
    return reading;
  };

  return {
    async admit(receive) {
      if (places === 0) {
        throw new UserError(
          'UNAVAILABLE',
          `${MAX_AT_ONCE} radiographs are being received already; try again in a moment.`,
        );
      }
      places--;
      try {
        return await receive(read);
      } finally {
        places++;
      }
    },
    async close() {
      await thread?.terminate();
    },
  };
}

/** @throws Error when the thread ends without a word */
async function endOf(thread: Worker): Promise<never> {
  await once(thread, 'exit');
  throw new Error('The thread that reads a film has ended.');
}
