import type { BatchCounters, BatchState } from '../../domain/batches.js';
import type { GenerationState } from '../../domain/generations.js';

/**
 * What a batch's log says, by type. When nothing of it waits or runs any more, COMPLETED and, last of all, STATE_CHANGED to a
 * final state are written in the transaction that ended the last generation.
 */
export type BatchEventBody =
  | { type: 'STATE_CHANGED'; payload: BatchStateChanged }
  | { type: 'GENERATION_FINISHED'; payload: BatchGenerationFinished }
  | { type: 'COMPLETED'; payload: BatchCompleted };

export interface BatchStateChanged {
  state: BatchState;
  /** One sentence that says why, where there is something to say. */
  message: string | null;
  counters: BatchCounters;
}

export interface BatchGenerationFinished {
  generationId: string;
  outcome: GenerationState;
  /** One sentence that says why it failed. */
  error: string | null;
  counters: BatchCounters;
}

export interface BatchCompleted {
  counters: BatchCounters;
  /** From the first start to the end, pauses included; null when nothing had to be made. */
  durationMs: number | null;
}

/** One line of a batch's log. */
export type LoggedBatchEvent = { batchId: string; seq: number; at: Date } & BatchEventBody;
