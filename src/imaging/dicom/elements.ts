import { deflateRawSync } from 'node:zlib';
import { BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT } from './transfer-syntaxes.js';

/** An element of a data set: its value in the byte order of the file, the items of a sequence, or packed frames. */
export interface RawElement {
  /** Group and element, eight lower-case hexadecimal digits. */
  readonly tag: string;
  readonly vr: string;
  readonly value: Uint8Array | readonly (readonly RawElement[])[] | PackedFrames;
}

/** Compressed pixels: the offset table and the pieces, as they came. */
export interface PackedFrames {
  readonly offsets: readonly number[];
  readonly fragments: readonly Uint8Array[];
}

/** Packed frames of one piece each, with the table that says where they are; one alone needs none. */
export function inOnePieceEach(frames: readonly Uint8Array[]): PackedFrames {
  let at = 0;
  const offsets = frames.map(({ length }) => {
    const offset = at;
    at += 8 + length + (length % 2);
    return offset;
  });
  return { offsets: frames.length > 1 ? offsets : [], fragments: frames };
}

/** Value representations whose length takes four bytes. */
const LONG = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const BINARY = /^(?:O[BDFLVW]|UN|UI)$/;
const UNDEFINED_LENGTH = 0xffffffff;

/**
 * A DICOM part 10 file of elements whose values are given as bytes. dcmjs, which writes our own files, knows values only as text and
 * numbers in little endian: what is to stay as it came is written here.
 *
 * @param meta elements of group 2 without their length; explicit little endian
 * @param elements of the data set, in the byte order of the transfer syntax
 */
export function encodeFile(
  meta: readonly RawElement[],
  elements: readonly RawElement[],
  transferSyntax: string,
): Uint8Array {
  const head = encodeElements(meta, EXPLICIT);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const body = encodeElements(elements, transferSyntax);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM', 'latin1'),
    encodeElements([{ tag: '00020000', vr: 'UL', value: size }], EXPLICIT),
    head,
    transferSyntax === DEFLATED ? evenly(deflateRawSync(body), 0) : body,
  ]);
}

function encodeElements(elements: readonly RawElement[], transferSyntax: string): Buffer {
  const inOrder = [...elements].sort((a, b) => (a.tag < b.tag ? -1 : 1));
  return Buffer.concat(inOrder.flatMap((element) => encodeElement(element, transferSyntax)));
}

function encodeElement({ tag, vr, value }: RawElement, transferSyntax: string): Buffer[] {
  const head = (length: number) => headOf(tag, vr, length, transferSyntax);
  if (value instanceof Uint8Array) {
    const padded = evenly(value, BINARY.test(vr) ? 0 : 0x20);
    return [head(padded.length), padded];
  }
  const itemHead = (item: string, length: number) => headOf(item, null, length, transferSyntax);
  if ('fragments' in value) {
    const table = Buffer.alloc(4 * value.offsets.length);
    for (const [index, offset] of value.offsets.entries()) table.writeUInt32LE(offset, 4 * index);
    const pieces = [table, ...value.fragments.map((fragment) => evenly(fragment, 0))];
    return [
      head(UNDEFINED_LENGTH),
      ...pieces.flatMap((piece) => [itemHead('fffee000', piece.length), piece]),
      itemHead('fffee0dd', 0),
    ];
  }
  const items = value.flatMap((item) => {
    const body = encodeElements(item, transferSyntax);
    return [itemHead('fffee000', body.length), body];
  });
  return [head(items.reduce((sum, piece) => sum + piece.length, 0)), ...items];
}

/** @param vr null for what has none in any transfer syntax: items */
function headOf(tag: string, vr: string | null, length: number, transferSyntax: string): Buffer {
  const explicit = vr !== null && transferSyntax !== IMPLICIT;
  const long = explicit && LONG.has(vr);
  const head = Buffer.alloc(long ? 12 : 8);
  const [group, element] = [parseInt(tag.slice(0, 4), 16), parseInt(tag.slice(4), 16)];
  const little = transferSyntax !== BIG_ENDIAN;
  const word = (number: number, at: number) =>
    little ? head.writeUInt16LE(number, at) : head.writeUInt16BE(number, at);
  const double = (number: number, at: number) =>
    little ? head.writeUInt32LE(number, at) : head.writeUInt32BE(number, at);
  word(group, 0);
  word(element, 2);
  if (explicit) head.write(vr, 4, 'latin1');
  if (long) double(length, 8);
  else if (explicit) word(length, 6);
  else double(length, 4);
  return head;
}

/** Values have an even number of bytes. */
function evenly(bytes: Uint8Array, padding: number): Buffer {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return bytes.length % 2 === 0 ? whole : Buffer.concat([whole, Buffer.from([padding])]);
}
