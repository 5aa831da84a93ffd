import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import type { Bundle, Generation } from '../entities/index.js';
import { availableMemory, type DeviceChoice, startInferenceHost } from '../inference/index.js';
import type { BlobStore } from '../storage/index.js';
import {
  CANCEL_CHANNEL,
  CancelRequested,
  Leases,
  type LogBody,
  startListener,
  type Timings,
  type WorkKind,
  type WorkRegistry,
} from '../work/index.js';
import { WorkerPool } from './worker-pool.js';
import { openQueue } from './queue.js';
import { reconcilerOf } from './reconciler.js';
import { Registration } from './registry.js';
import { Slot, type SlotResources } from './slot.js';

export interface WorkerOptions<B extends LogBody> {
  /** What may be run, and the kind that this worker runs. */
  work: WorkRegistry;
  kind: WorkKind<Generation, B, SlotResources>;
  dataSource: DataSource;
  /** The same database, for connections of its own: the listener's and the queue's. */
  databaseUrl: string;
  store: BlobStore;
  /** redis://... to queue in Redis; absent to queue in the database. */
  queueUrl?: string | undefined;
  /** Where this machine keeps the bundles, as `<name>/<version>`; absent: where they were registered. */
  modelsDir?: string | undefined;
  /** Default: one, `auto`. */
  devices?: readonly DeviceChoice[];
  /** Generations computed at a time on each device, each in an inference process of its own; default 1. */
  concurrency?: number;
  /** Threads of each inference process on the cpu; default: all cores. */
  threads?: number | undefined;
  /** The bundle to load and run once on each device before work is taken. */
  warm?: Bundle | undefined;
  /** Generations after which an inference process is replaced by a fresh one; default 500. */
  recycleAfter?: number | undefined;
  /** Memory from which on it is replaced, bytes; default: its share of half of what this machine or container has. */
  memoryLimit?: number | undefined;
  timings?: Timings | undefined;
  logger: Logger;
}

export interface RunningWorker {
  /** Rejects when its queue does not answer. */
  ping(): Promise<void>;
  /**
   * Stops in good order: takes no more work, lets what runs go on for `drainMs` (default 0), then hands it back to the queue with
   * the slices it has. A second call ends the waiting.
   */
  close(drainMs?: number): Promise<void>;
}

/** How often lost generations are looked for, ms. */
const RECONCILE_INTERVAL_MS = 2_000;

/**
 * Takes generations from the queue until it is closed. Inference runs in child processes, so that neither heartbeats nor the
 * queue's locks ever wait for a forward pass.
 *
 * @throws UserError UNAVAILABLE when the queue cannot be reached or a device cannot be used, BAD_USER_INPUT for a concurrency
 *   below 1
 */
export async function startWorker<B extends LogBody>(options: WorkerOptions<B>): Promise<RunningWorker> {
  const { work, kind, dataSource, databaseUrl, queueUrl, store, timings, logger } = options;
  const leases = new Leases();
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    const queue = await openQueue({ databaseUrl, queueUrl, logger });
    closers.push(() => queue.close());
    const listener = await startListener({
      databaseUrl,
      channels: [CANCEL_CHANNEL],
      logger,
      onNotification: (_channel, name) => leases.end(name, new CancelRequested()),
      // Heartbeats tell of what was missed.
      onReconnect: () => undefined,
    });
    closers.push(() => listener.close());
    const slots = await openSlots(options);
    const closeHosts = () => Promise.all(slots.map(({ host }) => host.close()));
    closers.push(closeHosts);
    const registration = new Registration({ dataSource, slots: () => slots.map((slot) => slot.report()), logger });
    closers.push(() => registration.leave());
    await warmUp(slots, options);

    const pool = new WorkerPool({ work, kind, dataSource, store, queue, logger, registration, slots, leases, timings });
    const reconcile = reconcilerOf({ dataSource, kind, queue, logger, leases, ...(timings ? { timings } : {}) });
    const consumer = await queue.consume((id) => pool.work(id), slots.length);
    const repairs = repeat(RECONCILE_INTERVAL_MS, () =>
      reconcile().catch((err: unknown) => logger.warn({ err }, 'looking for lost generations failed')),
    );
    closers.push(() => repairs.stop());
    registration.enter('READY');
    logger.info({ worker: registration.name, slots: slots.length }, 'the worker is ready');

    const hurry = new AbortController();
    let closed: Promise<void> | undefined;
    const close = async (drainMs: number) => {
      registration.enter('DRAINING');
      pool.close();
      const drained = consumer.close();
      if (drainMs > 0 && leases.size > 0) {
        logger.info({ worker: registration.name, running: leases.size, drainMs }, 'the worker ends what it has');
      }
      await leases.drain(drained, drainMs, hurry.signal);
      hurry.abort();
      // In the middle of a forward pass: what it would give is computed again, bit by bit the same.
      await closeHosts();
      await drained;
      await closeAll();
      logger.info({ worker: registration.name }, 'the worker has stopped');
    };
    return {
      ping: () => queue.ping(),
      close(drainMs = 0) {
        if (closed) hurry.abort();
        return (closed ??= close(drainMs));
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

type SlotOptions = Omit<WorkerOptions<LogBody>, 'work' | 'kind'>;

async function openSlots(options: SlotOptions): Promise<Slot[]> {
  const { devices = ['auto'], concurrency = 1, threads, modelsDir, recycleAfter } = options;
  if (concurrency < 1) throw new UserError('BAD_USER_INPUT', `concurrency is ${concurrency}; it must be at least 1.`);
  const places = devices.flatMap((device) => Array.from({ length: concurrency }, () => device));
  const memoryLimit = options.memoryLimit ?? availableMemory() / 2 / places.length;
  const slots: Slot[] = [];
  try {
    for (const device of places) {
      const host = await startInferenceHost({
        device,
        memoryLimit,
        ...(threads === undefined ? {} : { threads }),
        ...(recycleAfter === undefined ? {} : { recycleAfter }),
      });
      slots.push(new Slot(device, host, modelsDir));
    }
  } catch (error) {
    await Promise.all(slots.map(({ host }) => host.close()));
    throw error;
  }
  return slots;
}

/** A device that cannot be used ends the worker: it would only fail what others can compute. */
async function warmUp(slots: readonly Slot[], { warm, logger }: SlotOptions): Promise<void> {
  if (!warm) return;
  for (const slot of slots) {
    try {
      await slot.load(warm, { warm: true });
    } catch (err) {
      if (err instanceof UserError && err.code === 'UNAVAILABLE') throw err;
      logger.warn({ err, bundle: `${warm.name}@${warm.version}` }, 'the worker starts without a model');
    }
  }
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
