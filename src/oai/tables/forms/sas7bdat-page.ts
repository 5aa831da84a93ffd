import { refuseFile } from '../../../imaging/refuse.js';
import type { Header } from './sas7bdat-header.js';

/** A row of a page; `packed` where it has to be inflated first. */
export interface PackedRow {
  readonly bytes: Buffer;
  readonly packed: boolean;
}

/** A block of metadata. */
export interface Subheader {
  readonly signature: number;
  readonly bytes: Buffer;
}

/** One page: metadata, rows, or both. */
export interface Page {
  readonly subheaders: readonly Subheader[];
  /** The page's rows; `beside` is how many a page with metadata holds at most. */
  rows(length: number, beside: number): Generator<PackedRow>;
}

/** Kinds of pages, a bit each. */
const DATA = 0x100;
const MIXED = 0x200;
const DELETIONS = 0x80;

/** A page that SAS keeps for itself: neither metadata nor rows are in it. */
const PRIVATE = 0x9000;

/** What a pointer says of what it points to. */
const PLAIN = 0;
const GONE = 1;
const COMPRESSED = 4;
const HOLDS_ROW = 1;

/** Signatures of metadata begin with these bytes; what begins otherwise is a row. */
const SIGNATURES = new Set([
  0xf7f7f7f7, 0xf6f6f6f6, 0xfffffc00, 0xfffffffd, 0xffffffff, 0xfffffffc, 0xfffffbfe, 0xfffffffe,
]);

/** @throws UserError FILE_REFUSED when the page points outside itself */
export function pageOf(bytes: Buffer, { wide, littleEndian }: Header, file: string): Page {
  const u16 = (at: number): number => (littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const word = (at: number): number => {
    if (!wide) return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    return Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  };
  const start = wide ? 32 : 16;
  const kind = u16(start);
  if ((kind & DELETIONS) !== 0) {
    refuseFile(file, 'holds rows that are marked as deleted; write the table anew with SAS, which leaves them out');
  }
  const blocks = u16(start + 2);
  const pointers = (kind & PRIVATE) === PRIVATE ? 0 : u16(start + 4);
  const size = wide ? 24 : 12;
  const field = wide ? 8 : 4;
  const first = start + 8;
  if (first + pointers * size > bytes.length) refuseFile(file, `is damaged: a page tells of ${pointers} blocks`);

  const subheaders: Subheader[] = [];
  const packed: PackedRow[] = [];
  for (let index = 0; index < pointers; index++) {
    const at = first + index * size;
    const [offset, length] = [word(at), word(at + field)];
    const [compression, type] = [bytes[at + 2 * field], bytes[at + 2 * field + 1]];
    if (length === 0 || compression === GONE) continue;
    if (offset + length > bytes.length) refuseFile(file, 'is damaged: a block lies outside its page');
    const block = bytes.subarray(offset, offset + length);
    const signature = signatureOf(block, wide, littleEndian);
    if (compression === COMPRESSED || (type === HOLDS_ROW && !SIGNATURES.has(signature))) {
      packed.push({ bytes: block, packed: compression !== PLAIN });
    } else if (SIGNATURES.has(signature)) subheaders.push({ signature, bytes: block });
  }

  return {
    subheaders,
    *rows(length, beside) {
      yield* packed;
      if ((kind & (DATA | MIXED)) === 0 || (kind & PRIVATE) === PRIVATE) return;
      const mixed = (kind & DATA) === 0;
      const end = first + pointers * size;
      // Rows after metadata begin at a multiple of eight.
      const begin = mixed ? end + (end % 8) : first;
      const count = mixed ? beside : blocks - pointers;
      for (let index = 0; index < count && begin + (index + 1) * length <= bytes.length; index++) {
        yield { bytes: bytes.subarray(begin + index * length, begin + (index + 1) * length), packed: false };
      }
    },
  };
}

function signatureOf(block: Buffer, wide: boolean, littleEndian: boolean): number {
  if (block.length < 8) return 0;
  if (littleEndian) return block.readUInt32LE(0);
  const high = block.readUInt32BE(0);
  // The other order has the signature in the second half, except where its first half is one already.
  return wide && (high === 0 || high === 0xffffffff) ? block.readUInt32BE(4) : high;
}
