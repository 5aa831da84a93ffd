import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { MODEL_SIZE } from '../imaging/normalise.js';
import { type BlobStore, BlobStoreUnavailable } from '../storage/index.js';

const RETRY_MS = 2_000;

/** Most bytes that a generation stores: each slice of 16-bit pixels as PNG and once more in the volume, uncompressible at worst. */
export function bytesOfGeneration(sliceCount: number): number {
  return 2 * sliceCount * (2 * MODEL_SIZE ** 2 + 1024) + 4096;
}

/**
 * Waits until the blob store can be used, before a generation is claimed: a store that is down costs it no attempt. That a quota
 * leaves no room is found when it is claimed, and fails it.
 *
 * @param goOn false ends the waiting: the worker stops, or the generation waits no more
 * @returns false when the waiting was ended
 */
export async function waitForRoom(
  store: BlobStore,
  bytes: number,
  { goOn, logger }: { goOn: () => Promise<boolean>; logger: Logger },
): Promise<boolean> {
  for (let tried = 0; ; tried++) {
    const fault = await store.requireRoom(bytes).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(fault instanceof BlobStoreUnavailable)) return true;
    if (tried === 0) logger.warn({ reason: fault.message }, 'the blob store cannot be used; the worker waits for it');
    await delay(RETRY_MS);
    if (!(await goOn())) return false;
  }
}
