import type { Stretch } from './comments.js';

const [SOC, SOT, SOD, EOC] = [0xff4f, 0xff90, 0xff93, 0xffd9];
const [COMMENT, TLM] = [0xff64, 0xff55];

/** SIZ, CAP, COD, COC, PRF, CPF, QCD, QCC, RGN, POC: how the image is coded. */
const CODING = new Set([0xff51, 0xff50, 0xff52, 0xff53, 0xff56, 0xff59, 0xff5c, 0xff5d, 0xff5e, 0xff5f]);
/** PLM, PLT, CRG: lengths of packets and places of components, which no reader needs. */
const HINTS = new Set([0xff57, 0xff58, 0xff63]);

/** A part of a tile: its tile and its length in bytes. */
type TilePart = readonly [tile: number, bytes: number];

/**
 * Blanks, in place, comments and hints in the main header and in those of all tile-parts of a JPEG 2000 codestream (ISO 15444-1 A), and whatever
 * lies behind its end.
 *
 * @returns the stretches that were left and may hold text; null for a stream that is not understood from end to end
 */
export function blankJpeg2000(bytes: Uint8Array): Stretch[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const markerAt = (at: number): number => (at + 2 <= bytes.length ? view.getUint16(at) : 0);
  if (markerAt(0) !== SOC) return null;
  const announced: Stretch[] = [];
  const parts: TilePart[] = [];
  let at = blankHeader(view, 2, SOT, announced);
  while (at !== null && markerAt(at) === SOT) {
    if (at + 12 > bytes.length || view.getUint16(at + 2) !== 10) return null;
    const data = blankHeader(view, at + 12, SOD, null);
    if (data === null) return null;
    const length = view.getUint32(at + 6);
    const end = length === 0 ? endOfLast(view, data) : at + length;
    if (end < data + 2 || end > bytes.length) return null;
    parts.push([view.getUint16(at + 4), end - at]);
    at = end;
  }
  if (at === null || markerAt(at) !== EOC || parts.length === 0) return null;
  bytes.fill(0, at + 2);
  return announced.every((one) => isTrue(view, one, parts)) ? [[2, at]] : null;
}

/**
 * Blanks what a header does not need.
 *
 * @param announced takes the lists of tile-parts; null where there are none
 * @returns where the marker stands that ends the header; null where it is not understood
 */
function blankHeader(view: DataView, from: number, last: number, announced: Stretch[] | null): number | null {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let at = from; at + 4 <= bytes.length;) {
    const marker = view.getUint16(at);
    if (marker === last) return at;
    const [start, end] = [at + 4, at + 2 + view.getUint16(at + 2)];
    if (end < start || end > bytes.length) return null;
    if (HINTS.has(marker)) view.setUint16(at, COMMENT);
    if (HINTS.has(marker) || marker === COMMENT) bytes.fill(0, start, end);
    else if (marker === TLM && announced !== null) announced.push([start, end]);
    else if (!CODING.has(marker)) return null;
    at = end;
  }
  return null;
}

/** Where the end of the image stands, behind a last tile-part that does not say how long it is: no data look like it. */
function endOfLast(view: DataView, from: number): number {
  for (let at = from; at + 2 <= view.byteLength; at++) if (view.getUint16(at) === EOC) return at;
  return view.byteLength;
}

/** Whether a list of tile-parts (TLM) says what is there, and nothing else. */
function isTrue(view: DataView, [start, end]: Stretch, parts: readonly TilePart[]): boolean {
  if (end - start < 2) return false;
  const sizes = view.getUint8(start + 1);
  const [ofTile, ofLength] = [(sizes >> 4) & 3, sizes & 0x40 ? 4 : 2];
  const entry = ofTile + ofLength;
  // Of several lists each would have to be known to begin where the other ends; hardly any image has so many tiles.
  if (ofTile === 3 || (sizes & 0x8f) !== 0 || end - start - 2 !== parts.length * entry) return false;
  return parts.every(([tile, bytes], index) => {
    const at = start + 2 + index * entry;
    const said = ofTile === 0 ? index : ofTile === 1 ? view.getUint8(at) : view.getUint16(at);
    return said === tile && (ofLength === 4 ? view.getUint32(at + ofTile) : view.getUint16(at + ofTile)) === bytes;
  });
}
