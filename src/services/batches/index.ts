export { cancelBatch, pauseBatch, resumeBatch, retryBatch } from './change.js';
export { createBatch } from './create.js';
export type { BatchServices } from './create.js';
export { BATCH_GENERATION_LISTING, BATCH_LISTING, BATCH_MEMBER_LISTING, BATCHES } from './listing.js';
export { batchPaces } from './pace.js';
export type { BatchPace } from './pace.js';
export type { BatchRequest } from './request.js';
export type { LoggedBatchEvent } from './events.js';
