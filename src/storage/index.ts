/** The only door to blobs for other layers. */
export { nameBlob, readAsset, storeAsset } from './assets.js';
export {
  BlobDamaged,
  blobFault,
  BlobMissing,
  type BlobStore,
  BlobStoreUnavailable,
  type ByteRange,
  type ListedBlob,
  type StoredBlob,
} from './blob-store.js';
export { type BadAsset, checkBlobs, readThrough } from './check.js';
export { DirectoryStore, flushDirectory, isMissing } from './directory-store.js';
export { holdFolders } from './locks.js';
export { parseBlobUrl } from './location.js';
export { type BlobSettings, openBlobStore, openOwnBlobStore } from './open.js';
export { parseSize, sizeInWords, storageUse, type StorageUse, withQuota } from './quota.js';
export {
  letGo,
  type LetGo,
  removeForgotten,
  removeUnclaimed,
  SWEEP_GRACE_MS,
  sweepBlobs,
  type SweepReport,
} from './sweep.js';
export { startSweeper, type Sweeper } from './sweeper.js';
