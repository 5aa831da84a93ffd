/** Refusals of compressed images that are cut short, where a decoder would fill what is missing without a word, or look for it without end. */

const SOS = 0xffda;
const [SOT, SOD] = [0xff90, 0xff93];
const END = Buffer.from([0xff, 0xd9]);

/**
 * @throws Error when no end follows the first scan of a JPEG or JPEG-LS image; in a scan nothing looks like it
 */
export function assertWholeJpeg(packed: Uint8Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  let at = 2;
  while (at + 4 <= packed.length && view.getUint16(at) !== SOS) {
    at += view.getUint16(at) === 0xffff ? 1 : 2 + view.getUint16(at + 2);
  }
  if (indexOf(packed, END, at) === -1) throw cutShort();
}

/**
 * @throws Error when a tile-part of a JPEG 2000 codestream is longer than what there is of it, has no end, or is not there (ISO 15444-1, A.4.2)
 */
export function assertWholeJpeg2000(packed: Uint8Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const seen = new Map<number, number>();
  const announced = new Map<number, number>();
  let at = firstPart(view);
  for (; at + 12 <= packed.length && view.getUint16(at) === SOT;) {
    const [tile, length, parts] = [view.getUint16(at + 4), view.getUint32(at + 6), view.getUint8(at + 11)];
    seen.set(tile, (seen.get(tile) ?? 0) + 1);
    if (parts > 0) announced.set(tile, parts);
    // The last one need not say how long it is: it goes on to the end of the image.
    const end = length === 0 ? indexOf(packed, END, at) : at + length;
    if (end === -1 || end > packed.length || indexOf(packed, Buffer.from([SOD >> 8, SOD & 0xff]), at) === -1) {
      throw cutShort();
    }
    at = end;
  }
  const missing = [...announced].some(([tile, parts]) => seen.get(tile)! < parts);
  if (missing || seen.size < tilesOf(view)) throw cutShort();
}

/** Where the first tile-part begins: behind the segments of the main header. */
function firstPart(view: DataView): number {
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint16(at) !== SOT) at += 2 + view.getUint16(at + 2);
  return at;
}

/** Tiles of the image, by the SIZ segment that opens the stream. */
function tilesOf(view: DataView): number {
  const count = (size: number, origin: number, tile: number): number =>
    Math.ceil((view.getUint32(size) - view.getUint32(origin)) / view.getUint32(tile));
  return count(8, 32, 24) * count(12, 36, 28);
}

function indexOf(packed: Uint8Array, what: Buffer, from: number): number {
  return Buffer.from(packed.buffer, packed.byteOffset, packed.length).indexOf(what, from);
}

function cutShort(): Error {
  return new Error('it is cut short');
}
