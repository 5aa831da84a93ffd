import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { UserError } from '../domain/errors.js';
import { packageVersion } from '../domain/package.js';
import { parseTraceparent } from '../work/index.js';

export interface Tracing {
  /** Sends what is still held and ends. */
  close(): Promise<void>;
}

/** How long the end of a process may wait for a collector that does not answer, ms. */
const FLUSH_MS = 3_000;

/**
 * Sends spans by OTLP/HTTP to where OTEL_EXPORTER_OTLP_ENDPOINT (or ..._TRACES_ENDPOINT) says; without them nothing is loaded and
 * nothing recorded. The SDK reads the other variables of its specification itself: headers, timeout, compression, batch sizes.
 *
 * @param service e.g. "osteograph serve"; OTEL_SERVICE_NAME wins
 * @throws UserError BAD_USER_INPUT for an endpoint that is no address
 */
export async function startTracing(service: string, env: NodeJS.ProcessEnv = process.env): Promise<Tracing> {
  const named = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!named || env['OTEL_SDK_DISABLED'] === 'true') return { close: () => Promise.resolve() };
  if (!URL.canParse(named) || !/^https?:/.test(named)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `OTEL_EXPORTER_OTLP_ENDPOINT must look like http://host:4318, got "${named}".`,
    );
  }
  const [{ TracerProvider, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler }, resources, otlp, hooks] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/context-async-hooks'),
    ]);
  const provider = new TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': env['OTEL_SERVICE_NAME'] || service,
      'service.version': packageVersion,
      'process.pid': process.pid,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampledShare(env)) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new otlp.OTLPTraceExporter() })],
  });
  context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_MS).unref());
      // A collector that is gone costs its spans, never the end of the process.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/** A request as a span: below the caller's, if it sent a `traceparent`. `work` runs inside. */
export function inRequestSpan<T>(method: string, traceparent: string | undefined, work: (span: Span) => T): T {
  const parent = parseTraceparent(traceparent);
  const above = parent ? trace.setSpanContext(context.active(), parent) : context.active();
  const span = trace.getTracer('osteograph').startSpan(method, { kind: SpanKind.SERVER }, above);
  return context.with(trace.setSpan(above, span), () => work(span));
}

/** Ends a request's span with what has become of it. */
export function endRequestSpan(
  span: Span,
  {
    method,
    route,
    status,
    operation,
  }: { method: string; route: string; status: number; operation?: string | undefined },
): void {
  if (!span.isRecording()) return;
  span.updateName(operation ?? `${method} ${route}`);
  span.setAttributes({
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    ...(operation === undefined ? {} : { 'graphql.operation': operation }),
  });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** OTEL_TRACES_SAMPLER_ARG: the share of requests without a caller's decision that is traced, 0 to 1; default all. */
function sampledShare(env: NodeJS.ProcessEnv): number {
  const text = env['OTEL_TRACES_SAMPLER_ARG'] || '1';
  const share = Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new UserError('BAD_USER_INPUT', `OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got "${text}".`);
}
