import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { compiledModule } from '../../domain/package.js';
import type { FilmWork, KeptFilm } from './film.js';
import type { KeptMask, MaskWork } from './mask.js';
import type { Outcome } from './thread.js';

/** Files of one kind that are received or read at a time by one process: each is in memory. */
const MAX_AT_ONCE = 4;

/** Reads uploaded files one after the other, away from the thread that answers requests. */
export interface UploadReader<Work, Kept> {
  /**
   * Takes a place for one upload, received and read by `receive` with the reader it is given.
   *
   * @throws UserError UNAVAILABLE when every place is taken; FILE_REFUSED as what reads the file
   */
  admit<T>(receive: (read: (work: Work) => Promise<Kept>) => Promise<T>): Promise<T>;
  /** Ends what is being read. */
  close(): Promise<void>;
}

export type FilmReader = UploadReader<FilmWork, KeptFilm>;
export type MaskReader = UploadReader<MaskWork, KeptMask>;

export function openFilmReader(): FilmReader {
  return openReader({ module: 'services/uploads/film-thread', what: 'radiographs' });
}

export function openMaskReader(): MaskReader {
  return openReader({ module: 'services/uploads/mask-thread', what: 'masks' });
}

/** @param module the thread that reads one file @param what they are called */
function openReader<Work, Kept>({ module, what }: { module: string; what: string }): UploadReader<Work, Kept> {
  let places = MAX_AT_ONCE;
  let last: Promise<unknown> = Promise.resolve();
  let thread: Worker | undefined;

  const readNow = async (work: Work): Promise<Kept> => {
    // A thread of its own for each: whatever a hostile file makes of its memory is gone with it.
    thread = new Worker(compiledModule(module), { workerData: work });
    try {
      const [outcome] = (await Promise.race([once(thread, 'message'), endOf(thread)])) as [Outcome<Kept>];
      if ('refusal' in outcome) throw new UserError(outcome.refusal.code, outcome.refusal.message);
      return outcome.kept;
    } finally {
      await thread.terminate();
    }
  };
  const read = (work: Work): Promise<Kept> => {
    const reading = last.then(() => readNow(work));
    last = reading.catch(() => undefined);
    return reading;
  };

  return {
    async admit(receive) {
      if (places === 0) {
        throw new UserError('UNAVAILABLE', `${MAX_AT_ONCE} ${what} are being received already; try again in a moment.`);
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
  throw new Error('The thread that reads an uploaded file has ended.');
}
