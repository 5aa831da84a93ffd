import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobDamaged, BlobMissing, type BlobStore, type ByteRange, type StoredBlob } from './blob-store.js';

/** Keys are made by the store: two hex digits as folder, then the digest. Nothing else ever becomes part of a path. */
const KEY = /^([0-9a-f]{2})\/(\1[0-9a-f]{62})$/;

/**
 * A blob store in a directory, made when it is first written to. Several processes and hosts may use one directory: a blob is
 * written to a temporary file, flushed, and renamed to its digest.
 */
export class DirectoryStore implements BlobStore {
  readonly #root: string;

  constructor(directory: string) {
    this.#root = resolve(directory);
  }

  async put(data: Uint8Array | Readable): Promise<StoredBlob> {
    const drafts = join(this.#root, 'tmp');
    await mkdir(drafts, { recursive: true });
    const draft = join(drafts, randomUUID());
    try {
      const { sha256, bytes } = await writeFlushed(draft, data);
      const storageKey = `${sha256.slice(0, 2)}/${sha256}`;
      const path = this.#path(storageKey);
      await mkdir(dirname(path), { recursive: true });
      await rename(draft, path);
      await flushDirectory(dirname(path));
      return { sha256, bytes, storageKey };
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  async open(storageKey: string, range?: ByteRange): Promise<Readable> {
    const path = this.#path(storageKey);
    let file: FileHandle;
    try {
      file = await open(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new BlobMissing(storageKey);
      throw error;
    }
    if (range) return file.createReadStream(range);
    const checked = new DigestCheck(storageKey);
    // A reader that goes away, or a failing disk, ends both streams; whoever reads `checked` sees the error there.
    pipeline(file.createReadStream(), checked).catch(() => undefined);
    return checked;
  }

  async exists(storageKey: string): Promise<boolean> {
    return stat(this.#path(storageKey)).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  async delete(storageKey: string): Promise<void> {
    await rm(this.#path(storageKey), { force: true });
  }

  #path(storageKey: string): string {
    const match = KEY.exec(storageKey);
    if (!match) throw new BlobMissing(storageKey);
    return join(this.#root, match[1]!, match[2]!);
  }
}

async function writeFlushed(path: string, data: Uint8Array | Readable): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of data instanceof Readable ? (data as AsyncIterable<Uint8Array>) : [data]) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Makes a rename survive a power cut; Windows neither needs nor allows it. */
async function flushDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
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
