/**
 * Life of a worker. STARTING: it loads a model; READY: it takes work; DRAINING: it takes none and ends what it has; GONE: it
 * has ended, or has said nothing for {@link SILENT_MS}.
 */
export const WORKER_STATES = ['STARTING', 'READY', 'DRAINING', 'GONE'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** A worker says that it lives this often, ms. */
export const WORKER_HEARTBEAT_MS = 5_000;

/** One that has said nothing for so long is taken for gone, ms, by the database's clock. */
export const SILENT_MS = 15_000;

/** Workers that are gone are listed, and kept, for so long, seconds. */
export const REMEMBERED_S = 24 * 60 * 60;

/** A place of a worker where one generation at a time is computed, in an inference process of its own. */
export interface WorkerSlot {
  /** As the operator chose it: auto, cuda, cuda:1, webgpu, cpu. */
  device: string;
  /** What the model runs on: cuda, webgpu or cpu; null before the first model. */
  provider: string | null;
  /** The model it holds, `name@version`. */
  bundle: string | null;
  /** The generation it computes. */
  generationId: string | null;
  /** Share of that generation that is done, 0 to 1. */
  fraction: number | null;
  /** Process id of its inference process. */
  pid: number | null;
  /** Generations that this process has finished since it started. */
  generations: number;
  /** Memory of the process after the last of them, bytes; 0 before the first. */
  memory: number;
}
