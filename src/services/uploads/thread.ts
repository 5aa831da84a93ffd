import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../../domain/errors.js';

/** A thread's only message: an error of the user's must come through as what it is. */
export type Outcome<Kept> = { kept: Kept } | { refusal: Pick<UserError, 'code' | 'message'> };

/** In a thread that reads one uploaded file: reads what it was started with, and says what came of it. */
export async function answerOnce<Work, Kept>(read: (work: Work) => Promise<Kept>): Promise<void> {
  try {
    parentPort!.postMessage({ kept: await read(workerData as Work) } satisfies Outcome<Kept>);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, message } = error;
    parentPort!.postMessage({ refusal: { code, message } } satisfies Outcome<Kept>);
  }
}
