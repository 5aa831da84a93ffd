import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, opendir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import {
  BlobMissing,
  type BlobStore,
  BlobStoreUnavailable,
  type ByteRange,
  type ListedBlob,
  type StoredBlob,
} from './blob-store.js';
import { assertKey, digestOfKey, FOLDERS, keyOf, reading, writeDigested } from './digest.js';

const DRAFTS = 'tmp';
const MARK = 'owner';

/**
 * A blob store in a directory, made when it is first written to. Several processes and hosts may use one directory: a blob is
 * written to a temporary file, flushed, and renamed to its digest.
 */
export class DirectoryStore implements BlobStore {
  readonly kind = 'DIRECTORY';
  readonly location: string;
  readonly quota = undefined;

  constructor(directory: string) {
    this.location = resolve(directory);
  }

  async put(data: Uint8Array | Readable): Promise<StoredBlob> {
    const draft = join(this.location, DRAFTS, randomUUID());
    let sendersFault: unknown;
    if (data instanceof Readable) data.once('error', (error) => (sendersFault = error));
    try {
      await mkdir(dirname(draft), { recursive: true });
      const { sha256, bytes } = await writeFlushed(draft, data);
      const storageKey = keyOf(sha256);
      const path = this.#path(storageKey);
      await mkdir(dirname(path), { recursive: true });
      await rename(draft, path);
      await flushDirectory(dirname(path));
      return { sha256, bytes, storageKey };
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw error === sendersFault ? error : this.#faultOf(error);
    }
  }

  async open(storageKey: string, range?: ByteRange): Promise<Readable> {
    const path = this.#path(storageKey);
    let file: FileHandle;
    try {
      file = await open(path);
    } catch (error) {
      if (isMissing(error)) throw new BlobMissing(storageKey);
      throw this.#faultOf(error);
    }
    const faultOf = (error: Error) => this.#faultOf(error);
    return reading(file.createReadStream(range), storageKey, { whole: !range, faultOf });
  }

  async exists(storageKey: string): Promise<boolean> {
    try {
      return (await stat(this.#path(storageKey))).isFile();
    } catch (error) {
      if (isMissing(error) || error instanceof BlobMissing) return false;
      throw this.#faultOf(error);
    }
  }

  /** How many bytes a blob has; undefined for one that is not there. */
  async sizeOf(storageKey: string): Promise<number | undefined> {
    return (await statOf(this.#path(storageKey)).catch((error: unknown) => this.#fail(error)))?.size;
  }

  async delete(storageKey: string): Promise<void> {
    await rm(this.#path(storageKey), { force: true }).catch((error: unknown) => this.#fail(error));
  }

  async *list(): AsyncIterable<ListedBlob> {
    for (const folder of FOLDERS) {
      for await (const name of this.#names(folder)) {
        const storageKey = `${folder}/${name}`;
        const sha256 = digestOfKey(storageKey);
        const found = sha256 && (await statOf(join(this.location, storageKey)));
        if (found) yield { sha256, bytes: found.size, storageKey, storedAt: found.mtime };
      }
    }
  }

  async removeDrafts(begunBefore: Date, { dryRun = false } = {}): Promise<number> {
    let removed = 0;
    for await (const name of this.#names(DRAFTS)) {
      const path = join(this.location, DRAFTS, name);
      // A draft that is still being written is younger than its last piece.
      const found = await statOf(path);
      if (!found || found.mtime >= begunBefore) continue;
      if (!dryRun) await rm(path, { force: true });
      removed++;
    }
    return removed;
  }

  async requireRoom(bytes: number): Promise<void> {
    await mkdir(this.location, { recursive: true }).catch((error: unknown) => this.#fail(error));
    const { bavail, bsize } = await statfs(this.location).catch((error: unknown) => this.#fail(error));
    if (bavail * bsize < bytes) throw this.#faultOf(Object.assign(new Error(), { code: 'ENOSPC' }));
  }

  async readMark(): Promise<string | undefined> {
    try {
      return (await readFile(join(this.location, MARK), 'utf8')).trim();
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#faultOf(error);
    }
  }

  async writeMark(text: string, { replace = false } = {}): Promise<void> {
    try {
      await mkdir(this.location, { recursive: true });
      const file = await open(join(this.location, MARK), replace ? 'w' : 'wx');
      try {
        await file.writeFile(`${text}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw this.#faultOf(error);
    }
  }

  #path(storageKey: string): string {
    assertKey(storageKey);
    return join(this.location, storageKey);
  }

  async *#names(folder: string): AsyncIterable<string> {
    try {
      for await (const entry of await opendir(join(this.location, folder))) yield entry.name;
    } catch (error) {
      if (!isMissing(error)) throw this.#faultOf(error);
    }
  }

  #fail(error: unknown): never {
    throw this.#faultOf(error);
  }

  /** What the operating system says against using the directory, as a sentence; errors of other origin stay what they are. */
  #faultOf(cause: unknown): Error {
    const { code } = cause as NodeJS.ErrnoException;
    const says = REASONS[code ?? ''];
    if (says) return new BlobStoreUnavailable(`The blob directory ${this.location} ${says}.`, { cause });
    return cause as Error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'has no space left',
  EDQUOT: "has used up its user's disk quota",
  EROFS: 'is read-only',
  EACCES: 'cannot be used: permission denied',
  EPERM: 'cannot be used: not permitted',
  EIO: 'cannot be used: the disk reports an error',
  ESTALE: 'cannot be used: the file server has lost it',
  EHOSTDOWN: 'cannot be used: its file server is down',
  ETIMEDOUT: 'cannot be used: its file server does not answer',
  ENOTDIR: 'is not a directory',
};

/** Whether an error of the file system says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** A file that another process has just moved or removed is none. */
async function statOf(path: string) {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

async function writeFlushed(path: string, data: Uint8Array | Readable): Promise<{ sha256: string; bytes: number }> {
  const file = await open(path, 'wx');
  try {
    const written = await writeDigested(file, data);
    await file.sync();
    return written;
  } finally {
    await file.close();
  }
}

/** Makes a rename survive a power cut; Windows neither needs nor allows it. */
export async function flushDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
