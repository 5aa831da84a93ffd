import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

/** A file of an archive. */
export interface ArchiveFile {
  /** Relative, with forward slashes. */
  path: string;
  /** At most 2 GiB. */
  bytes: Uint8Array;
  /** Kept as it is: its bytes hardly compress further. */
  compressed?: boolean;
  /** Shown as the time of its last change, in UTC; default 1980-01-01. */
  modified?: Date;
}

const deflate = promisify(deflateRaw);

/** The fastest level: pixels with noise gain little from others. */
const LEVEL = 1;

/** From here on a number does not fit where it stood before Zip64 (APPNOTE 4.3.9, 4.4). */
const MANY_ENTRIES = 0xffff;
const FAR = 0xffffffff;

const STORED = 0;
const DEFLATED = 8;
const UTF8_NAME = 1 << 11;
const PLAIN_VERSION = 20;
const ZIP64_VERSION = 45;
/** Made on Unix, so that the file's mode counts: an ordinary file that all may read. */
const MADE_BY = (3 << 8) | ZIP64_VERSION;
const MODE = 0o100644 * 0x10000;

/**
 * A zip archive, file after file: nothing is held but the file at hand and some hundred bytes of directory for each one before.
 * Sizes and checksums stand in front of each file, as the plainest readers want them; Zip64 is used where 65,535 files or 4 GiB
 * are reached. The same files give the same bytes.
 */
export async function* zipPieces(files: Iterable<ArchiveFile> | AsyncIterable<ArchiveFile>): AsyncGenerator<Buffer> {
  const directory: Buffer[] = [];
  let offset = 0;
  for await (const { path, bytes, compressed = false, modified } of files) {
    const deflated = compressed ? undefined : await deflate(bytes, { level: LEVEL });
    const packed = deflated && deflated.length < bytes.length ? deflated : bytes;
    const name = Buffer.from(path);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(PLAIN_VERSION, 0);
    facts.writeUInt16LE(UTF8_NAME, 2);
    facts.writeUInt16LE(packed === bytes ? STORED : DEFLATED, 4);
    facts.writeUInt32LE(dosTime(modified), 6);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(name.length, 22);
    directory.push(directoryEntry(facts, name, offset));
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, name]);
    yield head;
    yield Buffer.from(packed.buffer, packed.byteOffset, packed.length);
    offset += head.length + packed.length;
  }
  let size = 0;
  for (const entry of directory) {
    yield entry;
    size += entry.length;
  }
  yield endOfArchive(directory.length, size, offset);
}

/** What the directory says of a file: the facts of its own head, and where that is. */
function directoryEntry(facts: Buffer, name: Buffer, offset: number): Buffer {
  const far = offset >= FAR;
  const extra = Buffer.alloc(far ? 12 : 0);
  if (far) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(offset), 4);
  }
  const entry = Buffer.alloc(46);
  entry.write('PK\x01\x02', 'latin1');
  entry.writeUInt16LE(MADE_BY, 4);
  facts.copy(entry, 6);
  if (far) entry.writeUInt16LE(ZIP64_VERSION, 6);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(MODE, 38);
  entry.writeUInt32LE(far ? FAR : offset, 42);
  return Buffer.concat([entry, name, extra]);
}

function endOfArchive(entries: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Math.min(entries, MANY_ENTRIES), 8);
  end.writeUInt16LE(Math.min(entries, MANY_ENTRIES), 10);
  end.writeUInt32LE(Math.min(size, FAR), 12);
  end.writeUInt32LE(Math.min(start, FAR), 16);
  if (entries < MANY_ENTRIES && size < FAR && start < FAR) return end;

  const whole = Buffer.alloc(56);
  whole.write('PK\x06\x06', 'latin1');
  whole.writeBigUInt64LE(44n, 4);
  whole.writeUInt16LE(MADE_BY, 12);
  whole.writeUInt16LE(ZIP64_VERSION, 14);
  whole.writeBigUInt64LE(BigInt(entries), 24);
  whole.writeBigUInt64LE(BigInt(entries), 32);
  whole.writeBigUInt64LE(BigInt(size), 40);
  whole.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([whole, locator, end]);
}

/** Date and time as MS-DOS packs them, the date in the upper half; they say nothing of a time zone, so UTC it is. */
function dosTime(at = new Date(Date.UTC(1980, 0, 1))): number {
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return date * 0x10000 + time;
}
