import { once } from 'node:events';
import { Command } from 'commander';
import { destination, pino } from 'pino';
import type { DeviceChoice } from '../inference/index.js';
import { startWorker } from '../jobs/index.js';
import { openDatabase } from '../server/database/index.js';
import { openBlobStore } from '../storage/index.js';
import { deviceOption } from './bundles.js';
import { dataDirOption, sharedDatabase, wholeNumber } from './options.js';

interface Options {
  dataDir: string;
  models?: string;
  device: DeviceChoice;
  threads?: number;
  concurrency: number;
}

/** `osteograph worker`: take generations from the queue until told to stop. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('take generations from the queue (serve starts one on its own)')
    .addOption(dataDirOption())
    .option('--models <dir>', 'folder of the bundles on this machine; default: where serve registered them')
    .addOption(deviceOption())
    .option('--threads <n>', 'cpu threads of each inference process; default: all cores', wholeNumber('--threads'))
    .option('--concurrency <n>', 'generations computed at a time', wholeNumber('--concurrency'), 1)
    .addHelpText(
      'after',
      `
DATABASE_URL names the database (default: the one in the data directory), QUEUE_URL a Redis to queue in (default: the
database). SIGTERM or Ctrl-C ends it in good order: what it computes goes back to the queue and loses no finished slice.

Examples:
  $ osteograph worker                                                    beside "osteograph serve" on this machine
  $ DATABASE_URL=postgresql://me@host/osteograph osteograph worker --device cuda --data-dir /mnt/osteograph`,
    )
    .action(run);
}

async function run({ dataDir, models, device, threads, concurrency }: Options): Promise<void> {
  const owned = process.send !== undefined;
  const logger = pino({ name: 'worker', level: process.env['LOG_LEVEL'] ?? 'info' }, destination(2));
  const database = await openDatabase(sharedDatabase(dataDir, 'worker'));
  try {
    const worker = await startWorker({
      dataSource: database.dataSource,
      databaseUrl: database.url,
      queueUrl: process.env['QUEUE_URL'],
      store: openBlobStore(dataDir),
      modelsDir: models,
      device,
      threads,
      concurrency,
      logger,
    });
    // A parent that has died meanwhile is noticed below, by the channel's end.
    process.send?.('ready', () => undefined);
    await toldToStop(owned);
    await worker.close();
  } finally {
    await database.close();
    if (process.connected) process.disconnect();
  }
}

/** SIGTERM, Ctrl-C, or the end of the process that owns this one and holds the other end of its channel. */
async function toldToStop(owned: boolean): Promise<void> {
  if (owned && !process.connected) return;
  const events = ['SIGTERM', 'SIGINT', ...(owned ? ['disconnect'] : [])];
  const heard = new AbortController();
  await Promise.race(events.map((event) => once(process, event, { signal: heard.signal }).catch(() => undefined)));
  heard.abort();
}
