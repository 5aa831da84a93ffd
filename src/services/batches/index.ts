export { cancelBatch, pauseBatch, resumeBatch, retryBatch } from './change.js';
export { createBatch } from './create.js';
export type { BatchServices } from './create.js';
export {
  BATCH_GENERATION_LISTING,
  BATCH_GENERATIONS,
  BATCH_LISTING,
  BATCH_MEMBER_LISTING,
  BATCH_MEMBERS,
  BATCHES,
} from './listing.js';
export { batchPaces } from './pace.js';
export type { BatchPace } from './pace.js';
export type { BatchRequest } from './request.js';
