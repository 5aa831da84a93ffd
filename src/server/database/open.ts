import 'reflect-metadata';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type Logger } from 'typeorm';
import { MIGRATIONS } from '../../../migrations/index.js';
import { UserError } from '../../domain/errors.js';
import { type ConnectionLimits, connectionSettings, ENTITIES, leavablePostgres } from '../../entities/index.js';
import { endLeftoverPostgres, runningUrl, startEmbeddedPostgres } from './embedded.js';
import { currentHolder, describeHolder, isLeftover, type LockResult, takeLock } from './lock.js';
import { migrate } from './migrate.js';
import { SnakeCaseNaming } from './naming.js';

export interface OpenOptions extends ConnectionLimits {
  /** Where the embedded PostgreSQL and the local blobs live. */
  dataDir: string;
  /** A PostgreSQL 14 or newer to use instead of the embedded one. */
  databaseUrl?: string | undefined;
  /** Who asks, for the message that another process gets, e.g. "osteograph serve". */
  purpose: string;
  /** Use the server of the process that has this data directory, if there is one, instead of refusing. */
  share?: boolean;
  /** False leaves a database as it is, to look at it. */
  migrate?: boolean;
}

export interface Database {
  dataSource: DataSource;
  /** Connection string, for child processes and listeners. */
  url: string;
  /** Names of the migrations that opening it ran. */
  migrations: string[];
  /** Resolves with one sentence when an embedded server that this call started has died too often; never does otherwise. */
  gaveUp: Promise<UserError>;
  /** Closes the connections and ends an embedded server that this call started. */
  close(): Promise<void>;
}

/** How long what a killed process left may take to let go of a data directory, ms. */
const LEFTOVER_MS = 60_000;

/**
 * Opens the migrated database: the one at `databaseUrl`, or the embedded PostgreSQL of the data directory.
 *
 * @throws UserError CONFLICT when another living process has the data directory and `share` is not set, UNAVAILABLE when no
 *   database can be reached or started.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const server = options.databaseUrl ? external(options.databaseUrl) : await embedded(options);
  try {
    let dataSource = await connect(server.url);
    const migrations = await (options.migrate === false ? Promise.resolve([]) : migrate(dataSource)).catch(
      async (error: unknown) => {
        await dataSource.destroy();
        throw error;
      },
    );
    const { statementTimeout, idleTransactionTimeout } = options;
    // Migrations may take their time.
    if (statementTimeout ?? idleTransactionTimeout) {
      await dataSource.destroy();
      dataSource = await connect(server.url, { statementTimeout, idleTransactionTimeout });
    }
    return {
      dataSource,
      url: server.url,
      migrations,
      gaveUp: server.gaveUp,
      async close() {
        if (dataSource.isInitialized) await dataSource.destroy();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A data source on `url` with our entities and migrations, connected but not migrated. */
export async function connect(
  url: string,
  { logger, ...limits }: { logger?: Logger | undefined } & ConnectionLimits = {},
): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    driver: leavablePostgres,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeCaseNaming(),
    applicationName: 'osteograph',
    poolSize: 10,
    parseInt8: false,
    extra: connectionSettings(limits),
    ...(logger ? { logger, logging: true } : {}),
  });
  try {
    return await dataSource.initialize();
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    const reason = message || code;
    throw new UserError('UNAVAILABLE', `No PostgreSQL answers at ${withoutPassword(url)}: ${reason}.`, { cause });
  }
}

interface Server {
  url: string;
  gaveUp: Promise<UserError>;
  stop(): Promise<void>;
}

/** A server that others look after. */
function others(url: string): Server {
  return { url, gaveUp: new Promise(() => undefined), stop: async () => undefined };
}

function external(url: string): Server {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new UserError('BAD_USER_INPUT', 'DATABASE_URL must look like postgresql://user:password@host:5432/database.');
  }
  return others(url);
}

async function embedded({ dataDir, purpose, share }: OpenOptions): Promise<Server> {
  const folder = resolve(dataDir);
  const lock = await takeLockOrLeftover(folder, purpose);
  if ('holder' in lock) {
    const url = share ? await runningUrl(folder) : undefined;
    if (url) return others(url);
    throw new UserError(
      'CONFLICT',
      `The data directory ${folder} is in use by ${describeHolder(lock.holder)}; stop it or choose another with --data-dir.`,
    );
  }
  try {
    const postgres = await startEmbeddedPostgres(folder, { lock: lock.descriptor });
    return {
      ...postgres,
      async stop() {
        await postgres.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Takes the lock, from the PostgreSQL of a killed process as well, which is ended first. */
async function takeLockOrLeftover(folder: string, purpose: string): Promise<LockResult> {
  const deadline = performance.now() + LEFTOVER_MS;
  for (;;) {
    const lock = await takeLock(folder, purpose);
    if (!('holder' in lock) || !(await isLeftover(lock.holder)) || performance.now() > deadline) return lock;
    await endLeftoverPostgres(folder, async () => (await currentHolder(folder))?.since === lock.holder?.since);
    // Its last processes let go of the lock a moment after it says that it has ended.
    await delay(50);
  }
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ':***@');
}
