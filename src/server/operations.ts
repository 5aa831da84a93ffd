import { timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { UserError } from '../domain/errors.js';
import { type Dependencies, liveHandler, readyHandler } from './health.js';
import { listen, urlOf } from './listen.js';
import type { Metrics } from './metrics.js';

export interface OperationsOptions extends Dependencies {
  metrics: Metrics;
  /** Who shows this may read the metrics from anywhere; without it only this machine may. */
  metricsToken?: string | undefined;
  /** True once the process is on its way out. */
  closing(): boolean;
}

/** The routes for whoever runs the platform: `/health/live`, `/health/ready`, `/metrics`. */
export function addOperationsRoutes(app: Express, options: OperationsOptions): void {
  app.get('/health/live', liveHandler);
  app.get('/health/ready', readyHandler(options, options.closing));
  app.get('/metrics', metricsHandler(options));
}

/**
 * Only those routes, for a process that serves nothing else.
 *
 * @throws UserError CONFLICT when the port is taken
 */
export async function startOperationsServer(
  options: OperationsOptions & { host: string; port: number },
): Promise<{ url: string; close(): Promise<void> }> {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  addOperationsRoutes(app, options);
  const server = createServer(app);
  await listen(server, options.host, options.port);
  return { url: urlOf(server.address() as AddressInfo), close: () => closeNow(server) };
}

/**
 * `GET /metrics`. They count and name bundles, and say nothing of anybody's data; still they are for this machine, or for whoever
 * shows the metrics token, which needs no database, because they matter most when that is gone.
 */
function metricsHandler({ metrics, metricsToken }: OperationsOptions): RequestHandler {
  return async (request, response, next) => {
    if (!isFromHere(request) && !showsToken(request, metricsToken)) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="osteograph metrics"');
      return next(
        new UserError(
          'UNAUTHENTICATED',
          'From another machine /metrics needs "Authorization: Bearer <the value of OSTEOGRAPH_METRICS_TOKEN>".',
        ),
      );
    }
    response
      .set('Cache-Control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text());
  };
}

/** A request of this machine that no proxy has passed on for another. */
function isFromHere({ socket, headers }: Request): boolean {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const local = address === '::1' || address.startsWith('127.');
  return local && !headers.forwarded && !headers['x-forwarded-for'];
}

function showsToken({ headers }: Request, token: string | undefined): boolean {
  const shown = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!token || shown === undefined || Buffer.byteLength(shown) !== Buffer.byteLength(token)) return false;
  return timingSafeEqual(Buffer.from(shown), Buffer.from(token));
}

async function closeNow(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
