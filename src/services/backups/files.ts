import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { UserError } from '../../domain/errors.js';
import { isMissing } from '../../storage/index.js';

/** A backup is named after its moment, by the database's clock, UTC. */
export const NAME = /^\d{8}T\d{6}\.\d{3}Z$/;

const SUMS = 'SHA256SUMS';

/** The digests of a backup's files, as `sha256sum -c SHA256SUMS` reads them. */
export class Sums {
  readonly #lines: string[] = [];

  /** @param folder that the names are in */
  constructor(readonly folder: string) {}

  /** Writes a file of the backup, packed. */
  async pack(name: string, source: Readable): Promise<void> {
    await this.#write(name, source, createGzip({ level: 1 }));
  }

  /** Writes a file of the backup as it is. */
  async keep(name: string, source: Readable): Promise<void> {
    await this.#write(name, source);
  }

  /** Writes the digests, last of all. */
  async close(): Promise<void> {
    const file = createWriteStream(join(this.folder, SUMS), { flush: true, mode: 0o600 });
    await pipeline(this.#lines, file);
  }

  async #write(name: string, source: Readable, ...through: Transform[]): Promise<void> {
    const hash = createHash('sha256');
    const digest = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    // What is in the database is nobody else's to read.
    await pipeline([
      source,
      ...through,
      digest,
      createWriteStream(join(this.folder, name), { flush: true, mode: 0o600 }),
    ]);
    this.#lines.push(`${hash.digest('hex')}  ${name}\n`);
  }
}

/**
 * Compares every file of a backup with its digest.
 *
 * @returns their names
 * @throws UserError FILE_REFUSED for the first that is missing or differs
 */
export async function checkSums(folder: string, signal?: AbortSignal): Promise<Set<string>> {
  const text = await readFile(join(folder, SUMS), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) throw refused(SUMS, 'missing');
    throw error;
  });
  const names = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}([\w./-]+)$/.exec(line) ?? [];
    if (!sha256 || !name || name.includes('..')) throw refused(SUMS, 'damaged');
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(join(folder, name)), hash, { signal });
    } catch (error) {
      if (isMissing(error)) throw refused(name, 'missing');
      throw error;
    }
    if (hash.digest('hex') !== sha256) throw refused(name, 'damaged: its sha256 differs');
    names.add(name);
  }
  return names;
}

/** The text of a packed file of a backup. */
export function unpack(folder: string, name: string): Readable {
  const packed = createReadStream(join(folder, name));
  const text = createGunzip();
  packed.once('error', (error) => text.destroy(error));
  return packed.pipe(text);
}

/** @param what is wrong, after "is" */
export function refused(name: string, what: string): UserError {
  return new UserError('FILE_REFUSED', `The backup cannot be used: its file ${name} is ${what}.`);
}
