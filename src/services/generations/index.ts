/** The only door to generations for other layers. */
export * from './requests.js';
export * from './events.js';
export { newestLocaliser } from './localiser.js';
export { type Provenance, provenanceOf } from './provenance.js';
export { requestCancel } from './cancel.js';
export { advance, enter } from './transitions.js';
export type { Change, Seen } from './transitions.js';
export { CANCEL_CHANNEL } from './transitions.js';
export { CancelRequested, type Lease, WorkerStopping } from './lease.js';
export { runGeneration } from './run.js';
