import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { Pool } from 'pg';
import type { Logger } from 'pino';
import { SINGLE_PRIORITY } from '../domain/batches.js';
import { UserError } from '../domain/errors.js';
import { connectionSettings, installationId } from '../entities/index.js';

/** A generation that waits: its id, and how often it had been started when it was queued. */
export interface QueuedGeneration {
  id: string;
  attempt: number;
  /** A higher one is handed out first; default: before all that have one. */
  priority?: number | undefined;
}

/**
 * Hands out ids of generations, at least once each, and knows nothing else. What it hands out is a hint to look at the row; what
 * it loses, the reconciler puts back.
 */
export interface GenerationQueue {
  /**
   * Putting in what is there already changes nothing. A queue that cannot be reached is logged, not thrown: the row is what
   * counts, and the reconciler puts in what is missing.
   */
  enqueue(waiting: readonly QueuedGeneration[]): Promise<void>;
  /** Calls `handle` with each id, at most `concurrency` at a time. `handle` deals with its own errors. */
  consume(handle: (id: string) => Promise<void>, concurrency: number): Promise<Consumer>;
  /** Rejects when the queue does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Consumer {
  /** Takes no more ids and waits for the calls that are running. */
  close(): Promise<void>;
}

export interface QueueOptions {
  databaseUrl: string;
  /** redis://... to queue in Redis; absent to queue in the database. */
  queueUrl?: string | undefined;
  logger: Logger;
}

const QUEUE_NAME = 'generations';

/** Schema of the database in which BullMQ keeps its tables. */
const SCHEMA = 'bullmq';

/** Prefix of every key in Redis, before the installation's own. */
const PREFIX = 'osteograph';

/** A worker that has not renewed its hold on an id for so long is dead, ms: as long as the lease of a generation (reconciler). */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 5_000;

/** BullMQ's statements take milliseconds; one that takes so long waits for somebody who is gone, ms. */
const STATEMENT_MS = 10_000;

/** A Redis that has not answered for so long is gone, ms; BullMQ's longest question waits 5 s for its answer. */
const REDIS_SILENCE_MS = 15_000;

/** How long saying goodbye to the queue may take, ms. */
const CLOSE_MS = 3_000;

/** A failing connection reports an error for every try; one in so many ms is logged. */
const ERROR_LOG_INTERVAL_MS = 10_000;

/**
 * Opens the queue in the database (bringing BullMQ's own tables up to date) or in Redis.
 *
 * @throws UserError UNAVAILABLE when it cannot be reached
 */
export async function openQueue({ databaseUrl, queueUrl, logger }: QueueOptions): Promise<GenerationQueue> {
  const binding = queueUrl ? await redisBinding(queueUrl, databaseUrl) : await postgresBinding(databaseUrl);
  const onError = limitedErrorLog(logger);
  let closing = false;
  const queue = await ready(binding.queue(), (error) => {
    if (!closing) onError(error);
  }).catch(async (error: unknown) => {
    await binding.close();
    throw error;
  });
  return {
    async enqueue(waiting) {
      const jobs = waiting.map(({ id, attempt, priority }) => ({
        name: 'generate',
        data: { id },
        // A new start is a new job: the one before may not have left the queue yet.
        opts: { jobId: `${id}-${attempt}`, priority: rankOf(priority), removeOnComplete: true, removeOnFail: true },
      }));
      await queue.addBulk(jobs).catch(onError);
    },
    async consume(handle, concurrency) {
      const running = new Set<Promise<void>>();
      const call = async (id: string) => {
        const handled = handle(id);
        running.add(handled);
        await handled.finally(() => running.delete(handled));
      };
      const options = {
        concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        // How often a generation is tried again is not the queue's to decide.
        maxStalledCount: 1_000_000,
      };
      const worker = await ready(
        binding.worker((job) => call(job.data.id), options),
        onError,
      );
      return {
        async close() {
          const closed = worker.close();
          closed.catch(() => undefined);
          while (running.size > 0) await Promise.allSettled(running);
          // BullMQ would wait for ever for a Redis that is away; its lock on what was handed out ends by itself.
          await atMost(CLOSE_MS, closed);
        },
      };
    },
    ping: async () => void (await queue.isPaused()),
    async close() {
      // BullMQ does not wait until its connections have ended: what the database still says to them is no news.
      closing = true;
      await atMost(CLOSE_MS, queue.close());
      await binding.close();
    },
  };
}

/**
 * A part of BullMQ that has reached its database or Redis. One that could not when it was made never will: it remembers the failure, and a worker
 * asks again without a pause, for ever. So it is closed.
 *
 * @throws UserError UNAVAILABLE
 */
async function ready<P extends Part>(part: P, onError: (error: Error) => void): Promise<P> {
  part.on('error', onError);
  try {
    await part.waitUntilReady();
    return part;
  } catch (cause) {
    await atMost(
      CLOSE_MS,
      part.close().catch(() => undefined),
    );
    throw new UserError('UNAVAILABLE', `The job queue does not answer: ${reasonOf(cause)}.`, { cause });
  }
}

/** To BullMQ, 0 is no priority and comes first, then 1, 2, ... */
function rankOf(priority: number | undefined): number {
  return priority === undefined ? 0 : 1 + SINGLE_PRIORITY - priority;
}

/** What BullMQ keeps of a job, and what is used of its two classes, whichever backend they have. */
interface Job {
  name: string;
  data: { id: string };
  opts: { jobId: string; priority: number; removeOnComplete: boolean; removeOnFail: boolean };
}

interface Part {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

interface Binding {
  queue(): Part & { addBulk(jobs: Job[]): Promise<unknown>; isPaused(): Promise<boolean> };
  worker(handler: (job: Pick<Job, 'data'>) => Promise<void>, options: ConsumeOptions): Part;
  close(): Promise<void>;
}

interface ConsumeOptions {
  concurrency: number;
  lockDuration: number;
  stalledInterval: number;
  maxStalledCount: number;
}

// BullMQ is loaded where a queue is opened: most commands that can reach this file open none.

async function postgresBinding(databaseUrl: string): Promise<Binding> {
  const { createPostgresBackend, Queue, runMigrations, Worker } = await import('bullmq');
  const limits = { statementTimeout: STATEMENT_MS, idleTransactionTimeout: STATEMENT_MS };
  const pooled = { max: 3, application_name: 'osteograph queue', ...connectionSettings(limits) };
  const connection = { connectionString: databaseUrl, schema: SCHEMA, ...pooled };
  const pool = new Pool({ connectionString: databaseUrl, max: 1, ...connectionSettings() });
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      client.release();
    }
  } catch (cause) {
    throw new UserError('UNAVAILABLE', `The job queue's tables could not be made: ${reasonOf(cause)}.`, { cause });
  } finally {
    await pool.end();
  }
  return {
    queue: () => new Queue(QUEUE_NAME, { connection }, createPostgresBackend),
    worker: (handler, options) => new Worker(QUEUE_NAME, handler, { connection, ...options }, createPostgresBackend),
    close: () => Promise.resolve(),
  };
}

/** Which installation the database belongs to: two that use one Redis must not take each other's work. */
async function installationAt(databaseUrl: string): Promise<string> {
  const pool = new Pool({ connectionString: databaseUrl, max: 1, ...connectionSettings() });
  try {
    return await installationId(async (text, values) => (await pool.query(text, values)).rows);
  } catch (cause) {
    throw new UserError('UNAVAILABLE', `The database could not be asked for its queue: ${reasonOf(cause)}.`, { cause });
  } finally {
    await pool.end();
  }
}

async function redisBinding(queueUrl: string, databaseUrl: string): Promise<Binding> {
  if (!/^rediss?:\/\//.test(queueUrl)) {
    throw new UserError('BAD_USER_INPUT', 'QUEUE_URL must look like redis://user:password@host:6379/0.');
  }
  const [{ Queue, Worker }, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
  // The first connection is tried once, so that a wrong address is said at once; later ones for ever.
  const probe = new Redis(queueUrl, { lazyConnect: true, retryStrategy: () => null });
  probe.on('error', () => undefined);
  try {
    await probe.connect();
    await probe.quit();
  } catch (cause) {
    throw new UserError('UNAVAILABLE', `No Redis answers at QUEUE_URL: ${reasonOf(cause)}.`, { cause });
  }
  const prefix = `${PREFIX}:${await installationAt(databaseUrl)}`;
  // A caller that puts something in is not to wait until Redis is back; a worker is.
  const patience = { lazyConnect: true, keepAlive: 5_000, connectTimeout: 10_000, socketTimeout: REDIS_SILENCE_MS };
  const producing = new Redis(queueUrl, { ...patience, maxRetriesPerRequest: 1, enableOfflineQueue: false });
  // The queue logs what goes wrong; without a listener the library would print it besides.
  producing.on('error', () => undefined);
  let consuming: Redis | undefined;
  await producing.connect();
  return {
    queue: () => new Queue(QUEUE_NAME, { connection: producing, prefix }),
    worker(handler, options) {
      consuming ??= new Redis(queueUrl, { ...patience, maxRetriesPerRequest: null }).on('error', () => undefined);
      return new Worker(QUEUE_NAME, handler, { connection: consuming, prefix, ...options });
    },
    async close() {
      await atMost(CLOSE_MS, Promise.allSettled([producing.quit(), consuming?.quit()]));
      producing.disconnect();
      consuming?.disconnect();
    },
  };
}

/** Waits for something at most so long; it may go on by itself. */
async function atMost(ms: number, done: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([done, delay(ms, undefined, { signal: late.signal })]);
  late.abort();
}

function limitedErrorLog(logger: Logger): (error: Error) => void {
  let suppressed = 0;
  let next = 0;
  return (err) => {
    if (performance.now() < next) return void suppressed++;
    next = performance.now() + ERROR_LOG_INTERVAL_MS;
    logger.warn({ err, suppressed }, 'the job queue reports an error');
    suppressed = 0;
  };
}

function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return (message || code || String(error)).replace(/\.$/, '');
}
