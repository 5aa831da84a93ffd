/** The only door to scheduling for other layers: which generation runs next, and where. */
export { type GenerationQueue, openQueue, type QueuedGeneration, type QueueOptions } from './queue.js';
export type { Slot, SlotResources } from './slot.js';
export { positionsInLine, topUp } from './scheduler.js';
export { type RunningWorker, startWorker, type WorkerOptions } from './worker.js';
export { findWorker, listWorkers } from './workers.js';
