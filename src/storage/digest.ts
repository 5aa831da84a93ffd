import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobDamaged, BlobMissing } from './blob-store.js';

/** Keys are made by the stores: two hex digits, then the digest. Nothing else ever becomes part of a path or an object's name. */
const KEY = /^([0-9a-f]{2})\/(\1[0-9a-f]{62})$/;

/** First two digits of a digest: a store's folders, in order. */
export const FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'));

export function keyOf(sha256: string): string {
  return `${sha256.slice(0, 2)}/${sha256}`;
}

/** @throws BlobMissing for a key that no store makes */
export function assertKey(storageKey: string): void {
  if (!KEY.test(storageKey)) throw new BlobMissing(storageKey);
}

/** The digest that a name of two folders stands for; undefined for a name that no store makes. */
export function digestOfKey(name: string): string | undefined {
  return KEY.exec(name)?.[2];
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Writes bytes to a file and takes their digest on the way. */
export async function writeDigested(
  file: FileHandle,
  data: Uint8Array | Readable,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of data instanceof Readable ? (data as AsyncIterable<Uint8Array>) : [data]) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    await file.writeFile(chunk);
  }
  return { sha256: hash.digest('hex'), bytes };
}

/**
 * What a reader of a blob gets: the stored bytes, a whole blob's checked against its digest.
 *
 * @param faultOf what an error of the store's own stream means
 */
export function reading(
  stored: Readable,
  storageKey: string,
  { whole, faultOf }: { whole: boolean; faultOf: (error: Error) => Error },
): Readable {
  const given = whole ? new DigestCheck(storageKey) : new PassThrough();
  // pipeline would end `given` with the store's own error.
  stored.once('error', (error) => given.destroy(faultOf(error)));
  // A reader that goes away, or a failing store, ends both streams; whoever reads `given` sees the error there.
  pipeline(stored, given).catch(() => undefined);
  return given;
}

/** Passes bytes on, one chunk late, so that a blob whose digest is wrong is never complete at the reader's. */
class DigestCheck extends Transform {
  readonly #hash = createHash('sha256');
  #held: Buffer | undefined;

  constructor(readonly storageKey: string) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#hash.update(chunk);
    if (this.#held) this.push(this.#held);
    this.#held = chunk;
    done();
  }

  override _flush(done: (error?: Error | null) => void): void {
    if (!this.storageKey.endsWith(`/${this.#hash.digest('hex')}`)) return done(new BlobDamaged(this.storageKey));
    if (this.#held) this.push(this.#held);
    done();
  }
}
