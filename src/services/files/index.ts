/** The only door to files as a client meets them: signed addresses, ZIP archives, how full the store is. */
export { type AssetGrant, type AssetUrls, createAssetUrls } from './asset-urls.js';
export { readStoredHead } from './nifti-head.js';
export { filesOfGenerations } from './of-generations.js';
export { forgetOriginal, keepOriginal, type OriginalFile, type OwnerOfOriginal, rewriteOriginal } from './originals.js';
export { reportStorage, type StoreFacts } from './storage.js';
export { type ArchiveFile, zipPieces } from './zip.js';
