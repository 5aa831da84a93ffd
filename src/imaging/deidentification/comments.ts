import type { PixelCoding } from '../dicom/transfer-syntaxes.js';

/** How much of a JPEG application segment says how the pixels are to be read: JFIF, SPIFF and Adobe need no more. */
const APPLICATION_BYTES: Readonly<Record<number, number>> = { 0xffe0: 14, 0xffe8: 30, 0xffee: 12 };

const COMMENT = 0xfffe;
const [SOT_J2K, COMMENT_J2K] = [0xff90, 0xff64];

/**
 * A compressed frame whose comments are blanked: people's names stand there, and cameras write a whole EXIF header. No byte moves, and
 * no pixel changes.
 */
export function withoutComments(packed: Uint8Array, coding: PixelCoding): Uint8Array {
  const copy = Uint8Array.from(packed);
  if (coding.startsWith('jpeg-2000') || coding === 'htj2k') blankJpeg2000(copy);
  else if (coding.startsWith('jpeg')) blankJpeg(copy);
  return copy;
}

function blankJpeg(bytes: Uint8Array): void {
  for (const { marker, start, end } of segments(bytes, 2, 0xffda)) {
    if (marker === COMMENT) bytes.fill(0, start, end);
    if (marker >= 0xffe0 && marker <= 0xffef) bytes.fill(0, start + (APPLICATION_BYTES[marker] ?? 0), end);
  }
}

/** Comments stand in the main header; two bytes of each say what it holds. */
function blankJpeg2000(bytes: Uint8Array): void {
  for (const { marker, start, end } of segments(bytes, 2, SOT_J2K)) {
    if (marker === COMMENT_J2K) bytes.fill(0, start + 2, end);
  }
}

/** Segments of a header: where what follows their length begins and ends. */
function* segments(bytes: Uint8Array, from: number, last: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = from; at + 4 <= bytes.length;) {
    const marker = view.getUint16(at);
    if (marker < 0xff00 || marker === last) return;
    const end = Math.min(bytes.length, at + 2 + view.getUint16(at + 2));
    yield { marker, start: Math.min(at + 4, end), end };
    at = end;
  }
}
