import { createInterface } from 'node:readline';
import { BlobDamaged, BlobMissing, type BlobStore, readThrough } from '../../storage/index.js';
import { unpack } from './files.js';
import { BLOBS, type Manifest } from './manifest.js';

/** A blob of a backup, as its list says. */
export interface BackedBlob {
  sha256: string;
  bytes: number;
  storageKey: string;
  mediaType: string;
}

export type Lost = Manifest['lost'][number];

/** Blobs copied, or read, at a time: the disk is waited for more than anything else. */
const AT_ONCE = 8;

/** What lists the blobs of a database, in the order of their digests. */
export const BLOB_LIST = 'SELECT sha256, bytes, storage_key, media_type FROM asset ORDER BY sha256';

/** The blobs of a backup, in the order of their digests. */
export async function* listBlobs(folder: string): AsyncGenerator<BackedBlob> {
  for await (const line of createInterface({ input: unpack(folder, BLOBS), crlfDelay: Infinity })) {
    const [sha256, bytes, storageKey, mediaType] = line.split('\t') as [string, string, string, string];
    yield { sha256, bytes: Number(bytes), storageKey, mediaType };
  }
}

/** Does something with each blob, some at a time. */
export async function forEachBlob(
  blobs: AsyncIterator<BackedBlob>,
  work: (blob: BackedBlob) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  // A generator answers one after the other, whoever asks.
  const worker = async (): Promise<void> => {
    for (let next = await blobs.next(); !next.done; next = await blobs.next()) {
      signal?.throwIfAborted();
      await work(next.value);
    }
  };
  const done = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}

/**
 * Copies a blob, over what there is of it. Its digest is taken on the way, so that no damaged one arrives.
 *
 * @returns what is wrong with it at its source; null when it was copied
 */
export async function copyBlob(
  from: BlobStore,
  to: BlobStore,
  { storageKey, mediaType }: BackedBlob,
): Promise<Lost['fault'] | null> {
  try {
    await to.put(await from.open(storageKey), mediaType);
    return null;
  } catch (error) {
    if (error instanceof BlobMissing) return 'missing';
    if (error instanceof BlobDamaged) return 'damaged';
    throw error;
  }
}

/**
 * Reads every blob of a backup but those that it says were lost, and compares it with its digest.
 *
 * @returns those that are missing or damaged
 */
export async function checkBackedBlobs(
  folder: string,
  blobs: BlobStore,
  { lost }: Pick<Manifest, 'lost'>,
  { signal, onBlob }: { signal?: AbortSignal | undefined; onBlob?: (() => void) | undefined } = {},
): Promise<Lost[]> {
  const bad: Lost[] = [];
  const known = new Set(lost.map(({ sha256 }) => sha256));
  await forEachBlob(
    listBlobs(folder),
    async ({ sha256, storageKey }) => {
      if (known.has(sha256)) return;
      const read = await readThrough(blobs, storageKey);
      if (typeof read !== 'number') bad.push({ sha256, fault: read });
      onBlob?.();
    },
    signal,
  );
  return bad;
}
