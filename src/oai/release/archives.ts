import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openPromise } from 'yauzl';
import { UserError } from '../../domain/errors.js';
import { refuseFile } from '../../imaging/refuse.js';

/** A file that was unpacked. */
export interface Unpacked {
  readonly path: string;
  /** Its path within the archive. */
  readonly entry: string;
}

/** More than all tables of a release together; images are not unpacked. */
const MAX_UNPACKED = 8 * 1024 ** 3;

/** Files of an archive that are looked at; a packed image release has more than any set of tables. */
const MAX_ENTRIES = 10_000;

/** True for an archive that {@link unpack} opens: `.zip`, and `.gz` of a single file. */
export function isArchive(name: string): boolean {
  return /\.(?:zip|gz)$/i.test(name) && !/\.tar\.gz$/i.test(name);
}

/**
 * Unpacks those files of an archive that `wanted` takes by their names into a new folder below `into`; every other one is handed to `passOver`.
 * A file keeps the time that the archive gives it.
 *
 * @throws UserError FILE_REFUSED when the archive is damaged, is locked by a password or holds more than a release does
 */
export async function unpack(
  archive: string,
  into: string,
  wanted: (name: string) => boolean,
  passOver: (entry: string) => void,
): Promise<Unpacked[]> {
  const file = basename(archive);
  await mkdir(into, { recursive: true });
  try {
    return /\.zip$/i.test(archive)
      ? await unpackZip(archive, into, wanted, passOver)
      : await unpackGzip(archive, into, wanted, passOver);
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    refuseFile(file, `cannot be unpacked: ${(error as Error).message.replace(/\.$/, '')}`, error);
  }
}

async function unpackGzip(
  archive: string,
  into: string,
  wanted: (name: string) => boolean,
  passOver: (entry: string) => void,
): Promise<Unpacked[]> {
  const entry = basename(archive).replace(/\.gz$/i, '');
  if (!wanted(entry)) {
    passOver(entry);
    return [];
  }
  const path = join(into, entry);
  const { mtime } = await stat(archive);
  await pipeline(createReadStream(archive), createGunzip(), upTo(MAX_UNPACKED, archive), createWriteStream(path));
  await utimes(path, mtime, mtime);
  return [{ path, entry }];
}

async function unpackZip(
  archive: string,
  into: string,
  wanted: (name: string) => boolean,
  passOver: (entry: string) => void,
): Promise<Unpacked[]> {
  const zip = await openPromise(archive);
  try {
    const unpacked: Unpacked[] = [];
    let left = MAX_UNPACKED;
    let looked = 0;
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      if (++looked > MAX_ENTRIES) {
        refuseFile(basename(archive), `holds more than ${MAX_ENTRIES} files; unpack it first`);
      }
      if (!wanted(basename(entry.fileName))) {
        passOver(entry.fileName);
        continue;
      }
      if (entry.isEncrypted()) refuseFile(basename(archive), 'is locked by a password; unpack it first');
      left -= entry.uncompressedSize;
      if (left < 0) refuseFile(basename(archive), `holds more than ${MAX_UNPACKED / 1024 ** 3} GiB of tables`);
      const path = join(into, String(looked), basename(entry.fileName));
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
      const time = entry.getLastModDate();
      await utimes(path, time, time);
      unpacked.push({ path, entry: entry.fileName });
    }
    return unpacked;
  } finally {
    zip.close();
  }
}

/** A gzip file does not say how much it holds. */
function upTo(limit: number, archive: string): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed <= limit) return done(null, chunk);
      done(new UserError('FILE_REFUSED', `${basename(archive)} holds more than ${limit / 1024 ** 3} GiB.`));
    },
  });
}
