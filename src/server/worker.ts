import { type RunningWorker, startWorker as startSlots, type WorkerOptions } from '../scheduling/index.js';
import { GENERATION } from '../services/generations/index.js';
import type { LogBody } from '../work/index.js';
import { KINDS } from './kinds.js';

export type GenerationWorkerOptions = Omit<WorkerOptions<LogBody>, 'work' | 'kind'>;

/** Starts to take generations from the queue, see scheduling/worker. */
export function startWorker(options: GenerationWorkerOptions): Promise<RunningWorker> {
  return startSlots({ ...options, work: KINDS, kind: GENERATION });
}
