import loadCharls from '@cornerstonejs/codec-charls/decodewasmjs';
import loadOpenJpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs';
import { Decoder as JpegLosslessDecoder } from 'jpeg-lossless-decoder-js';
import { decodePicture } from '../unpacking/picture.js';
import type { PixelCoding } from './transfer-syntaxes.js';
import { assertWholeJpeg, assertWholeJpeg2000 } from './whole-streams.js';

/** What the header of a DICOM file says about one frame; the compressed image must say the same. */
export interface FrameShape {
  readonly rows: number;
  readonly columns: number;
  /** 1 or 2 */
  readonly bytesPerSample: number;
}

/**
 * Unpacks one frame of grey pixels. Only for a process that may end by it; see `Unpacker`.
 * @returns rows x columns little-endian samples
 * @throws Error with a message that completes "cannot be unpacked: ..."
 */
export async function decodeFrame(packed: Uint8Array, coding: PixelCoding, shape: FrameShape): Promise<Uint8Array> {
  switch (coding) {
    case 'native':
      return packed;
    case 'rle':
      return decodeRle(packed, shape);
    case 'jpeg-lossless':
      return decodeJpegLossless(packed, shape);
    case 'jpeg':
      return decodeJpeg(packed, shape);
    case 'jpeg-ls':
      assertShape(jpegHeader(packed, 0xfff7), shape);
      assertWholeJpeg(packed);
      return runWasm(jpegLsDecoder, packed, shape);
    case 'jpeg-2000':
      assertShape(jpeg2000Header(packed), shape);
      assertWholeJpeg2000(packed);
      return runWasm(jpeg2000Decoder, packed, shape);
    case 'htj2k':
      assertShape(jpeg2000Header(packed), shape);
      assertWholeJpeg2000(packed);
      return runWasm(htj2kDecoder, packed, shape);
  }
}

/** Baseline and extended (FFC0, FFC1, and FFC2 progressive, which some write under the name of the others), of 8 bits. */
async function decodeJpeg(packed: Uint8Array, shape: FrameShape): Promise<Uint8Array> {
  const header = jpegHeader(packed, 0xffc0, 0xffc1, 0xffc2);
  if (header.bits !== 8) throw new Error(`its JPEG image has ${header.bits} bits; lossy JPEG is read with 8`);
  assertShape(header, shape);
  // How a camera was held is no matter of DICOM, whose rows are what the frame header says.
  return assertLength((await decodePicture(packed, false)).samples, shape);
}

function decodeJpegLossless(packed: Uint8Array, shape: FrameShape): Uint8Array {
  assertShape(jpegHeader(packed, 0xffc3), shape);
  assertWholeJpeg(packed);
  // The decoder reads an ArrayBuffer from its start; Uint8Array.from, because Buffer's own slice() would share the file's.
  const copy = Uint8Array.from(packed);
  return assertLength(new Uint8Array(new JpegLosslessDecoder().decompress(copy.buffer, 0, copy.length)), shape);
}

interface ImageHeader {
  readonly bits: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
}

/** Size in a JPEG stream's frame header, which one of the markers starts: FFC3 lossless, FFF7 JPEG-LS. Nothing is decoded. */
function jpegHeader(packed: Uint8Array, ...frameMarkers: number[]): ImageHeader {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  for (let offset = 2; offset + 10 <= packed.length;) {
    const marker = view.getUint16(offset);
    if (marker === 0xffff) {
      // Any number of FF may stand before a marker.
      offset++;
      continue;
    }
    if (frameMarkers.includes(marker)) {
      return {
        bits: view.getUint8(offset + 4),
        rows: view.getUint16(offset + 5),
        columns: view.getUint16(offset + 7),
        components: view.getUint8(offset + 9),
      };
    }
    if (marker < 0xff00 || marker === 0xffda) break;
    offset += 2 + view.getUint16(offset + 2);
  }
  throw new Error('it holds no image of the kind that the transfer syntax names');
}

/** Size in the SIZ segment that opens a JPEG 2000 codestream (ISO 15444-1, A.5.1). */
function jpeg2000Header(packed: Uint8Array): ImageHeader {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length < 45 || view.getUint32(0) !== 0xff4fff51) throw new Error('it holds no JPEG 2000 codestream');
  const steps = [view.getUint8(43), view.getUint8(44)];
  if (steps.some((step) => step !== 1)) {
    throw new Error(`its JPEG 2000 component is subsampled by ${steps.join(' x ')}; one value per pixel is read`);
  }
  return {
    columns: view.getUint32(8) - view.getUint32(16),
    rows: view.getUint32(12) - view.getUint32(20),
    components: view.getUint16(40),
    bits: (view.getUint8(42) & 0x7f) + 1,
  };
}

/**
 * Decodes in a WebAssembly instance of its own, a few milliseconds' work: what one image leaves behind in the codec's memory, or
 * breaks there, can neither show up in the next image nor stop it.
 */
async function runWasm(
  load: () => Promise<CornerstoneDecoder>,
  packed: Uint8Array,
  shape: FrameShape,
): Promise<Uint8Array> {
  const decoder = await load();
  decoder.getEncodedBuffer(packed.length).set(packed);
  decoder.decode();
  const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
  assertShape({ columns: width, rows: height, bits: bitsPerSample, components: componentCount }, shape);
  return assertLength(Uint8Array.from(decoder.getDecodedBuffer()), shape);
}

/**
 * Options for one instance: the loader makes the object itself into the instance, so none may be given twice. The codecs print
 * their diagnostics; ours are in the error.
 */
function silent(): CornerstoneOptions {
  return { print: () => undefined, printErr: () => undefined };
}

async function jpegLsDecoder(): Promise<CornerstoneDecoder> {
  const { JpegLSDecoder } = await loadCharls(silent());
  return new JpegLSDecoder();
}

async function jpeg2000Decoder(): Promise<CornerstoneDecoder> {
  const { J2KDecoder } = await loadOpenJpeg(silent());
  return new J2KDecoder();
}

async function htj2kDecoder(): Promise<CornerstoneDecoder> {
  const { HTJ2KDecoder } = await loadOpenJph(silent());
  return new HTJ2KDecoder();
}

/** PackBits runs, one segment per byte of a sample, most significant first (DICOM PS3.5 annex G). */
function decodeRle(packed: Uint8Array, shape: FrameShape): Uint8Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const segments = view.getUint32(0, true);
  if (segments !== shape.bytesPerSample)
    throw new Error(`it has ${segments} segments instead of ${shape.bytesPerSample}`);
  const pixels = shape.rows * shape.columns;
  const samples = new Uint8Array(pixels * segments);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : packed.length;
    const plane = unpackBits(packed.subarray(start, end), pixels);
    const byte = segments - 1 - segment;
    for (let pixel = 0; pixel < pixels; pixel++) samples[pixel * segments + byte] = plane[pixel]!;
  }
  return samples;
}

function unpackBits(packed: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let written = 0;
  for (let read = 0; read < packed.length && written < length;) {
    const control = packed[read++]!;
    if (control < 128) {
      const run = packed.subarray(read, read + Math.min(control + 1, length - written));
      out.set(run, written);
      written += run.length;
      read += control + 1;
    } else if (control > 128) {
      const run = Math.min(257 - control, length - written);
      out.fill(packed[read++] ?? 0, written, written + run);
      written += run;
    }
  }
  if (written < length) throw new Error(`it ends after ${written} of ${length} bytes`);
  return out;
}

function assertShape(header: ImageHeader, shape: FrameShape): void {
  const bytes = header.bits > 8 ? 2 : 1;
  const agrees = header.columns === shape.columns && header.rows === shape.rows && bytes === shape.bytesPerSample;
  if (!agrees || header.components !== 1) {
    throw new Error(
      `it holds ${header.columns} x ${header.rows} pixels of ${header.components} x ${header.bits} bits, the header says ` +
        `${shape.columns} x ${shape.rows} of ${8 * shape.bytesPerSample}`,
    );
  }
}

function assertLength(bytes: Uint8Array, { rows, columns, bytesPerSample }: FrameShape): Uint8Array {
  const needed = rows * columns * bytesPerSample;
  if (bytes.length !== needed) throw new Error(`it holds ${bytes.length} bytes where ${needed} are needed`);
  return bytes;
}
