import { refuseFile } from '../../../imaging/refuse.js';
import type { Compression } from './sas7bdat-structure.js';

/**
 * How rows of a SAS7BDAT file become whole again.
 * @returns a function whose result is overwritten by its next call
 * @throws UserError FILE_REFUSED, from that function, when a row does not fill its length exactly
 */
export function inflaterOf(compression: Compression, rowLength: number, file: string): (packed: Buffer) => Buffer {
  const row = Buffer.alloc(rowLength);
  const unpack = compression === 'ross' ? unpackRoss : unpackRuns;
  return (packed) => {
    // A row that compression would lengthen stands as it is.
    if (packed.length === rowLength || compression === 'none') return packed;
    if (unpack(packed, row) !== rowLength)
      refuseFile(file, 'is damaged: a compressed row does not have the length of a row');
    return row;
  };
}

/** Runs of bytes, told by the first half of a byte; `copy` ones stand as they are. The other half is part of their length. */
function unpackRuns(packed: Buffer, row: Buffer): number {
  let from = 0;
  let to = 0;
  const next = (): number => packed[from++] ?? 0;
  const fill = (count: number, byte: number): void => {
    row.fill(byte, to, Math.min(to + count, row.length));
    to += count;
  };
  const copy = (count: number): void => {
    packed.subarray(from, from + count).copy(row, to);
    from += count;
    to += count;
  };
  while (from < packed.length && to <= row.length) {
    const control = next();
    const low = control & 0x0f;
    switch (control >> 4) {
      case 0x0:
        copy(next() + 64 + low * 256);
        break;
      case 0x1:
        copy(next() + 64 + low * 256 + 4096);
        break;
      case 0x2:
        copy(low + 96);
        break;
      case 0x4: {
        const count = next() + 18 + low * 256;
        fill(count, next());
        break;
      }
      case 0x5:
        fill(next() + 17 + low * 256, 0x40);
        break;
      case 0x6:
        fill(next() + 17 + low * 256, 0x20);
        break;
      case 0x7:
        fill(next() + 17 + low * 256, 0);
        break;
      case 0x8:
        copy(low + 1);
        break;
      case 0x9:
        copy(low + 17);
        break;
      case 0xa:
        copy(low + 33);
        break;
      case 0xb:
        copy(low + 49);
        break;
      case 0xc:
        fill(low + 3, next());
        break;
      case 0xd:
        fill(low + 2, 0x40);
        break;
      case 0xe:
        fill(low + 2, 0x20);
        break;
      case 0xf:
        fill(low + 2, 0);
        break;
      default:
        return -1;
    }
  }
  return from > packed.length ? -1 : to;
}

/** Ross's method: sixteen bits say of the next sixteen items whether each is a byte, or a run or a repetition of what came before. */
function unpackRoss(packed: Buffer, row: Buffer): number {
  let from = 0;
  let to = 0;
  let bits = 0;
  let mask = 0;
  const next = (): number => packed[from++] ?? 0;
  const fill = (count: number, byte: number): void => {
    row.fill(byte, to, Math.min(to + count, row.length));
    to += count;
  };
  const repeat = (distance: number, count: number): void => {
    for (let index = 0; index < count && to < row.length; index++, to++) row[to] = row[to - distance] ?? 0;
  };
  while (from < packed.length && to <= row.length) {
    mask >>= 1;
    if (mask === 0) {
      bits = (next() << 8) | next();
      mask = 0x8000;
    }
    if ((bits & mask) === 0) {
      fill(1, next());
      continue;
    }
    const command = next();
    const low = command & 0x0f;
    const high = command >> 4;
    if (high === 0) fill(low + 3, next());
    else if (high === 1) fill(low + (next() << 4) + 19, next());
    else {
      const distance = low + 3 + (next() << 4);
      repeat(distance, high === 2 ? next() + 16 : high);
    }
  }
  return from > packed.length ? -1 : to;
}
