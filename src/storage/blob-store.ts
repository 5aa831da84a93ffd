import type { Readable } from 'node:stream';

/** What a store says about a blob it has taken. */
export interface StoredBlob {
  /** Lower-case hex digest of the bytes. */
  sha256: string;
  bytes: number;
  /** Where the store keeps it; the only name that {@link BlobStore.open} and the others take. */
  storageKey: string;
}

/** Part of a blob, both ends inclusive as in an HTTP Range header. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Blobs addressed by their content, written once and never changed: putting the same bytes twice keeps one copy. A blob is
 * either whole or not there, whenever the process dies.
 */
export interface BlobStore {
  /** Resolves when the bytes are safe on disk (or wherever the store keeps them). */
  put(data: Uint8Array | Readable, mediaType: string): Promise<StoredBlob>;
  /**
   * The bytes of a blob. A whole blob is checked against its digest as it streams: the last piece of a damaged one is held back
   * and the stream fails with {@link BlobDamaged}. A range is not checked.
   *
   * @throws BlobMissing
   */
  open(storageKey: string, range?: ByteRange): Promise<Readable>;
  exists(storageKey: string): Promise<boolean>;
  /** Removes a blob; one that is not there is no error. */
  delete(storageKey: string): Promise<void>;
}

/** The store has no such blob, or the key is none of the store's. */
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';

  constructor(readonly storageKey: string) {
    super(`The blob store has nothing under ${JSON.stringify(storageKey)}.`);
  }
}

/** The stored bytes are not the ones that were put. */
export class BlobDamaged extends Error {
  override readonly name = 'BlobDamaged';

  constructor(readonly storageKey: string) {
    super(`The stored blob ${storageKey} is damaged: its bytes no longer have the digest it is named after.`);
  }
}
