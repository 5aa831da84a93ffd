import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { type DeviceChoice, type InferenceHost, startInferenceHost } from '../inference/index.js';
import type { BlobStore } from '../storage/index.js';
import { CancelRequested, type Lease, WorkerStopping } from './lease.js';
import { startListener } from './listener.js';
import { openQueue } from './queue.js';
import { reconcile } from './reconciler.js';
import { runGeneration } from './run-generation.js';
import { CANCEL_CHANNEL } from './transitions.js';

export interface WorkerOptions {
  dataSource: DataSource;
  /** The same database, for connections of its own: the listener's and the queue's. */
  databaseUrl: string;
  store: BlobStore;
  /** redis://... to queue in Redis; absent to queue in the database. */
  queueUrl?: string | undefined;
  /** Where this machine keeps the bundles, as `<name>/<version>`; absent: where they were registered. */
  modelsDir?: string | undefined;
  device?: DeviceChoice | undefined;
  /** Threads of each inference process on the cpu; default: all cores. */
  threads?: number | undefined;
  /** Generations computed at a time, each in an inference process of its own; default 1. */
  concurrency?: number;
  logger: Logger;
}

export interface RunningWorker {
  /** Stops in good order: running generations go back to the queue with the slices they have. */
  close(): Promise<void>;
}

/** How often lost generations are looked for, ms. */
const RECONCILE_INTERVAL_MS = 2_000;

/**
 * Takes generations from the queue until it is closed. Inference runs in child processes, so that neither heartbeats nor the
 * queue's locks ever wait for a forward pass.
 *
 * @throws UserError UNAVAILABLE when the queue cannot be reached, BAD_USER_INPUT for a concurrency below 1
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { dataSource, databaseUrl, queueUrl, store, modelsDir, device, threads, concurrency = 1, logger } = options;
  if (concurrency < 1) throw new UserError('BAD_USER_INPUT', `concurrency is ${concurrency}; it must be at least 1.`);
  const worker = `${hostname()}:${process.pid}`;
  const leases = new Map<string, Lease>();
  const queue = await openQueue({ databaseUrl, queueUrl, logger });
  const listener = await startListener({
    databaseUrl,
    channels: [CANCEL_CHANNEL],
    logger,
    onNotification: (_channel, id) => leases.get(id)?.end(new CancelRequested()),
    // Heartbeats tell of what was missed.
    onReconnect: () => undefined,
  });
  const hosts: InferenceHost[] = [];
  for (let started = 0; started < concurrency; started++) {
    hosts.push(
      await startInferenceHost({
        ...(device === undefined ? {} : { device }),
        ...(threads === undefined ? {} : { threads }),
      }),
    );
  }
  const free = [...hosts];
  let stopping = false;

  const consumer = await queue.consume(async (id) => {
    const host = free.pop()!;
    try {
      const onLease = (lease: Lease) => {
        leases.set(id, lease);
        if (stopping) lease.end(new WorkerStopping());
      };
      const again = await runGeneration({ dataSource, store, host, modelsDir, worker, logger, onLease }, id);
      if (again) await queue.enqueue([{ id, attempt: again.attempt }]);
    } catch (err) {
      logger.error({ err, generation: id }, 'a generation could not be settled; it will be found again');
    } finally {
      leases.delete(id);
      free.push(host);
    }
  }, concurrency);
  const repairs = repeat(RECONCILE_INTERVAL_MS, () =>
    reconcile(dataSource, queue, logger, (id) => leases.has(id)).catch((err: unknown) =>
      logger.warn({ err }, 'looking for lost generations failed'),
    ),
  );
  logger.info({ worker, concurrency }, 'the worker is ready');

  return {
    async close() {
      stopping = true;
      const drained = consumer.close();
      for (const lease of leases.values()) lease.end(new WorkerStopping());
      // In the middle of a forward pass: what it would give is computed again, bit by bit the same.
      await Promise.all(hosts.map((host) => host.close()));
      await drained;
      await repairs.stop();
      await listener.close();
      await queue.close();
      logger.info({ worker }, 'the worker has stopped');
    },
  };
}

/** Calls `task` now and again `interval` ms after each call has ended. */
function repeat(interval: number, task: () => Promise<void>): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void>;
  const run = () => {
    running = task().then(() => {
      if (!stopped) timer = setTimeout(run, interval);
    });
  };
  run();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
