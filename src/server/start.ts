import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { openEventHub } from '../jobs/index.js';
import type { GenerationQueue } from '../jobs/index.js';
import { SharedAssets } from '../loaders/shared-assets.js';
import { createContext } from '../resolvers/index.js';
import type { Platform } from '../resolvers/index.js';
import { LIMITS } from '../schema/limits.js';
import { createAssetUrls } from '../services/asset-urls.js';
import { startExportRunner } from '../services/exports/index.js';
import type { BlobStore } from '../storage/index.js';
import { createApollo } from './apollo.js';
import { assetHandler } from './assets.js';
import { requireToken, viewerOf } from './authenticate.js';
import { masked, STATUS } from './errors.js';
import { exportHandler } from './exports.js';
import { graphiqlHandler, graphiqlStaticHandler } from './graphiql.js';
import { liveHandler, readyHandler } from './health.js';
import { landingHandler } from './landing.js';
import { platformSchema } from './schema.js';
import { acceptSockets } from './sockets.js';

export interface ServerOptions {
  /** Address to listen on; 127.0.0.1 lets nobody in from outside. */
  host: string;
  /** 0 takes any free port. */
  port: number;
  dataSource: DataSource;
  /** Connection string of the same database, for the connection that listens for events. */
  databaseUrl: string;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue'>;
  logger: Logger;
}

export interface RunningServer {
  /** E.g. http://127.0.0.1:4000 */
  url: string;
  /** Takes no new work, closes sockets with 1001, lets running requests end (at most 5 s), and stops. */
  close(): Promise<void>;
}

const GRAPHQL_PATH = '/graphql';

/**
 * Serves the API: GraphQL over HTTP and WebSocket, assets, health, landing page and GraphiQL. Whoever calls it owns the
 * database, the store and the queue, and closes them after the server.
 *
 * @throws UserError CONFLICT when the port is taken
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, dataSource, databaseUrl, store, queue, logger } = options;
  const schema = await platformSchema();
  const app = express();
  const httpServer = createServer(app);
  const apollo = createApollo(schema, httpServer, logger);
  const events = await openEventHub({ dataSource, databaseUrl, logger });
  const assetUrls = await createAssetUrls(dataSource);
  const exports = startExportRunner({ dataSource, store, logger });
  const sharedAssets = new SharedAssets(dataSource);
  const platform: Platform = { dataSource, queue, events, assetUrls, exports, sharedAssets };
  let closing = false;

  try {
    await apollo.start();
    app.disable('x-powered-by');
    app.disable('etag');
    app.get('/health/live', liveHandler);
    app.get(
      '/health/ready',
      readyHandler(dataSource, () => closing),
    );
    app.get('/', landingHandler);
    app.get('/graphiql', graphiqlHandler);
    app.get('/graphiql/static/:file', graphiqlStaticHandler);
    app.get('/assets/:sha256', assetHandler({ dataSource, store, assetUrls }));
    const exported = [
      requireToken(dataSource),
      express.json({ limit: LIMITS.bytes }),
      exportHandler(dataSource, schema),
    ];
    app.get('/exports', exported);
    app.post('/exports', exported);
    app.use(
      GRAPHQL_PATH,
      requireToken(dataSource),
      express.json({ limit: LIMITS.bytes }),
      expressMiddleware(apollo, { context: async ({ res }) => createContext(platform, viewerOf(res)) }),
    );
    answerFaults(app, logger);
    await listen(httpServer, host, port);
  } catch (error) {
    await apollo.stop();
    await exports.close();
    await events.close();
    throw error;
  }
  const sockets = acceptSockets({ schema, httpServer, platform, logger, path: GRAPHQL_PATH });

  let closed: Promise<void> | undefined;
  const close = async () => {
    closing = true;
    await sockets.close();
    await apollo.stop();
    await exports.close();
    await events.close();
  };
  return { url: urlOf(httpServer.address() as AddressInfo), close: () => (closed ??= close()) };
}

/** What no route answers, and what goes wrong outside GraphQL, as JSON of GraphQL's shape. */
function answerFaults(app: Express, logger: Logger): void {
  app.use((request) => {
    throw new UserError('NOT_FOUND', `There is nothing at ${request.path}; the API is at ${GRAPHQL_PATH}.`);
  });
  const handler: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    // The head is out: all that is left is to break the connection, so that nobody takes half for whole.
    if (response.headersSent) return next(error);
    response.set('Cache-Control', 'no-store');
    if (error instanceof UserError) {
      return void response
        .status(STATUS[error.code])
        .json({ errors: [{ message: error.message, extensions: { code: error.code } }] });
    }
    const { status, type } = error as { status?: unknown; type?: unknown };
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const message =
        type === 'entity.too.large'
          ? `The request is larger than ${LIMITS.bytes} bytes.`
          : 'The request could not be read; send JSON with Content-Type: application/json.';
      return void response.status(status).json({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
    }
    response.status(500).json({ errors: [masked(error, logger)] });
  };
  app.use(handler);
}

async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<void> {
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, host, listening.resolve);
  try {
    await listening.promise;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new UserError('CONFLICT', `Port ${port} on ${host} is in use; choose another with --port.`, { cause });
    }
    throw new UserError('UNAVAILABLE', `The server cannot listen on ${host}:${port}: ${message}.`, { cause });
  }
  server.removeAllListeners('error');
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
