import { isAskerLeft } from '../entities/index.js';

/** What Node calls it when a client hangs up: in the middle of what it is sent, or before the first byte. */
const CODES: readonly (string | undefined)[] = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_UNABLE_TO_PIPE'];

/** Whether sending ended because the client hung up: it has had enough, and nothing is wrong. */
export function hasHungUp(error: unknown): boolean {
  return CODES.includes((error as NodeJS.ErrnoException).code) || isAskerLeft(error);
}
