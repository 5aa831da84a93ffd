import type { Stretch } from './comments.js';

const [SOI, EOI, SOS, DHT, COMMENT] = [0xd8, 0xd9, 0xda, 0xc4, 0xfe];

/**
 * Blanks, in place, comments, application segments and whatever lies behind the end of a JPEG or JPEG-LS image (ISO 10918-1 B, 14495-1 C), between
 * its scans too.
 *
 * @returns the stretches that were left and may hold text; null for a stream that is not understood from end to end
 */
export function blankJpeg(bytes: Uint8Array, isLs: boolean): Stretch[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const left: Stretch[] = [];
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return null;
  for (let at = 2; bytes[at] === 0xff;) {
    // Any number of FF may stand before a marker.
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === EOI) {
      bytes.fill(0, at);
      return left;
    }
    if (marker === undefined || at + 2 > bytes.length) return null;
    const [start, end] = [at + 2, at + view.getUint16(at)];
    if (end < start || end > bytes.length) return null;
    const kept = keptOf(marker, bytes.subarray(start, end));
    if (kept === null) return null;
    bytes.fill(0, start + kept, end);
    // The usual Huffman tables hold the alphabet.
    if (marker !== DHT) left.push([start, start + kept]);
    at = end;
    if (marker !== SOS) continue;
    at = endOfScan(bytes, end, isLs);
    left.push([end, at]);
  }
  return null;
}

/** Where the next marker stands that belongs to no scan. */
function endOfScan(bytes: Uint8Array, from: number, isLs: boolean): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    const next = bytes[at + 1]!;
    if (bytes[at] !== 0xff || next === 0xff) continue;
    // FF of the image's own is followed by a stuffed byte, or in JPEG-LS a stuffed bit.
    if (isLs ? next < 0x80 : next === 0) continue;
    const isRestart = next >= 0xd0 && next <= 0xd7;
    if (!isRestart) return at;
  }
  return bytes.length;
}

/** How application segments begin of which readers of the pixels need something, and how much of each. */
const APPLICATIONS: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  0xe0: ['JFIF\0', 14],
  0xe8: ['SPIFF\0', 30],
  0xee: ['Adobe', 12],
};

/** How many bytes of a segment the image needs; null for one that is unknown, or longer than what it says. */
function keptOf(marker: number, body: Uint8Array): number | null {
  if (marker === COMMENT) return 0;
  if (marker >= 0xe0 && marker <= 0xef) {
    const [name, bytes] = APPLICATIONS[marker] ?? ['', 0];
    const isKnown = Buffer.from(body.subarray(0, name.length)).toString('latin1') === name;
    return isKnown ? Math.min(bytes, body.length) : 0;
  }
  return body.length === lengthOf(marker, body) ? body.length : null;
}

/** How long a segment is by what it says; null for an unknown one. */
function lengthOf(marker: number, body: Uint8Array): number | null {
  switch (marker) {
    case DHT:
      return tables(body, (at) => 17 + body.subarray(at + 1, at + 17).reduce((sum, codes) => sum + codes, 0));
    case 0xdb: // DQT
      return tables(body, (at) => 1 + 64 * ((body[at]! >> 4) + 1));
    case 0xcc: // DAC
      return body.length % 2 === 0 && body.length <= 16 ? body.length : null;
    case SOS:
      return 4 + 2 * (body[0] ?? 0);
    case 0xdc: // DNL
    case 0xdd: // DRI
      return 2;
    case 0xf8: // LSE: the parameters of JPEG-LS; its tables of grey values are of no use in DICOM.
      return body[0] === 1 ? 11 : null;
    default: {
      const isFrame = (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) || marker === 0xf7;
      return isFrame ? 6 + 3 * (body[5] ?? 0) : null;
    }
  }
}

/** Length of tables one after the other. */
function tables(body: Uint8Array, lengthAt: (at: number) => number): number {
  let at = 0;
  while (at < body.length) at += lengthAt(at);
  return at;
}
