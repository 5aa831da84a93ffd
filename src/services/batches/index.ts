/** The only door to batches for other layers. */
export { cancelBatch, pauseBatch, resumeBatch, retryBatch } from './change.js';
export { createBatch } from './create.js';
export type { BatchServices } from './create.js';
export type { LoggedBatchEvent } from './events.js';
export { BATCH } from './kind.js';
export { BATCH_GENERATION_LISTING, BATCH_LISTING, BATCH_MEMBER_LISTING, BATCHES } from './listing.js';
export { batchLogs } from './log.js';
export { batchPaces } from './pace.js';
export type { BatchPace } from './pace.js';
export { deleteBatch } from './remove.js';
export { uncountExams } from './forget.js';
export type { BatchRequest } from './request.js';
export { type EventHub, openEventHub } from './event-hub.js';
export { countInBatch, lockBatchOf } from './transitions.js';
