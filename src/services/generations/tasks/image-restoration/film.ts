import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../../../domain/errors.js';
import { compiledModule } from '../../../../domain/package.js';
import type { NetworkFilm } from '../../../../imaging/restoration/index.js';
import type { FilmAnswer, FilmWork, FinishWork, MadeFile } from './film-thread.js';

/** A film on its way through a thread of its own. */
export interface FilmInWork {
  /** As the network takes it. */
  prepared: NetworkFilm;
  /** The files of the restored film. @throws UserError */
  finish(work: FinishWork): Promise<MadeFile[]>;
  close(): Promise<void>;
}

/**
 * Makes a film ready for the network.
 *
 * @throws UserError FILE_REFUSED, or BAD_USER_INPUT for a mask of another size and a film that would become too large
 */
export async function openFilm(work: FilmWork): Promise<FilmInWork> {
  const thread = new Worker(compiledModule('services/generations/tasks/image-restoration/film-thread'), {
    workerData: work,
  });
  const close = async () => void (await thread.terminate());
  try {
    const answer = await answerOf(thread);
    if (!('prepared' in answer)) throw new Error('The thread that restores a film gave files before it had any.');
    return {
      prepared: answer.prepared,
      async finish(finish) {
        thread.postMessage(finish, [finish.restored.buffer as ArrayBuffer]);
        const made = await answerOf(thread);
        if (!('files' in made)) throw new Error('The thread that restores a film gave no files.');
        return made.files;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws UserError for a refusal; Error when the thread ends without a word */
async function answerOf(thread: Worker): Promise<Exclude<FilmAnswer, { refusal: unknown }>> {
  const ended = new AbortController();
  const { signal } = ended;
  const end = once(thread, 'exit', { signal }).then(() => {
    throw new Error('The thread that restores a film has ended.');
  });
  end.catch(() => undefined);
  try {
    const [answer] = (await Promise.race([once(thread, 'message', { signal }), end])) as [FilmAnswer];
    if ('refusal' in answer) throw new UserError(answer.refusal.code, answer.refusal.message);
    return answer;
  } finally {
    ended.abort();
  }
}
