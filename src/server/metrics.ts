import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { packageVersion } from '../domain/package.js';
import { type Happening, listen } from '../work/index.js';
import { poolOf, readQueueFigures } from './metrics-database.js';

/** What this process counts, for Prometheus; docs/operations.md says what each figure means. */
export interface Metrics {
  /** All of it as text. */
  text(): Promise<string>;
  contentType: string;
  /** An HTTP request was answered. */
  request(labels: { route: string; method: string; status: string }, seconds: number): void;
  /** A GraphQL operation was answered, or the first event of a subscription is on its way. */
  operation(
    labels: { kind: string; transport: 'http' | 'websocket' | 'sse' | 'multipart'; outcome: 'ok' | 'error' },
    seconds: number,
  ): void;
  /** A WebSocket was opened (1) or closed (-1). */
  sockets(change: 1 | -1): void;
  /** A DICOM association was opened (1) or has ended (-1). */
  dicomAssociations(change: 1 | -1): void;
  /** A DICOM object came over the network. */
  dicomObject(outcome: 'taken' | 'waiting' | 'quarantined' | 'refused'): void;
  /** Stops counting. */
  close(): void;
}

/** From a request that touches nothing to one that runs into the statement's limit. */
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** One slice through one denoiser step: 0.3 ms on a large GPU, some tenths of a second on a busy CPU. */
const STEP_SECONDS = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
const PART_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const GENERATION_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];
/** From an idle worker to a batch that was left overnight. */
const WAIT_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200];

/**
 * Starts counting what happens in this process. What every process would say alike (how many generations wait) is read from the
 * database when it is asked for.
 */
export function createMetrics(dataSource: DataSource): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });

  new Gauge({
    name: 'osteograph_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    registers,
  }).set({ version: packageVersion }, 1);
  databaseGauges(dataSource, register);

  const waited = new Histogram({
    name: 'osteograph_generation_wait_seconds',
    help: 'How long generations had waited when they were first started; by the database clock.',
    labelNames: ['bundle'],
    buckets: WAIT_SECONDS,
    registers,
  });
  const running = new Gauge({
    name: 'osteograph_worker_attempts',
    help: 'Attempts that this worker is computing now.',
    registers,
  });
  const sliceSteps = new Histogram({
    name: 'osteograph_slice_step_seconds',
    help: 'Time of one denoiser step for one slice: the time of the step divided by the slices in it.',
    labelNames: ['bundle', 'device'],
    buckets: STEP_SECONDS,
    registers,
  });
  const graphRuns = new Histogram({
    name: 'osteograph_graph_run_seconds',
    help: 'Time of one run of a graph, whatever goes through it at once.',
    labelNames: ['bundle', 'device', 'graph'],
    buckets: PART_SECONDS,
    registers,
  });
  const parts = new Histogram({
    name: 'osteograph_generation_part_seconds',
    help: 'Time of the parts of a generation that the worker itself does: metrics and store once per slice, the others once.',
    labelNames: ['part'],
    buckets: PART_SECONDS,
    registers,
  });
  const attempts = new Histogram({
    name: 'osteograph_attempt_duration_seconds',
    help: 'From taking a generation to where the attempt led.',
    labelNames: ['bundle', 'outcome'],
    buckets: GENERATION_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'osteograph_generation_failures_total',
    help: 'Generations that went to FAILED, by cause.',
    labelNames: ['cause'],
    registers,
  });
  const retries = new Counter({
    name: 'osteograph_generation_retries_total',
    help: 'Generations that went back to the queue, by what ended their attempt.',
    labelNames: ['cause'],
    registers,
  });
  const subscribers = new Gauge({
    name: 'osteograph_subscribers',
    help: 'Subscriptions to the log of a generation or a batch that are open in this process.',
    registers,
  });
  const delivered = new Counter({
    name: 'osteograph_events_delivered_total',
    help: 'Events handed to subscribers of this process.',
    registers,
  });
  const sockets = new Gauge({
    name: 'osteograph_websockets',
    help: 'WebSockets that are open in this process.',
    registers,
  });
  const requests = new Histogram({
    name: 'osteograph_http_request_duration_seconds',
    help: 'From the request to the last byte of its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const operations = new Histogram({
    name: 'osteograph_graphql_operation_duration_seconds',
    help: 'GraphQL operations by kind; a subscription counts until it has begun.',
    labelNames: ['kind', 'transport', 'outcome'],
    buckets: REQUEST_SECONDS,
    registers,
  });

  const associations = new Gauge({
    name: 'osteograph_dicom_associations',
    help: 'DICOM associations that are open in this process.',
    registers,
  });
  const dicomObjects = new Counter({
    name: 'osteograph_dicom_objects_total',
    help: 'DICOM objects that came by C-STORE, by what became of them; one of a series counts once when it comes and once when its series is whole.',
    labelNames: ['outcome'],
    registers,
  });

  const count = (happening: Happening) => {
    switch (happening.kind) {
      case 'claimed':
        running.inc();
        if (happening.waitSeconds !== null) waited.observe({ bundle: happening.bundle }, happening.waitSeconds);
        return;
      case 'ran': {
        const { bundle, run } = happening;
        const { graph, device, rows, seconds } = run;
        graphRuns.observe({ bundle, device, graph }, seconds);
        if (graph === 'denoiser') sliceSteps.observe({ bundle, device }, seconds / rows);
        return;
      }
      case 'part':
        return parts.observe({ part: happening.part }, happening.seconds);
      case 'ended': {
        const { bundle, outcome, cause, seconds } = happening;
        running.dec();
        attempts.observe({ bundle, outcome }, seconds);
        if (outcome === 'FAILED') failures.inc({ cause: cause ?? 'unknown' });
        if (outcome === 'QUEUED') retries.inc({ cause: cause ?? 'unknown' });
        return;
      }
      case 'worker lost':
        return (happening.to === 'FAILED' ? failures : retries).inc({ cause: 'worker_lost' });
      case 'subscribers':
        return subscribers.inc(happening.change);
      case 'delivered':
        return delivered.inc();
    }
  };
  const stop = listen(count);
  return {
    text: () => register.metrics(),
    contentType: register.contentType,
    request: (labels, seconds) => requests.observe(labels, seconds),
    operation: (labels, seconds) => operations.observe(labels, seconds),
    sockets: (change) => sockets.inc(change),
    dicomAssociations: (change) => associations.inc(change),
    dicomObject: (outcome) => dicomObjects.inc({ outcome }),
    close() {
      stop();
      register.clear();
    },
  };
}

/** Figures of the database: the same from every process, and the state of this one's pool. */
function databaseGauges(dataSource: DataSource, register: Registry): void {
  const figures = readQueueFigures(dataSource);
  const registers = [register];
  new Gauge({
    name: 'osteograph_generations_waiting',
    help: 'Generations that wait for a worker, by priority; those of paused batches are not among them. At most 100000.',
    labelNames: ['priority'],
    registers,
    async collect() {
      this.reset();
      for (const { priority, waiting } of (await figures()).waiting) this.set({ priority }, waiting);
    },
  });
  new Gauge({
    name: 'osteograph_generation_oldest_wait_seconds',
    help: 'How long ago the oldest generation that waits was asked for; 0 when none does.',
    registers,
    async collect() {
      this.set((await figures()).oldestWaitSeconds);
    },
  });
  new Gauge({
    name: 'osteograph_generations_running',
    help: 'Generations that some worker is computing.',
    registers,
    async collect() {
      this.set((await figures()).running);
    },
  });
  new Gauge({
    name: 'osteograph_exports',
    help: 'Export jobs that wait or run.',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset();
      for (const { state, jobs } of (await figures()).exports) this.set({ state }, jobs);
    },
  });
  new Gauge({
    name: 'osteograph_blob_bytes',
    help: 'Bytes of all blobs, to hold against OSTEOGRAPH_BLOB_QUOTA.',
    registers,
    async collect() {
      this.set((await figures()).blobBytes);
    },
  });
  new Gauge({
    name: 'osteograph_database_up',
    help: '1 when the database answered the question for the figures above, 0 when they are missing because it did not.',
    registers,
    async collect() {
      this.set((await figures()).answered ? 1 : 0);
    },
  });
  new Gauge({
    name: 'osteograph_database_connections',
    help: 'Connections of this process to the database, by what they do; its listeners and the queue have others.',
    labelNames: ['state'],
    registers,
    collect() {
      const { totalCount, idleCount } = poolOf(dataSource);
      this.set({ state: 'idle' }, idleCount);
      this.set({ state: 'busy' }, totalCount - idleCount);
    },
  });
  new Gauge({
    name: 'osteograph_database_waiting_requests',
    help: 'Statements that wait for a free connection.',
    registers,
    collect() {
      this.set(poolOf(dataSource).waitingCount);
    },
  });
}
