import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { compiledModule } from '../domain/package.js';
import type { BlobSettings } from '../storage/index.js';

export interface WorkerChildOptions {
  blobs: BlobSettings;
  databaseUrl: string;
  /** cuda, webgpu, cpu or auto. */
  device: string;
  logger: Logger;
}

export interface WorkerChild {
  /** Process id of the worker that runs now; undefined between two. */
  pid(): number | undefined;
  /** Ends the worker in good order, or by force when it takes longer than 20 s. */
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** A worker that lived so long did not die of how it was started. */
const HEALTHY_MS = 30_000;
const STOP_MS = 20_000;

/** Keeps one `osteograph worker` alive beside the server: a dead one is followed by the next, more slowly if that dies, too. */
export function startWorkerChild(options: WorkerChildOptions): WorkerChild {
  const { logger } = options;
  const stop = new AbortController();
  let child: ChildProcess | undefined;
  const supervised = supervise();

  async function supervise(): Promise<void> {
    let wait = FIRST_RETRY_MS;
    while (!stop.signal.aborted) {
      const started = performance.now();
      child = spawnWorker(options);
      const [code, signal] = await exitOf(child);
      child = undefined;
      if (stop.signal.aborted) return;
      if (performance.now() - started > HEALTHY_MS) wait = FIRST_RETRY_MS;
      logger.warn({ code, signal, retryInMs: wait }, 'the worker ended; another one follows');
      await delay(wait, undefined, { signal: stop.signal }).catch(() => undefined);
      wait = Math.min(2 * wait, LAST_RETRY_MS);
    }
  }

  return {
    pid: () => child?.pid,
    async close() {
      stop.abort();
      child?.kill('SIGTERM');
      const timer = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
      await supervised;
      clearTimeout(timer);
    },
  };
}

function spawnWorker({ blobs, databaseUrl, device }: WorkerChildOptions): ChildProcess {
  return spawn(
    process.execPath,
    [compiledModule('cli/main'), 'worker', '--data-dir', blobs.dataDir, '--device', device, '--drain', '0'],
    {
      // The channel tells a worker whose parent was killed that it is alone, and it ends.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        BLOB_URL: blobs.url ?? '',
        OSTEOGRAPH_BLOB_QUOTA: blobs.quota ?? '',
      },
      // Ctrl-C in a terminal goes to the whole group; the worker is to hear of it from here, once.
      detached: true,
    },
  );
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  } catch {
    // It could not be started at all.
    return [null, null];
  }
}
