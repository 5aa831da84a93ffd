import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { UserError } from '../domain/errors.js';
import { isThisMachine } from '../domain/safe-address.js';
import type { WebhookRules } from '../policy/index.js';
import { openQueue } from '../scheduling/index.js';
import { LIMITS } from '../schema/limits.js';
import { registerBundles } from '../services/bundles/index.js';
import { createToken, DEFAULT_QUOTA, hasNoTokens } from '../services/access/index.js';
import type { OidcSettings } from '../services/identity/index.js';
import type { RetentionRules } from '../services/retention/index.js';
import { type BlobSettings, type BlobStore, openOwnBlobStore } from '../storage/index.js';
import { closeInTime } from './close-in-time.js';
import type { TlsFiles } from './dicom/index.js';
import { openDatabase } from './database/index.js';
import { startServer } from './start.js';
import { startWorkerChild, type WorkerChild } from './worker-child.js';

/** How long each part of a start that failed may take to close, ms. */
const UNDO_MS = 10_000;

export interface PlatformOptions {
  /** The data directory, and where the blobs are if not there. */
  blobs: BlobSettings;
  /** Default: the embedded database of the data directory. */
  databaseUrl?: string | undefined;
  /** redis://... to queue in Redis; default: in the database. */
  queueUrl?: string | undefined;
  host: string;
  port: number;
  /** Points that a token may spend in a minute; 0 for any number; default: what the documentation says. */
  rateLimit?: number | undefined;
  /** Folder of the bundles. */
  modelsDir: string;
  /** The worker beside the server; absent for none. */
  worker?: { device: string } | undefined;
  /** Who holds the data directory, for the message another process gets. */
  purpose: string;
  /** Who shows this may read /metrics from another machine. */
  metricsToken?: string | undefined;
  /** How long it only says that it closes before it does, ms. */
  drainDelay?: number | undefined;
  corsOrigins?: readonly string[] | undefined;
  /** How long what is kept; default: what the documentation says. */
  retention?: RetentionRules | undefined;
  /** Files of TLS for DICOM peers that are spoken to over it. */
  dicomTls?: TlsFiles | undefined;
  /** The provider at which people sign in; absent: nobody does. */
  oidc?: OidcSettings | undefined;
  /** Where webhooks may lead beside public addresses; default: nowhere. */
  webhooks?: WebhookRules | undefined;
  logger: Logger;
}

export interface RunningPlatform {
  url: string;
  dataSource: DataSource;
  databaseUrl: string;
  store: BlobStore;
  /** The administrator's token, when this is the first start and nobody else can reach the server or, in a container, its log. */
  firstToken: string | undefined;
  /** Whether there is no token at all. */
  lacksToken: boolean;
  /** What the folder of models holds: ready ones and refused ones with the reason. */
  bundles: { name: string; state: string; refusal: string | null }[];
  /** Resolves with one sentence when the embedded PostgreSQL cannot be kept alive; never does otherwise. */
  gaveUp: Promise<UserError>;
  /** Server, sockets, worker, queue, database: in that order. */
  close(): Promise<void>;
}

/**
 * Everything `osteograph serve` is: database, bundles, server, and one worker child.
 *
 * @throws UserError CONFLICT when the data directory or the port is taken, UNAVAILABLE when the database cannot be reached
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const { blobs, host, port, modelsDir, worker, purpose, logger } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    const database = await openDatabase({
      dataDir: blobs.dataDir,
      databaseUrl: options.databaseUrl,
      purpose,
      statementTimeout: LIMITS.statement,
    });
    closers.push(() => database.close());
    const { dataSource, url: databaseUrl } = database;
    const bundles = await registerBundles(dataSource, modelsDir);
    const { queueUrl, rateLimit = DEFAULT_QUOTA } = options;
    const queue = await openQueue({ databaseUrl, queueUrl, logger });
    closers.push(() => queue.close());
    const store = await openOwnBlobStore(dataSource, blobs);
    const server = await startServer({
      host,
      port,
      dataSource,
      databaseUrl,
      store,
      queue,
      queueUrl,
      rateLimit,
      metricsToken: options.metricsToken,
      drainDelay: options.drainDelay,
      corsOrigins: options.corsOrigins,
      retention: options.retention,
      dicomTls: options.dicomTls,
      oidc: options.oidc,
      webhooks: options.webhooks,
      logger,
    });
    let child: WorkerChild | undefined;
    closers.push(async () => {
      await server.close();
      await child?.close();
    });
    // Made last: a start that fails must not keep a token to itself.
    const isFirst = await hasNoTokens(dataSource);
    const firstToken =
      isFirst && isThisMachine(host)
        ? (await createToken(dataSource, { name: 'first start', role: 'ADMIN' })).text
        : undefined;
    if (worker) {
      child = startWorkerChild({ blobs, databaseUrl, device: worker.device, logger });
    }
    return {
      url: server.url,
      dataSource,
      databaseUrl,
      store,
      firstToken,
      lacksToken: isFirst && firstToken === undefined,
      bundles: bundles.map(({ name, version, state, refusal }) => ({ name: `${name}@${version}`, state, refusal })),
      gaveUp: database.gaveUp,
      close,
    };
  } catch (error) {
    await closeInTime(closers, UNDO_MS, logger);
    throw error;
  }
}
