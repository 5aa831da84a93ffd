import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { lexicographicSortSchema, printSchema } from 'graphql';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { assertShallow } from '../domain/json.js';
import { batchLogs } from '../services/batches/index.js';
import { generationLogs } from '../services/generations/index.js';
import type { GenerationQueue } from '../scheduling/index.js';
import { generationUploads, sharedAssets } from '../loaders/index.js';
import { NO_INSIDE_WEBHOOKS, type WebhookRules } from '../policy/index.js';
import { createContext, type Platform } from '../resolvers/index.js';
import { LIMITS } from '../schema/limits.js';
import { RawLists } from '../schema/raw-json.js';
import { createAssetUrls } from '../services/files/index.js';
import { EVALUATION, evaluationLogs, openDifferences } from '../services/evaluations/index.js';
import { EXPORT } from '../services/exports/index.js';
import { openDatabaseClock, openKnownTokens, openQuotas } from '../services/access/index.js';
import { openCatalogue, startCatalogue } from '../services/dicomweb/index.js';
import { openIdentity, type OidcSettings } from '../services/identity/index.js';
import { openFilmReadings, openKneeReader } from '../services/film-readings/index.js';
import { DICOM_SENDING } from '../services/sendings/index.js';
import { READER_STUDY } from '../services/reader-studies/index.js';
import { startAuditSeal } from '../services/audit/index.js';
import { T2_MAP } from '../services/t2-maps/index.js';
import { applyRetention, DEFAULT_RULES, type RetentionRules } from '../services/retention/index.js';
import { openFilmReader, openMaskReader, openUploads, startUploadExpiry } from '../services/uploads/index.js';
import { type BlobStore, startSweeper } from '../storage/index.js';
import { DELIVERY_TIMINGS, WEBHOOK_DELIVERY } from '../services/webhooks/index.js';
import { openEventLogs, startRunner } from '../work/index.js';
import { createApollo } from './apollo.js';
import { webAppHandler } from './app.js';
import { assetHandler } from './assets.js';
import { viewerOf } from './authenticate.js';
import { awayBehind, masked, RETRY_AFTER_S, slowStatementBehind, STATUS } from './errors.js';
import { allowOrigins, mayOpenSocket, packed } from './edge.js';
import { acceptEventStreams } from './event-streams.js';
import { openEntrance, requireToken } from './entrance.js';
import { exportDictionaryHandler, exportHandler } from './exports.js';
import { dicomweb, DICOMWEB_PATH } from './dicomweb/index.js';
import { callingTls, courierOf, type TlsFiles } from './dicom/index.js';
import { drainOf } from './drain.js';
import { KINDS } from './kinds.js';
import { listen, urlOf } from './listen.js';
import { createMetrics } from './metrics.js';
import { openApiDocument } from './openapi/index.js';
import { addOperationsRoutes } from './operations.js';
import { chargeRequests } from './rate-limit.js';
import { observeRequests } from './requests.js';
import { platformSchema } from './schema.js';
import { seriesFileHandler, t2MapFileHandler } from './series-files.js';
import { SIGN_IN_PATH, signInHandler } from './sign-in.js';
import { acceptSockets } from './sockets.js';
import { TokenLimits } from './token-limits.js';
import { askedByClient, inTurn } from './token-turns.js';
import { maskHandler } from './masks.js';
import { uploadHandler } from './uploads.js';
import { webhookPost } from './webhook-post.js';

export interface ServerOptions {
  /** Address to listen on; 127.0.0.1 lets nobody in from outside. */
  host: string;
  /** 0 takes any free port. */
  port: number;
  dataSource: DataSource;
  /** Connection string of the same database, for the connection that listens for events. */
  databaseUrl: string;
  store: BlobStore;
  queue: Pick<GenerationQueue, 'enqueue' | 'ping'>;
  /** redis://... to count in what tokens spend; absent to count in the database. */
  queueUrl?: string | undefined;
  /** Points that a token may spend in a minute; 0 for any number. */
  rateLimit: number;
  /** Who shows this may read /metrics from another machine. */
  metricsToken?: string | undefined;
  /** Origins, such as https://viewer.example.org, whose pages may use the API; default: this server's own alone. */
  corsOrigins?: readonly string[] | undefined;
  /** How long a server that is told to close only says so at /health/ready and goes on as before, ms; default 0. */
  drainDelay?: number | undefined;
  /** How long what is kept; default {@link DEFAULT_RULES}. */
  retention?: RetentionRules | undefined;
  /** Files of TLS for DICOM peers that are spoken to over it. */
  dicomTls?: TlsFiles | undefined;
  /** The provider at which people sign in; absent: nobody does. */
  oidc?: OidcSettings | undefined;
  /** Where webhooks may lead beside public addresses; default: nowhere. */
  webhooks?: WebhookRules | undefined;
  logger: Logger;
}

export interface RunningServer {
  /** E.g. http://127.0.0.1:4000 */
  url: string;
  /**
   * Says that it is not ready, waits for the drain delay, takes no new connection, lets running requests end (at most 5 s),
   * closes sockets with 1001, and stops.
   */
  close(): Promise<void>;
}

const GRAPHQL_PATH = '/graphql';

/** Reads a request's body as JSON, and nothing that nests without end. */
const readJson: RequestHandler[] = [
  express.json({ limit: LIMITS.bytes }),
  (request, _response, next) => {
    assertShallow(request.body, 'The request');
    next();
  },
];

/** A connection that has not sent the head of a request within this time is ended; how often that is looked at; ms. */
const HEAD_MS = 20_000;
const LOOK_MS = 5_000;

/** An idle connection is kept for so long, ms: longer than the usual 60 s of a proxy, which would otherwise send a request into one that is just being closed. */
const IDLE_MS = 65_000;

/** A request that has not come whole within this time is ended, ms: a thousand radiographs over a slow line take longer than Node's five minutes. */
const BODY_MS = 2 * 60 * 60_000;

/** How long requests that are running may go on when the server closes, ms. */
const DRAIN_MS = 5_000;

/**
 * Serves the API: GraphQL over HTTP and WebSocket, assets, health, the web app and GraphiQL. Whoever calls it owns the
 * database, the store and the queue, and closes them after the server.
 *
 * @throws UserError CONFLICT when the port is taken, BAD_USER_INPUT for files of TLS that cannot be used
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, dataSource, databaseUrl, store, queue, queueUrl, rateLimit, metricsToken, drainDelay, logger } =
    options;
  const { corsOrigins = [], retention = DEFAULT_RULES } = options;
  const courier = courierOf(callingTls(options.dicomTls ?? {}));
  const schema = await platformSchema();
  const app = express();
  const httpServer = createServer(
    {
      headersTimeout: HEAD_MS,
      requestTimeout: BODY_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: LOOK_MS,
    },
    app,
  );
  const drain = drainOf(httpServer);
  const metrics = createMetrics(dataSource);
  const limits = new TokenLimits();
  const apollo = createApollo(schema, limits, metrics, logger);
  const clock = await openDatabaseClock(dataSource, logger);
  const identity = options.oidc && openIdentity(options.oidc, { dataSource, logger, now: clock.now });
  const tokens = await openKnownTokens({ dataSource, databaseUrl, logger, elsewhere: identity });
  const entrance = openEntrance({ tokens, dataSource, logger });
  const sources = {
    generations: generationLogs(dataSource),
    batches: batchLogs(dataSource),
    evaluations: evaluationLogs(dataSource),
  };
  const { logs, close: closeLogs } = await openEventLogs({ databaseUrl, logger, sources });
  const assetUrls = await createAssetUrls(dataSource, clock.now);
  const shared = { registry: KINDS, dataSource, logger };
  const exports = startRunner({ ...shared, kind: EXPORT, resources: { store, keepMs: retention.exports } });
  const forget = (signal: AbortSignal) => applyRetention(dataSource, retention, signal);
  const sweeper = startSweeper({ dataSource, store, logger, forget });
  const evaluations = startRunner({ ...shared, kind: EVALUATION, resources: { store, queue } });
  const readerStudies = startRunner({ ...shared, kind: READER_STUDY, resources: { store } });
  const sendings = startRunner({ ...shared, kind: DICOM_SENDING, resources: { store, courier, away: new Map() } });
  const webhookRules = options.webhooks ?? NO_INSIDE_WEBHOOKS;
  const webhookDeliveries = startRunner({
    ...shared,
    kind: WEBHOOK_DELIVERY,
    resources: { post: webhookPost(webhookRules), away: new Map() },
    timings: DELIVERY_TIMINGS,
  });
  const t2Maps = startRunner({ ...shared, kind: T2_MAP, resources: { store } });
  const uploadExpiry = startUploadExpiry({ dataSource, store, logger });
  const filmReader = openFilmReader();
  const maskReader = openMaskReader();
  const kneeReader = openKneeReader();
  const catalogue = openCatalogue({ dataSource, store });
  const listing = startCatalogue({ dataSource, store, logger });
  const auditSeal = startAuditSeal({ dataSource, logger });
  const webApp = await webAppHandler(async () => (await identity?.origins()) ?? []);
  const quotas = rateLimit > 0 ? await openQuotas({ dataSource, queueUrl, limit: rateLimit, logger }) : undefined;
  const platform: Platform = {
    dataSource,
    store,
    queue,
    events: { ...logs.generations, batches: logs.batches },
    evaluationEvents: logs.evaluations,
    assetUrls,
    exports,
    evaluations,
    readerStudies,
    sendings,
    t2Maps,
    webhookDeliveries,
    webhookRules,
    differences: openDifferences(dataSource, store),
    uploads: openUploads({ dataSource, store }),
    filmReadings: openFilmReadings(dataSource, store, kneeReader),
    sharedAssets: sharedAssets(dataSource),
    generationUploads: generationUploads(dataSource),
    tokens,
    quotas,
  };
  const streams = acceptEventStreams({ schema, platform, limits, metrics, logger, readBody: readJson });
  let closing = false;
  const closeParts = async () => {
    await apollo.stop();
    await sweeper.close();
    await Promise.all(
      [
        exports,
        evaluations,
        readerStudies,
        sendings,
        t2Maps,
        webhookDeliveries,
        uploadExpiry,
        filmReader,
        maskReader,
        kneeReader,
        listing,
        auditSeal,
      ].map((work) => work.close()),
    );
    await quotas?.close();
    await closeLogs();
    metrics.close();
    clock.close();
    await tokens.close();
  };

  try {
    await apollo.start();
    app.disable('x-powered-by');
    app.disable('etag');
    app.use(observeRequests(logger, metrics));
    addOperationsRoutes(app, { dataSource, queue, store, metrics, metricsToken, closing: () => closing });
    const sdl = `${printSchema(lexicographicSortSchema(schema))}\n`;
    app.get('/schema.graphql', packed(), (_request, response) => {
      response.set('Cache-Control', 'no-cache').type('application/graphql; charset=utf-8').send(sdl);
    });
    const openApi = openApiDocument();
    app.get('/openapi.json', packed(), (_request, response) => {
      response.set('Cache-Control', 'no-cache').json(openApi);
    });
    app.get(SIGN_IN_PATH, signInHandler(identity));
    app.use(['/assets', '/exports', '/radiographs', '/masks', DICOMWEB_PATH, GRAPHQL_PATH], allowOrigins(corsOrigins));
    app.use(['/exports', DICOMWEB_PATH, GRAPHQL_PATH], packed());
    // Not of what changes something, which is carried to its end.
    app.use(['/assets', '/exports', GRAPHQL_PATH], askedByClient);
    app.get('/assets/:sha256', assetHandler({ dataSource, store, assetUrls, tokens }));
    app.get('/assets/series/:id/:file', seriesFileHandler({ dataSource, store, assetUrls, tokens }));
    app.get('/assets/t2-maps/:id/map.dcm', t2MapFileHandler({ dataSource, store, assetUrls, tokens }));
    const exported = (answer: RequestHandler) => [
      requireToken(entrance),
      chargeRequests(quotas, limits),
      inTurn(limits.exports, readJson, answer),
    ];
    app.get('/exports', exported(exportHandler(dataSource, schema, quotas)));
    app.post('/exports', exported(exportHandler(dataSource, schema, quotas)));
    app.post('/exports/dictionary', exported(exportDictionaryHandler(dataSource, schema, quotas)));
    app.post(
      '/radiographs',
      requireToken(entrance),
      chargeRequests(quotas, limits),
      uploadHandler({ dataSource, store, assetUrls, quotas, reader: filmReader }),
    );
    app.post(
      '/masks',
      requireToken(entrance),
      chargeRequests(quotas, limits),
      maskHandler({ dataSource, store, assetUrls, quotas, reader: maskReader }),
    );
    app.use(
      DICOMWEB_PATH,
      dicomweb(
        { dataSource, store, quotas, catalogue, reader: filmReader, rules: { queue, logger } },
        [requireToken(entrance), chargeRequests(quotas, limits)],
        (answer) => inTurn(limits.dicomweb, [], answer),
      ),
    );
    const answerGraphQL = expressMiddleware(apollo, {
      context: async ({ res }) => createContext(platform, viewerOf(res), { rawLists: new RawLists() }),
    });
    app.use(
      GRAPHQL_PATH,
      requireToken(entrance),
      chargeRequests(quotas, limits),
      streams.handler,
      inTurn(limits.requests, readJson, answerGraphQL),
    );
    app.use(webApp);
    answerFaults(app, logger);
    await listen(httpServer, host, port);
  } catch (error) {
    await closeParts();
    throw error;
  }
  const sockets = acceptSockets({
    schema,
    httpServer,
    platform,
    limits,
    metrics,
    logger,
    path: GRAPHQL_PATH,
    entrance,
    mayOpen: (request) => mayOpenSocket(request, corsOrigins),
  });

  let closed: Promise<void> | undefined;
  const close = async () => {
    closing = true;
    drain.announce();
    if (drainDelay) await delay(drainDelay);
    streams.close();
    await drain.finish(DRAIN_MS);
    await sockets.close();
    await closeParts();
  };
  return { url: urlOf(httpServer.address() as AddressInfo), close: () => (closed ??= close()) };
}

/** What no route answers, and what goes wrong outside GraphQL, as JSON of GraphQL's shape. */
function answerFaults(app: Express, logger: Logger): void {
  app.use((request) => {
    throw new UserError('NOT_FOUND', `There is nothing at ${request.path}; the API is at ${GRAPHQL_PATH}.`);
  });
  const handler: ErrorRequestHandler = (thrown: unknown, _request, response, next) => {
    // The head is out: all that is left is to break the connection, so that nobody takes half for whole.
    if (response.headersSent) return next(thrown);
    const error = awayBehind(thrown, logger) ?? slowStatementBehind(thrown) ?? thrown;
    response.set('Cache-Control', 'no-store');
    if (error instanceof UserError) {
      if (error.code === 'UNAVAILABLE') response.set('Retry-After', String(RETRY_AFTER_S));
      return void response
        .status(STATUS[error.code])
        .json({ errors: [{ message: error.message, extensions: { code: error.code, ...error.details } }] });
    }
    const { status, type } = error as { status?: unknown; type?: unknown };
    if (typeof status === 'number' && status >= 400 && status < 500) {
      const [message, code] =
        type === 'entity.too.large'
          ? [`The request is larger than ${LIMITS.bytes} bytes.`, 'PAYLOAD_TOO_LARGE']
          : ['The request could not be read; send JSON with Content-Type: application/json.', 'BAD_USER_INPUT'];
      return void response.status(status).json({ errors: [{ message, extensions: { code } }] });
    }
    response.status(500).json({ errors: [masked(error, logger)] });
  };
  app.use(handler);
}
