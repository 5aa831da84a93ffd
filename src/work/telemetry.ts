import { channel } from 'node:diagnostics_channel';
import { isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';
import type { GraphRun } from '../inference/index.js';

/**
 * What work tells of itself, in two ways at once: happenings, for whoever counts (server/metrics), and spans, for whoever
 * follows one request through all processes (server/tracing). Nobody listening costs nothing worth measuring.
 */
export type Happening =
  | { kind: 'claimed'; bundle: string; waitSeconds: number | null }
  | { kind: 'ran'; bundle: string; run: GraphRun }
  | { kind: 'part'; part: AttemptPart; seconds: number }
  | { kind: 'ended'; bundle: string; outcome: AttemptOutcome; cause: string | null; seconds: number }
  | { kind: 'worker lost'; to: string }
  | { kind: 'subscribers'; change: 1 | -1 }
  | { kind: 'delivered' };

/** The parts of an attempt that run in the worker itself. */
export type AttemptPart = 'claim' | 'load' | 'inputs' | 'metrics' | 'store' | 'assemble';

/** Where an attempt led; STALE: somebody else has the generation by now. */
export type AttemptOutcome = string;

const happenings = channel('osteograph:work');

export function emit(happening: Happening): void {
  happenings.publish(happening);
}

/** Calls `listener` with everything that work of this process tells; the returned function ends that. */
export function listen(listener: (happening: Happening) => void): () => void {
  const onMessage = (message: unknown) => listener(message as Happening);
  happenings.subscribe(onMessage);
  return () => void happenings.unsubscribe(onMessage);
}

/** The trace that this code runs in, as W3C's `traceparent`; null outside any. */
export function currentTraceparent(): string | null {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span)) return null;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** What a `traceparent` says; undefined for none, one that is malformed, or one of a version that nobody has defined yet. */
export function parseTraceparent(text: string | null | undefined): SpanContext | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '');
  if (!match) return undefined;
  const [, traceId, spanId, flags] = match as unknown as [string, string, string, string];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(parent) ? parent : undefined;
}
