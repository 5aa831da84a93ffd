import { join } from 'node:path';
import type { BlobStore } from './blob-store.js';
import { DirectoryStore } from './directory-store.js';

/** The blobs of an installation: those of its data directory, which many machines may share. */
export function openBlobStore(dataDir: string): BlobStore {
  return new DirectoryStore(join(dataDir, 'blobs'));
}
