import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import type { KneeReading } from '../../domain/film-readings.js';
import { compiledModule } from '../../domain/package.js';
import type { ReadingOutcome, ReadingWork } from './reading-thread.js';

/** Readings that one server does or has waiting at a time: each film is in memory, and each takes a good part of a second. */
const MAX_AT_ONCE = 8;

/** Reads knees one after the other, in a thread and an inference process of the server's own: nothing else stands in that line. */
export interface KneeReader {
  /** @throws UserError UNAVAILABLE when too many wait already; FILE_REFUSED, BUNDLE_REFUSED */
  read(work: ReadingWork): Promise<KneeReading>;
  /** Ends the thread once what it reads is read. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(reading: KneeReading): void;
  reject(error: Error): void;
}

/** The thread is started by the first reading, and anew when it has died. */
export function openKneeReader(): KneeReader {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let lastId = 0;
  let closed = false;

  function startThread(): Worker {
    const started = new Worker(compiledModule('services/film-readings/reading-thread'));
    started.on('message', (outcome: ReadingOutcome) => {
      const call = waiting.get(outcome.id);
      waiting.delete(outcome.id);
      if ('reading' in outcome) call?.resolve(outcome.reading);
      else if ('refusal' in outcome) call?.reject(new UserError(outcome.refusal.code, outcome.refusal.message));
      else call?.reject(new Error(`A film could not be read: ${outcome.failure}`));
    });
    const end = (error?: Error) => {
      if (thread === started) thread = undefined;
      for (const call of waiting.values()) call.reject(error ?? new Error('The thread that reads films has ended.'));
      waiting.clear();
    };
    started.on('error', end);
    started.on('exit', () => end());
    return started;
  }

  return {
    async read(work) {
      if (closed) throw new UserError('UNAVAILABLE', 'The server is closing; ask again in a moment.');
      if (waiting.size >= MAX_AT_ONCE) {
        throw new UserError(
          'UNAVAILABLE',
          `${MAX_AT_ONCE} films are already waiting to be read; try again in a moment.`,
        );
      }
      thread ??= startThread();
      const id = ++lastId;
      const asked = thread;
      return new Promise<KneeReading>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        asked.postMessage({ id, work });
      });
    },
    async close() {
      closed = true;
      if (!thread) return;
      const ending = once(thread, 'exit');
      thread.postMessage('close');
      await ending;
    },
  };
}
