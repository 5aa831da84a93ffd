import type { DataSource } from 'typeorm';
import { type BlobStore, storageUse, type StorageUse } from '../../storage/index.js';

/** What the API may say of the store. */
export type StoreFacts = Pick<BlobStore, 'kind' | 'quota'>;

/** Where the files are kept, and how much of it is used. */
export interface StorageReport extends StorageUse {
  kind: BlobStore['kind'];
  /** Null without a quota. */
  quotaBytes: number | null;
}

/** @see storageUse for what it costs */
export async function reportStorage(dataSource: DataSource, { kind, quota }: StoreFacts): Promise<StorageReport> {
  return { kind, quotaBytes: quota ?? null, ...(await storageUse(dataSource)) };
}
