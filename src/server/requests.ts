import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { inRequest, type RequestFacts } from './logging.js';
import type { Metrics } from './metrics.js';
import { endRequestSpan, inRequestSpan } from './tracing.js';

/** What a caller may call its request; anything else gets a name of ours. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** Routes by their first words: a label with few values, whatever people ask for. */
const ROUTES = [
  '/graphql',
  '/graphiql',
  '/schema.graphql',
  '/assets',
  '/exports',
  '/dicomweb',
  '/radiographs',
  '/masks',
  '/sign-in',
  '/health',
  '/metrics',
];

/**
 * Gives each request an id (`x-request-id`, the caller's or one of ours, in the answer too), a span below the caller's
 * `traceparent`, a place in the metrics, and one line in the log: at debug for what went well and for probes, at info for a
 * refusal, at warn for a fault of ours. Query strings and headers can carry tokens, digests of files tell whose they are: neither is
 * logged.
 */
export function observeRequests(logger: Logger, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    const facts: RequestFacts = { requestId: requestIdOf(request) };
    response.setHeader('x-request-id', facts.requestId);
    // A mounted handler sees a shorter path later on.
    const { method, path } = request;
    const route = routeOf(path);
    const done = (finished: boolean) => {
      const seconds = (performance.now() - began) / 1_000;
      // A caller that goes away has no status; 499 is what proxies call it.
      const status = finished ? response.statusCode : 499;
      metrics.request({ route, method, status: String(status) }, seconds);
      const operation = facts.operation && [facts.operation.kind, facts.operation.name].filter(Boolean).join(' ');
      inRequest(facts, () => {
        // A probe that hears no is told so every few seconds; why is in its answer.
        const level = route === '/health' ? 'debug' : status >= 500 ? 'warn' : status >= 400 ? 'info' : 'debug';
        const line = { method, path: withoutNames(path), status, operation, ms: Math.round(1_000 * seconds) };
        logger[level](line, 'a request was answered');
      });
      return { method, route, status, operation };
    };
    inRequestSpan(method, request.headers['traceparent'] as string | undefined, (span) => {
      if (span.isRecording()) facts.traceId = span.spanContext().traceId;
      let ended = false;
      const end = (finished: boolean) => {
        if (ended) return;
        ended = true;
        endRequestSpan(span, done(finished));
      };
      response.once('finish', () => end(true));
      response.once('close', () => end(response.writableFinished));
      inRequest(facts, next);
    });
  };
}

/**
 * A film's digest or UID tells whose it is, and a log outlives the film: which file was fetched is in the audit alone. Express finds its way
 * whatever the case of an address, and whatever of it is percent-encoded.
 */
function withoutNames(path: string): string {
  const segments = path.split('/').map(decoded).join('/').split('/');
  const words = segments.map((segment) => segment.toLowerCase());
  if (words.includes('dicomweb')) {
    const isName = (at: number) => NAMED.has(words[at - 1]!) || /^[\d.]+$/.test(words[at]!);
    return segments.map((segment, at) => (isName(at) ? ':uid' : segment)).join('/');
  }
  if (words.includes('assets')) {
    return segments.map((segment) => segment.replace(/[0-9a-f]{64}/gi, ':sha256')).join('/');
  }
  return path;
}

/** Behind which a UID stands. */
const NAMED = new Set(['studies', 'series', 'instances']);

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return ':malformed';
  }
}

function requestIdOf({ headers }: Request): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

function routeOf(path: string): string {
  if (path === '/') return path;
  return ROUTES.find((route) => path === route || path.startsWith(`${route}/`)) ?? 'other';
}
