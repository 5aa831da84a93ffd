import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { openQueue } from '../jobs/index.js';
import { LIMITS } from '../schema/limits.js';
import { registerBundles } from '../services/bundles.js';
import { createToken, hasNoTokens } from '../services/tokens.js';
import { openBlobStore } from '../storage/index.js';
import { openDatabase } from './database/index.js';
import { startServer } from './start.js';
import { startWorkerChild } from './worker-child.js';

export interface PlatformOptions {
  dataDir: string;
  /** Default: the embedded database of the data directory. */
  databaseUrl?: string | undefined;
  /** redis://... to queue in Redis; default: in the database. */
  queueUrl?: string | undefined;
  host: string;
  port: number;
  /** Folder of the bundles. */
  modelsDir: string;
  /** The worker beside the server; absent for none. */
  worker?: { device: string } | undefined;
  /** Who holds the data directory, for the message another process gets. */
  purpose: string;
  logger: Logger;
}

export interface RunningPlatform {
  url: string;
  dataSource: DataSource;
  databaseUrl: string;
  /** The administrator's token, when this is the first start and one was made. */
  firstToken: string | undefined;
  /** What the folder of models holds: ready ones and refused ones with the reason. */
  bundles: { name: string; state: string; refusal: string | null }[];
  /** Worker, sockets, server, queue, database: in that order. */
  close(): Promise<void>;
}

/**
 * Everything `osteograph serve` is: database, bundles, server, and one worker child.
 *
 * @throws UserError CONFLICT when the data directory or the port is taken, UNAVAILABLE when the database cannot be reached
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const { dataDir, host, port, modelsDir, worker, purpose, logger } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    const database = await openDatabase({
      dataDir,
      databaseUrl: options.databaseUrl,
      purpose,
      statementTimeout: LIMITS.statement,
    });
    closers.push(() => database.close());
    const { dataSource, url: databaseUrl } = database;
    const bundles = await registerBundles(dataSource, modelsDir);
    const queue = await openQueue({ databaseUrl, queueUrl: options.queueUrl, logger });
    closers.push(() => queue.close());
    const store = openBlobStore(dataDir);
    const server = await startServer({ host, port, dataSource, databaseUrl, store, queue, logger });
    closers.push(() => server.close());
    // Made last: a start that fails must not keep a token to itself.
    const firstToken = (await hasNoTokens(dataSource))
      ? (await createToken(dataSource, { name: 'first start', role: 'ADMIN' })).text
      : undefined;
    if (worker) {
      const child = startWorkerChild({ dataDir, databaseUrl, device: worker.device, logger });
      closers.push(() => child.close());
    }
    return {
      url: server.url,
      dataSource,
      databaseUrl,
      firstToken,
      bundles: bundles.map(({ name, version, state, refusal }) => ({ name: `${name}@${version}`, state, refusal })),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
