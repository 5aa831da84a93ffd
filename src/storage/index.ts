export { readAsset, storeAsset } from './assets.js';
export { BlobMissing, type BlobStore, type ByteRange, type StoredBlob } from './blob-store.js';
export { DirectoryStore } from './directory-store.js';
export { openBlobStore } from './open.js';
