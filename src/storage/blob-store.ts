import type { Readable } from 'node:stream';
import { UserError } from '../domain/errors.js';

/** What a store says about a blob it has taken. */
export interface StoredBlob {
  /** Lower-case hex digest of the bytes. */
  sha256: string;
  bytes: number;
  /** Where the store keeps it; the only name that {@link BlobStore.open} and the others take. */
  storageKey: string;
}

/** A blob that lies in a store, whether a row names it or not. */
export interface ListedBlob extends StoredBlob {
  /** When its bytes were last put, by the store's clock. */
  storedAt: Date;
}

/** Part of a blob, both ends inclusive as in an HTTP Range header. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Blobs addressed by their content, written once and never changed: putting the same bytes twice keeps one copy. A blob is
 * either whole or not there, whenever the process dies. Every method throws {@link BlobStoreUnavailable} when the store cannot
 * be used at the moment.
 */
export interface BlobStore {
  readonly kind: 'DIRECTORY' | 'S3';
  /** For people: a path, or s3://bucket/prefix. */
  readonly location: string;
  /** Most bytes it may hold; undefined without a quota. */
  readonly quota: number | undefined;
  /**
   * Resolves when the bytes are safe on disk (or wherever the store keeps them).
   *
   * @throws UserError LIMIT_EXCEEDED when they would pass the quota
   */
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
  /** Every blob, in the order of the first two digits of its digest. What is put or deleted meanwhile may be in it or not. */
  list(): AsyncIterable<ListedBlob>;
  /** Removes (or only counts) what puts that were begun before `begunBefore` and never finished have left. */
  removeDrafts(begunBefore: Date, options?: { dryRun?: boolean }): Promise<number>;
  /**
   * Asks whether so many more bytes can be put, before the work that makes them.
   *
   * @throws UserError LIMIT_EXCEEDED when they would pass the quota, BlobStoreUnavailable when the store does not answer
   */
  requireRoom(bytes: number): Promise<void>;
  /** The text that says which installation the store belongs to; undefined where there is none. */
  readMark(): Promise<string | undefined>;
  /** Writes that text, over another one only when told to. */
  writeMark(text: string, options?: { replace?: boolean }): Promise<void>;
}

/** The store has no such blob, or the key is none of the store's. */
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';

  /** @param what was stored there, where that is known */
  constructor(
    readonly storageKey: string,
    what?: string,
  ) {
    super(
      what === undefined
        ? `The blob store has nothing under ${JSON.stringify(storageKey)}.`
        : `The blob of ${what} is missing from the blob store.`,
    );
  }
}

/** The stored bytes are not the ones that were put. */
export class BlobDamaged extends Error {
  override readonly name = 'BlobDamaged';

  /** @param what was stored there, where that is known */
  constructor(
    readonly storageKey: string,
    what?: string,
  ) {
    super(
      what === undefined
        ? `The stored blob ${storageKey} is damaged: its bytes no longer have the digest it is named after.`
        : `The blob of ${what} is damaged: its sha256 differs.`,
    );
  }
}

/**
 * The store cannot be used at the moment: it does not answer, is full, or refuses the credentials. Nothing is wrong with what was
 * asked; the same will work when the store is back.
 */
export class BlobStoreUnavailable extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}

/** What is the matter with a stored file, as the end of a sentence of which it is the subject; null for any other error. */
export function blobFault(error: unknown): string | null {
  if (error instanceof BlobMissing) return 'is not in the blob store';
  return error instanceof BlobDamaged ? 'is damaged in the blob store' : null;
}
