import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../domain/package.js';
import type { MovingPicture, MovingWork } from './moving-thread.js';

/**
 * Makes a moving picture of frames.
 *
 * In a thread: both encoders take seconds, and the one of MP4 installs handlers that would end the process at any rejected promise.
 *
 * @param frames RGBA, `side` x `side` each, `side` even
 * @throws Error when the encoder fails
 */
export async function encodeMoving(
  kind: MovingPicture,
  frames: readonly Uint8Array[],
  side: number,
): Promise<Uint8Array> {
  const workerData: MovingWork = { kind, frames: [...frames], side };
  const thread = new Worker(compiledModule('imaging/progression/moving-thread'), { workerData });
  const ended = new AbortController();
  const { signal } = ended;
  const end = once(thread, 'exit', { signal }).then(() => {
    throw new Error(`The thread that makes a ${kind} has ended.`);
  });
  end.catch(() => undefined);
  try {
    const [file]: unknown[] = await Promise.race([once(thread, 'message', { signal }), end]);
    if (!(file instanceof Uint8Array)) throw new Error(`The thread that makes a ${kind} gave no file.`);
    return file;
  } finally {
    ended.abort();
    await thread.terminate();
  }
}
