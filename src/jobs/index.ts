/** The only door to jobs for other layers. */
export {
  type BatchCompleted,
  type BatchEventBody,
  type BatchGenerationFinished,
  type BatchStateChanged,
  type LoggedBatchEvent,
} from './batch-events.js';
export { advanceBatch, type BatchChange, completeBatch, lockBatch } from './batch-transitions.js';
export { askToStop, requestCancel } from './cancel.js';
export {
  batchLogs,
  type EventHub,
  type EventHubOptions,
  type EventLogs,
  generationLogs,
  type LogSource,
  openEventHub,
  openEventLogs,
  type ReadInTurn,
} from './event-hub.js';
export {
  type GenerationCompleted,
  type GenerationEventBody,
  type LoggedEvent,
  readEvents,
  type SliceCompleted,
  type StateChanged,
  type StepProgressed,
} from './events.js';
export { newestLocaliser } from './localiser.js';
export { countLines, insertLines, readLogPage } from './log-pages.js';
export { type Provenance, provenanceOf } from './provenance.js';
export { startListener } from './listener.js';
export { type GenerationQueue, openQueue, type QueuedGeneration, type QueueOptions } from './queue.js';
export { type AttemptOutcome, currentTraceparent, type Happening, listen, parseTraceparent } from './telemetry.js';
export { advance, advanceAll, type Change, enter, type NewGeneration, type Seen } from './transitions.js';
export { positionsInLine, topUp } from './turns.js';
export { type RunningWorker, startWorker, type WorkerOptions } from './worker.js';
