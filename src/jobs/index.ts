/** The only door to jobs for other layers. */
export { requestCancel } from './cancel.js';
export { type EventHub, type EventHubOptions, openEventHub } from './event-hub.js';
export {
  type GenerationCompleted,
  type GenerationEventBody,
  type LoggedEvent,
  readEvents,
  type SliceCompleted,
  type StateChanged,
  type StepProgressed,
} from './events.js';
export { type GenerationQueue, openQueue, type QueuedGeneration, type QueueOptions } from './queue.js';
export { advance, type Change, enter, type NewGeneration, type Seen } from './transitions.js';
export { type RunningWorker, startWorker, type WorkerOptions } from './worker.js';
