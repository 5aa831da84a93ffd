import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { BlobStore } from './blob-store.js';
import { sweepBlobs } from './sweep.js';

/** Sweeps now and then for as long as a server runs. */
export interface Sweeper {
  /** Breaks off a sweep that runs; what it has done stays done. */
  close(): Promise<void>;
}

export interface SweeperOptions {
  dataSource: DataSource;
  store: BlobStore;
  logger: Logger;
  /** Removes rows whose time is over, before the sweep that finds their files. @returns what it was, for the log */
  forget?: (signal: AbortSignal) => Promise<object>;
  /** Time between two sweeps, ms; the first one comes after a tenth to a half of it, so that servers take turns. */
  everyMs?: number;
}

const EVERY_MS = 6 * 3_600_000;

/** Starts to sweep at intervals. Any number of servers may: a sweep that finds nothing costs a listing. */
export function startSweeper({ dataSource, store, logger, forget, everyMs = EVERY_MS }: SweeperOptions): Sweeper {
  const stop = new AbortController();
  const { signal } = stop;
  const running = loop();

  async function loop(): Promise<void> {
    let wait = everyMs * (0.1 + 0.4 * Math.random());
    for (;;) {
      // A server that has nothing else to do may end.
      await delay(wait, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const forgotten = (await forget?.(signal)) ?? {};
        if (Object.keys(forgotten).length > 0) logger.info({ forgotten }, 'what was kept long enough was removed');
        const report = await sweepBlobs({ dataSource, store, signal });
        const { missing, ...found } = report;
        logger.info({ ...found, missing: missing.length }, 'the blob store was swept');
        // Not which: digests can be compared with files.
        if (missing.length > 0) logger.error({ missing: missing.length }, 'blobs are missing from the store');
      } catch (err) {
        if (!signal.aborted) logger.warn({ err }, 'the blob store could not be swept');
      }
      wait = everyMs;
    }
  }

  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
