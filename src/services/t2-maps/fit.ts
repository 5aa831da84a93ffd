import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';
import { compiledModule } from '../../domain/package.js';
import type { FitAnswer, Fitted, FitWork } from './fit-thread.js';

/**
 * Fits a map in a thread of its own.
 *
 * @throws UserError FILE_REFUSED, BAD_USER_INPUT for echoes to which none can be fitted; the signal's reason
 */
export async function fitInThread(
  work: FitWork,
  { signal, onSlice }: { signal: AbortSignal; onSlice(done: number, total: number): void },
): Promise<Fitted> {
  signal.throwIfAborted();
  const thread = new Worker(compiledModule('services/t2-maps/fit-thread'), { workerData: work });
  const over = Promise.withResolvers<Fitted>();
  thread.on('message', (answer: FitAnswer) => {
    if ('fitted' in answer) over.resolve(answer.fitted);
    else if ('refusal' in answer) over.reject(new UserError(answer.refusal.code, answer.refusal.message));
    else onSlice(answer.done, answer.total);
  });
  thread.on('error', over.reject);
  thread.on('exit', () => over.reject(new Error('The thread that fits a T2 map has ended.')));
  const ended = new AbortController();
  once(signal, 'abort', { signal: ended.signal }).then(
    () => over.reject(signal.reason as Error),
    () => undefined,
  );
  try {
    return await over.promise;
  } finally {
    ended.abort();
    await thread.terminate();
  }
}
