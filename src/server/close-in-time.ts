import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/**
 * Closes what a start that failed had opened already. Neither an error nor silence keeps the reason of the failed start from being
 * told: what has not closed by the deadline is left behind, with a line in the log.
 *
 * @param closers the last one is called first
 * @param patienceMs for each of them
 */
export async function closeInTime(
  closers: (() => Promise<unknown>)[],
  patienceMs: number,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  for (let closer = closers.pop(); closer; closer = closers.pop()) {
    const left = new AbortController();
    const late = delay(patienceMs, 'late', { signal: left.signal }).catch(() => undefined);
    try {
      const outcome = await Promise.race([closer(), late]);
      if (outcome === 'late') logger.warn({ patienceMs }, 'a part of a start that failed does not close and is left');
    } catch (err) {
      logger.warn({ err }, 'a part of a start that failed could not be closed');
    } finally {
      left.abort();
    }
  }
}
