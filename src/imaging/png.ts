import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { luminance, toGrey } from './grey.js';
import { assertPixelCount, refuseFile } from './refuse.js';

const { abs } = Math;

/** A grey image with whole-number pixels in C order; 8 bits when the data are bytes, else 16. */
export interface GreyPng {
  readonly rows: number;
  readonly columns: number;
  readonly data: Uint8Array | Uint16Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** True when the bytes start as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= SIGNATURE.length && SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));
}

/** True when the header of a PNG file says that its rows are interlaced, which {@link decodePng} does not read. */
export function isInterlaced(png: Uint8Array): boolean {
  return png[28] === 1;
}

/**
 * Reads an 8- or 16-bit PNG as grey: colours and palettes become luminance, transparency is dropped.
 * @param name what messages call the file
 * @throws UserError FILE_REFUSED for anything that is not a whole, non-interlaced PNG of at most 64 Mpixel
 */
export function decodePng(bytes: Uint8Array, name = 'The image'): GreyPng {
  if (!isPng(bytes)) refuseFile(name, 'is not a PNG file');
  const chunks = readChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), name);
  const header = readHeader(chunks, name);
  const { rows, columns, depth, channels } = header;
  const stride = Math.ceil((columns * channels * depth) / 8);
  const raw = inflate(chunks, rows * (stride + 1), name);
  const lines = removeFilters(raw, rows, stride, Math.max(1, (channels * depth) >> 3), name);
  const samples = unpackSamples(lines, rows, columns * channels, depth);
  if (header.colourType === 3) return { rows, columns, data: lookUp(samples, chunks, name) };
  return { rows, columns, data: toGrey(scaleToBytes(samples, depth), channels) };
}

/**
 * Writes a grey PNG, 8 bits for bytes and 16 bits otherwise.
 * @param text Latin-1 tEXt entries, for example `{ Comment: 'SYNTHETIC ...' }`
 */
export function encodePng(image: GreyPng, text: Readonly<Record<string, string>> = {}): Buffer {
  return writePng(image, { channels: 1, colourType: 0 }, text);
}

/** Writes a grey PNG without compression: files of images of one size have one size, whatever they show. */
export function encodePlainPng(image: GreyPng): Buffer {
  return writePng(image, { channels: 1, colourType: 0 }, {}, 0);
}

/** Writes an 8-bit colour PNG; `data` holds red, green and blue of each pixel. */
export function encodeColourPng(image: { rows: number; columns: number; data: Uint8Array }): Buffer {
  return writePng(image, { channels: 3, colourType: 2 }, {});
}

function writePng(
  { rows, columns, data }: GreyPng,
  { channels, colourType }: { channels: number; colourType: number },
  text: Readonly<Record<string, string>>,
  level = 5,
): Buffer {
  if (data.length !== rows * columns * channels) {
    throw new RangeError(
      `A PNG of ${columns} x ${rows} pixels needs ${rows * columns * channels} values, not ${data.length}.`,
    );
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(rows, 4);
  header.set([8 * data.BYTES_PER_ELEMENT, colourType], 8);
  const entries = Object.entries(text).map(([key, value]) => chunk('tEXt', Buffer.from(`${key}\0${value}`, 'latin1')));
  const filtered = filterUp(bigEndianBytes(data), rows, columns * channels * data.BYTES_PER_ELEMENT);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...entries,
    chunk('IDAT', deflateSync(filtered, { level })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

type Chunks = readonly { readonly type: string; readonly body: Buffer }[];

interface Header {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly colourType: number;
  readonly channels: number;
}

function readChunks(file: Buffer, name: string): Chunks {
  const chunks = [];
  for (let offset = SIGNATURE.length; offset + 12 <= file.length;) {
    const length = file.readUInt32BE(offset);
    const type = file.toString('latin1', offset + 4, offset + 8);
    const end = offset + 8 + length;
    if (end + 4 > file.length) refuseFile(name, `is cut short: its ${type} part ends after the file does`);
    if (crc32(file.subarray(offset + 4, end)) !== file.readUInt32BE(end)) {
      refuseFile(name, `is damaged: the checksum of its ${type} part is wrong`);
    }
    chunks.push({ type, body: file.subarray(offset + 8, end) });
    if (type === 'IEND') return chunks;
    offset = end + 4;
  }
  return refuseFile(name, 'is cut short: it has no IEND part');
}

function readHeader(chunks: Chunks, name: string): Header {
  const first = chunks[0];
  if (first?.type !== 'IHDR' || first.body.length !== 13) return refuseFile(name, 'does not start with a PNG header');
  const columns = first.body.readUInt32BE(0);
  const rows = first.body.readUInt32BE(4);
  const [depth = 0, colourType = -1, compression, filter, interlace] = first.body.subarray(8);
  const channels = CHANNELS[colourType];
  if (channels === undefined || ![1, 2, 4, 8, 16].includes(depth) || compression !== 0 || filter !== 0) {
    return refuseFile(name, `has an unknown PNG form (colour type ${colourType}, ${depth} bits)`);
  }
  if (interlace !== 0) refuseFile(name, 'is an interlaced PNG; save it without interlacing');
  assertPixelCount(name, columns, rows);
  return { rows, columns, depth, colourType, channels };
}

function inflate(chunks: Chunks, expected: number, name: string): Buffer {
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body));
  let raw: Buffer;
  try {
    raw = inflateSync(packed, { maxOutputLength: expected });
  } catch (error) {
    return refuseFile(name, 'has pixel data that cannot be unpacked or do not fit its header', error);
  }
  if (raw.length !== expected)
    refuseFile(name, `has ${raw.length} bytes of pixel data where its header needs ${expected}`);
  return raw;
}

/** Undoes the five line filters of the PNG specification, section 9. */
function removeFilters(raw: Buffer, rows: number, stride: number, step: number, name: string): Uint8Array {
  const out = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    const filter = raw[row * (stride + 1)]!;
    if (filter > 4) refuseFile(name, `uses an unknown line filter (${filter})`);
    const source = row * (stride + 1) + 1;
    const target = row * stride;
    for (let byte = 0; byte < stride; byte++) {
      const left = byte >= step ? out[target + byte - step]! : 0;
      const up = row > 0 ? out[target + byte - stride]! : 0;
      let predicted = 0;
      if (filter === 1) predicted = left;
      else if (filter === 2) predicted = up;
      else if (filter === 3) predicted = (left + up) >> 1;
      else if (filter === 4)
        predicted = paeth(left, up, row > 0 && byte >= step ? out[target + byte - stride - step]! : 0);
      out[target + byte] = raw[source + byte]! + predicted;
    }
  }
  return out;
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const toLeft = abs(estimate - left);
  const toUp = abs(estimate - up);
  const toUpLeft = abs(estimate - upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/** One value per sample; lines start on byte borders. */
function unpackSamples(lines: Uint8Array, rows: number, perRow: number, depth: number): Uint8Array | Uint16Array {
  if (depth === 8) return lines;
  if (depth === 16) {
    return Uint16Array.from({ length: rows * perRow }, (_, index) => (lines[2 * index]! << 8) | lines[2 * index + 1]!);
  }
  const stride = lines.length / rows;
  const samples = new Uint8Array(rows * perRow);
  for (let row = 0; row < rows; row++) {
    for (let sample = 0; sample < perRow; sample++) {
      const bit = sample * depth;
      const byte = lines[row * stride + (bit >> 3)]!;
      samples[row * perRow + sample] = (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }
  }
  return samples;
}

function scaleToBytes(samples: Uint8Array | Uint16Array, depth: number): Uint8Array | Uint16Array {
  return depth >= 8 ? samples : samples.map((value) => (value * 255) / ((1 << depth) - 1));
}

function lookUp(samples: Uint8Array | Uint16Array, chunks: Chunks, name: string): Uint8Array {
  const palette = chunks.find(({ type }) => type === 'PLTE')?.body;
  if (!palette) return refuseFile(name, 'has indexed colours but no palette');
  return Uint8Array.from(samples, (index) => luminance(palette, 3 * index));
}

function bigEndianBytes(data: Uint8Array | Uint16Array): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const bytes = new Uint8Array(2 * data.length);
  for (let index = 0; index < data.length; index++) {
    bytes[2 * index] = data[index]! >> 8;
    bytes[2 * index + 1] = data[index]! & 255;
  }
  return bytes;
}

/** Each line as its difference to the line above: small for medical images and cheap to make. */
function filterUp(bytes: Uint8Array, rows: number, stride: number): Uint8Array {
  const out = new Uint8Array(rows * (stride + 1));
  for (let row = 0; row < rows; row++) {
    out[row * (stride + 1)] = 2;
    for (let byte = 0; byte < stride; byte++) {
      const up = row > 0 ? bytes[(row - 1) * stride + byte]! : 0;
      out[row * (stride + 1) + 1 + byte] = bytes[row * stride + byte]! - up;
    }
  }
  return out;
}

function chunk(type: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}
