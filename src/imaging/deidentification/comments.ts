import type { FrameShape } from '../dicom/codecs.js';
import type { PixelCoding } from '../dicom/transfer-syntaxes.js';
import { blankJpeg2000 } from './jpeg-2000-stream.js';
import { blankJpeg } from './jpeg-stream.js';

/**
 * A compressed frame in which nothing but the image is left: people's names stand in comments, cameras write a whole EXIF header, and
 * decoders pass by whatever lies behind the image. No byte moves, and no pixel changes.
 *
 * @param packed a whole frame, from all of its fragments
 * @returns null for one that is not understood from end to end, or that holds text where the image's own bytes are: it is to be unpacked
 */
export function withoutComments(packed: Uint8Array, coding: PixelCoding, shape: FrameShape): Uint8Array | null {
  const copy = Uint8Array.from(packed);
  switch (coding) {
    case 'jpeg':
    case 'jpeg-lossless':
    case 'jpeg-ls':
      return textless(copy, blankJpeg(copy, coding === 'jpeg-ls'));
    case 'jpeg-2000':
    case 'htj2k':
      return textless(copy, blankJpeg2000(copy));
    case 'rle':
      return isWholeRle(copy, shape) ? copy : null;
    case 'native':
      return null;
  }
}

/** Text of this many characters is hardly ever met in compressed pixels by chance: once in some 100 MB. */
const TEXT = /[A-Za-z ^.,'-]{12,}/g;
/** What repeats in compressed pixels is few different bytes. */
const DIFFERENT = 6;

/** The frame, unless what cannot be blanked of it, from one byte to before another, holds text. */
function textless(frame: Uint8Array, stretches: readonly Stretch[] | null): Uint8Array | null {
  const isText = (run: string): boolean => new Set(run).size >= DIFFERENT;
  const holdsText = ([from, to]: Stretch): boolean =>
    Buffer.from(frame.buffer, frame.byteOffset + from, to - from)
      .toString('latin1')
      .match(TEXT)
      ?.some(isText) ?? false;
  return stretches === null || stretches.some(holdsText) ? null : frame;
}

/** Bytes of a frame: from one to before another. */
export type Stretch = readonly [from: number, to: number];

const RLE_HEADER = 64;

/**
 * Whether an RLE frame is its segments and nothing else (PS3.5 G.5): they follow the header and each other, each ends with the last pixel, and what
 * is unused is 0.
 */
function isWholeRle(packed: Uint8Array, { rows, columns, bytesPerSample }: FrameShape): boolean {
  if (packed.length < RLE_HEADER) return false;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const header = Array.from({ length: RLE_HEADER / 4 }, (_, index) => view.getUint32(4 * index, true));
  if (header[0] !== bytesPerSample || header[1] !== RLE_HEADER) return false;
  if (header.slice(1 + bytesPerSample).some((unused) => unused !== 0)) return false;
  const isZero = (from: number, to: number): boolean => packed.subarray(from, to).every((byte) => byte === 0);
  return header.slice(1, 1 + bytesPerSample).every((from, segment) => {
    const end = segment + 1 < bytesPerSample ? header[segment + 2]! : packed.length;
    const last = endOfRuns(packed, from, rows * columns);
    return last !== null && last <= end && end <= packed.length && isZero(last, end);
  });
}

/** Where the runs of so many bytes end; null where they do not end with one. */
function endOfRuns(packed: Uint8Array, from: number, pixels: number): number | null {
  let at = from;
  let left = pixels;
  while (left > 0 && at < packed.length) {
    const control = packed[at]!;
    const [taken, given] = control < 128 ? [control + 2, control + 1] : control > 128 ? [2, 257 - control] : [1, 0];
    at += taken;
    left -= given;
  }
  return left === 0 ? at : null;
}
