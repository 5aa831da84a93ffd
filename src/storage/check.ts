import { finished } from 'node:stream/promises';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../entities/index.js';
import { BlobDamaged, BlobMissing, type BlobStore } from './blob-store.js';

/** An asset whose blob is not what its row says. */
export interface BadAsset {
  sha256: string;
  fault: 'missing' | 'damaged';
}

/** Blobs read at a time. */
const READERS = 4;
const PAGE = 500;

/**
 * Reads every blob that a row names and compares it with its digest. Assets that are stored or removed meanwhile are left out.
 *
 * @throws BlobStoreUnavailable, the signal's reason
 */
export async function checkBlobs(
  dataSource: DataSource,
  store: BlobStore,
  {
    signal,
    onProgress,
  }: { signal?: AbortSignal | undefined; onProgress?: (done: number, total: number, bytes: number) => void } = {},
): Promise<{ assets: number; bytes: number; bad: BadAsset[] }> {
  const { last, total } = await queryRow(
    dataSource,
    z.object({ last: z.number(), total: z.number() }),
    'SELECT coalesce(max(id), 0) AS last, count(*)::integer AS total FROM asset',
  );
  const bad: BadAsset[] = [];
  let [assets, bytes] = [0, 0];
  for (let after = 0; ;) {
    const page = await queryRows(
      dataSource,
      z.object({ id: z.number(), sha256: z.string(), storage_key: z.string() }),
      'SELECT id, sha256, storage_key FROM asset WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3',
      [after, last, PAGE],
    );
    if (page.length === 0) return { assets, bytes, bad };
    const waiting = page.values();
    const reader = async () => {
      for (const { sha256, storage_key: key } of waiting) {
        signal?.throwIfAborted();
        const read = await readThrough(store, key);
        if (typeof read === 'number') bytes += read;
        else bad.push({ sha256, fault: read });
        assets++;
        onProgress?.(assets, total, bytes);
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    after = page.at(-1)!.id;
  }
}

/** Reads a blob to its end. @returns its size, or what is wrong with it */
export async function readThrough(store: BlobStore, storageKey: string): Promise<number | BadAsset['fault']> {
  try {
    const blob = await store.open(storageKey);
    let bytes = 0;
    blob.on('data', (chunk: Buffer) => (bytes += chunk.byteLength));
    await finished(blob);
    return bytes;
  } catch (error) {
    if (error instanceof BlobMissing) return 'missing';
    if (error instanceof BlobDamaged) return 'damaged';
    throw error;
  }
}
