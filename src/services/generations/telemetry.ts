import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Generation } from '../../entities/index.js';
import type { GraphRun } from '../../inference/index.js';
import { type AttemptOutcome, type AttemptPart, parseTraceparent, emit } from '../../work/index.js';

/**
 * One attempt at a generation, told as it goes: a span in the trace of the request that asked for it, with a child for each of
 * its parts, and the same parts as happenings.
 */
export class AttemptTelemetry {
  readonly #span: Span;
  readonly #bundle: string;
  readonly #began = performance.now();

  /**
   * @param generation as it was just claimed, with its bundle
   * @param claimSeconds how long the claim has taken
   */
  constructor({ id, attempt, bundle, worker, traceparent, ...times }: Generation, claimSeconds: number) {
    this.#bundle = `${bundle.name}@${bundle.version}`;
    const parent = parseTraceparent(traceparent);
    const above = parent ? trace.setSpanContext(context.active(), parent) : context.active();
    const attributes = {
      'osteograph.generation': id,
      'osteograph.attempt': attempt,
      'osteograph.bundle': this.#bundle,
      'osteograph.worker': worker ?? '',
    };
    const startTime = Date.now() - 1_000 * claimSeconds;
    this.#span = tracer().startSpan('attempt', { kind: SpanKind.CONSUMER, attributes, startTime }, above);
    this.past('claim', claimSeconds);
    emit({ kind: 'part', part: 'claim', seconds: claimSeconds });
    // Both by the database's clock. What is queued again has waited before: it says nothing of the queue.
    const waited = (times.heartbeatAt!.getTime() - times.createdAt.getTime()) / 1_000;
    emit({ kind: 'claimed', bundle: this.#bundle, waitSeconds: attempt === 1 ? waited : null });
  }

  /** Id of the trace, for the log; undefined where nobody traces. */
  get traceId(): string | undefined {
    return this.#span.isRecording() ? this.#span.spanContext().traceId : undefined;
  }

  /** Runs a part of the attempt. */
  async part<T>(part: AttemptPart, work: () => T | Promise<T>): Promise<T> {
    const began = performance.now();
    const span = this.#child(part, {});
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      span.end();
      emit({ kind: 'part', part, seconds: (performance.now() - began) / 1_000 });
    }
  }

  /** Something that was timed elsewhere and has ended just now. */
  past(name: string, seconds: number, attributes: Attributes = {}): void {
    if (!this.#span.isRecording()) return;
    const end = Date.now();
    this.#child(name, attributes, end - 1_000 * seconds).end(end);
  }

  /** The inference process has run a graph for this attempt. */
  ran(run: GraphRun): void {
    const { graph, device, rows, seconds } = run;
    emit({ kind: 'ran', bundle: this.#bundle, run });
    this.past(SPAN_OF_GRAPH[graph] ?? graph, seconds, { 'osteograph.device': device, 'osteograph.rows': rows });
  }

  /** The attempt is over. @param cause of anything but a success, from a small set of words */
  end(outcome: AttemptOutcome, cause: string | null = null): void {
    const seconds = (performance.now() - this.#began) / 1_000;
    emit({ kind: 'ended', bundle: this.#bundle, outcome, cause, seconds });
    this.#span.setAttribute('osteograph.outcome', outcome);
    if (outcome === 'FAILED') this.#span.setStatus({ code: SpanStatusCode.ERROR, message: cause ?? outcome });
    this.#span.end();
  }

  #child(name: string, attributes: Attributes, startTime?: number): Span {
    const options = { attributes, ...(startTime === undefined ? {} : { startTime }) };
    return tracer().startSpan(name, options, trace.setSpan(context.active(), this.#span));
  }
}

const SPAN_OF_GRAPH: Partial<Record<string, string>> = {
  encoder: 'encode',
  denoiser: 'denoise step',
  decoder: 'decode',
  refiner: 'refine',
};

function tracer() {
  return trace.getTracer('osteograph');
}
