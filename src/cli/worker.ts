import { Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import type { EntityManager } from 'typeorm';
import { UserError } from '../domain/errors.js';
import type { Bundle } from '../entities/index.js';
import type { DeviceChoice } from '../inference/index.js';
import { openDatabase } from '../server/database/index.js';
import { createLogger } from '../server/logging.js';
import { createMetrics } from '../server/metrics.js';
import { startTracing } from '../server/tracing.js';
import { startWorker } from '../server/worker.js';
import { chooseReadyBundle } from '../services/bundles/index.js';
import { openOwnBlobStore } from '../storage/index.js';
import { deviceArgument, deviceOption } from './choose-bundle.js';
import { blobSettings, dataDirOption, portNumber, sharedDatabase, wholeNumber } from './options.js';
import { serveOperations } from './serve-operations.js';
import { type Stop, stopOnSignal } from './signals.js';

interface Options {
  dataDir: string;
  models?: string;
  device: DeviceChoice[];
  threads?: number;
  concurrency: number;
  warm?: string;
  drain: number;
  recycleAfter?: number;
  recycleMemory?: number;
  metricsPort?: number;
  metricsHost: string;
}

/** A worker's statements are short, and what it locks while it cannot go on others wait for, ms. */
const LIMITS = { statementTimeout: 10_000, idleTransactionTimeout: 10_000 } as const;

/** Time to hand back what runs and to let go of everything, ms. */
const CLOSE_MS = 20_000;

/** `osteograph worker`: take generations from the queue until told to stop. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('take generations from the queue (serve starts one on its own)')
    .addOption(dataDirOption())
    .option('--models <dir>', 'folder of the bundles on this machine; default: where serve registered them')
    .addOption(
      deviceOption().argParser(deviceArguments).default(['auto'], 'auto: the first of cuda, webgpu, cpu that works'),
    )
    .option('--concurrency <n>', 'generations computed at a time on each device', wholeNumber('--concurrency'), 1)
    .option('--threads <n>', 'cpu threads of each inference process; default: all cores', wholeNumber('--threads'))
    .option('--warm <bundle>', 'bundle to load before taking work, or "none"; default: the newest that is ready')
    .option('--drain <seconds>', 'how long SIGTERM lets running generations go on', wholeNumber('--drain'), 20)
    .option(
      '--recycle-after <n>',
      'generations after which an inference process is replaced; default: 500',
      wholeNumber('--recycle-after'),
    )
    .option(
      '--recycle-memory <MiB>',
      'memory from which on it is replaced; default: its share of half of this machine',
      wholeNumber('--recycle-memory'),
    )
    .addOption(
      new Option('--metrics-port <port>', 'port for /metrics, /health/live and /health/ready; default: none')
        .argParser(portNumber('--metrics-port'))
        .env('OSTEOGRAPH_WORKER_METRICS_PORT'),
    )
    .option('--metrics-host <address>', 'address of that port; 0.0.0.0 lets other machines in', '127.0.0.1')
    .addHelpText(
      'after',
      `
DATABASE_URL names the database (default: the one in the data directory), QUEUE_URL a Redis to queue in (default: the
database). SIGTERM or Ctrl-C ends it in good order: it takes no more work, computes what it has for --drain seconds, and hands
back the rest, which loses no finished slice. A second one hands back at once, within 3 s; a third one ends it. With several devices,
give each:

Examples:
  $ osteograph worker                                                    beside "osteograph serve" on this machine
  $ osteograph worker --device cuda:0 --device cuda:1 --concurrency 2    four at a time on two GPUs
  $ DATABASE_URL=postgresql://me@host/osteograph osteograph worker --device cuda --data-dir /mnt/osteograph`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { dataDir, models, device, threads, concurrency, drain, recycleAfter, recycleMemory } = options;
  const { metricsPort, metricsHost } = options;
  const logger = createLogger('worker');
  const hurried = new AbortController();
  using stop = stopOnSignal('The worker was stopped.', {
    patienceMs: 1_000 * drain + CLOSE_MS,
    hurry: () => hurried.abort(),
  });
  const tracing = await startTracing('osteograph worker');
  const closers = [() => tracing.close()];
  let failure: UserError | undefined;
  try {
    const database = await openDatabase({ ...sharedDatabase(dataDir, 'worker'), ...LIMITS });
    closers.push(() => database.close());
    const { dataSource } = database;
    const store = await openOwnBlobStore(dataSource, blobSettings(dataDir));
    const worker = await startWorker({
      dataSource,
      databaseUrl: database.url,
      queueUrl: process.env['QUEUE_URL'],
      store,
      modelsDir: models,
      devices: device,
      concurrency,
      threads,
      warm: await bundleToWarm(dataSource.manager, options.warm, logger),
      recycleAfter,
      memoryLimit: recycleMemory === undefined ? undefined : recycleMemory * 2 ** 20,
      logger,
    });
    closers.push(() => worker.close());
    const operations =
      metricsPort === undefined
        ? undefined
        : await serveOperations({
            ...{ dataSource, queue: worker, store, logger },
            ...{ metrics: createMetrics(dataSource), host: metricsHost, port: metricsPort },
          });
    closers.push(async () => operations?.close());
    void database.gaveUp.then((reason) => stop.now((failure = reason)));
    stopWithOwner(stop);
    process.send?.('ready', () => undefined);
    await stop.asked;
    operations?.sayClosing();
    hurried.signal.addEventListener('abort', () => void worker.close());
    if (hurried.signal.aborted) await worker.close();
    else await worker.close(failure ? 0 : drain * 1000);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
    if (process.connected) process.disconnect();
  }
  if (failure) throw failure;
}

/** @throws UserError when a bundle was asked for that cannot be used */
async function bundleToWarm(manager: EntityManager, choice: string | undefined, logger: Logger) {
  if (choice === 'none') return undefined;
  return chooseReadyBundle(manager, choice).catch((error: unknown): Bundle | undefined => {
    if (choice !== undefined || !(error instanceof UserError)) throw error;
    logger.warn({ reason: error.message }, 'the worker starts without a model');
    return undefined;
  });
}

/** Stops with the process that owns this one and holds the other end of its channel. */
function stopWithOwner(stop: Stop): void {
  if (process.send === undefined) return;
  if (!process.connected) return stop.now();
  process.once('disconnect', () => stop.now());
}

/** Adds one device of several for commander, refusing the same one twice. */
function deviceArguments(text: string, before: DeviceChoice[]): DeviceChoice[] {
  const device = deviceArgument(text);
  // `auto` stands in for none.
  if (device === 'auto') return [device];
  const given = before.filter((other) => other !== 'auto');
  if (given.includes(device))
    throw new InvalidArgumentError(`${device} is given twice; --concurrency shares a device.`);
  return [...given, device];
}
