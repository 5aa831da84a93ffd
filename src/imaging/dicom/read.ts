import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { UserError } from '../../domain/errors.js';
import { assertPixelCount, MAX_PIXELS, refuseFile } from '../refuse.js';
import { readSource, type FileSource } from '../source.js';
import { readAttributes, type DicomAttributes } from './attributes.js';
import type { FrameShape } from './codecs.js';
import { BIG_ENDIAN, transferSyntax } from './transfer-syntaxes.js';
import { Unpacker } from './unpacker.js';

/** Grey pixels: whole numbers as they are, anything else after rescaling as floats. */
export type PixelData = Uint16Array | Int16Array | Float32Array;

export interface DicomImage {
  readonly attributes: DicomAttributes;
  /** frames x rows x columns values, rescaled, bone bright (MONOCHROME1 is inverted). */
  readonly pixels: PixelData;
}

const PIXEL_DATA = 'x7fe00010';

/** One for all files: it ends when there is nothing to unpack. */
const unpacker = new Unpacker();

/** Enough for nearly every header; a longer one costs a second read. */
const HEAD_BYTES = 256 * 1024;

/** True when the bytes are a DICOM part 10 file: "DICM" after a 128-byte preamble. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length > 132 && Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';
}

/**
 * Reads the header of a DICOM file, not its pixels.
 * @throws UserError FILE_REFUSED with one sentence
 */
export async function readDicomHeader(source: FileSource): Promise<DicomAttributes> {
  const head = await readSource(source, HEAD_BYTES);
  if (head.whole || !isDicom(head.bytes)) return parse(head.bytes, head.name, PIXEL_DATA).attributes;
  try {
    const { dataSet, attributes } = parse(head.bytes, head.name, PIXEL_DATA);
    if (dataSet.elements[PIXEL_DATA]) return attributes;
  } catch (error) {
    // A header that goes on after the head looks truncated; the whole file decides.
    if (!(error instanceof UserError)) throw error;
  }
  const { bytes, name } = await readSource(source);
  return parse(bytes, name, PIXEL_DATA).attributes;
}

/**
 * Reads a DICOM file: implicit and explicit little endian, explicit big endian, deflated, JPEG lossless, JPEG-LS, JPEG 2000 and
 * RLE; one grey sample of 8 to 16 stored bits, signed or not.
 * @throws UserError FILE_REFUSED with one sentence, for anything truncated, contradictory, too large or not grey
 */
export async function readDicom(source: FileSource): Promise<DicomImage> {
  const { bytes, name } = await readSource(source);
  const { dataSet, attributes } = parse(bytes, name);
  assertReadable(attributes, name);
  const shape = {
    rows: attributes.rows,
    columns: attributes.columns,
    bytesPerSample: attributes.bitsAllocated / 8,
  };
  const element = dataSet.elements[PIXEL_DATA] ?? refuseFile(name, 'holds no pixel data');
  const samples = element.encapsulatedPixelData
    ? await unpackFrames(dataSet, element, attributes, shape, name)
    : nativeSamples(dataSet, element, attributes, shape, name);
  return { attributes, pixels: rescale(storedValues(samples, attributes), attributes) };
}

function parse(bytes: Uint8Array, name: string, untilTag?: string): { dataSet: DataSet; attributes: DicomAttributes } {
  if (!isDicom(bytes)) refuseFile(name, 'is not a DICOM file');
  let dataSet: DataSet;
  try {
    dataSet = dicomParser.parseDicom(bytes, { inflater, ...(untilTag === undefined ? {} : { untilTag }) });
  } catch (error) {
    return refuseFile(name, 'is a damaged or truncated DICOM file', error);
  }
  const syntax = dataSet.string('x00020010') ?? refuseFile(name, 'does not name its DICOM transfer syntax');
  if (!transferSyntax(syntax)) {
    refuseFile(
      name,
      `uses the DICOM transfer syntax ${syntax}, which is not read; uncompressed, JPEG lossless, JPEG-LS, JPEG 2000 and RLE are`,
    );
  }
  return { dataSet, attributes: readAttributes(dataSet, syntax, name) };
}

/** Unpacks the deflated transfer syntax, bounded so that a small file cannot fill the memory. */
function inflater(file: Uint8Array, position: number): Uint8Array {
  const rest = inflateRawSync(file.subarray(position), { maxOutputLength: 4 * MAX_PIXELS });
  return Buffer.concat([file.subarray(0, position), rest]);
}

function assertReadable(attributes: DicomAttributes, name: string): void {
  const { rows, columns, frames, samplesPerPixel, photometric, bitsAllocated, bitsStored, highBit } = attributes;
  assertPixelCount(name, columns, rows, frames);
  if (samplesPerPixel !== 1 || !/^MONOCHROME[12]$/.test(photometric)) {
    refuseFile(
      name,
      `holds a ${photometric} image with ${samplesPerPixel} samples per pixel; only grey images are read`,
    );
  }
  const layout = (bitsAllocated === 8 || bitsAllocated === 16) && bitsStored >= 1 && highBit >= bitsStored - 1;
  if (!layout || highBit >= bitsAllocated) {
    refuseFile(
      name,
      `stores ${bitsStored} bits up to bit ${highBit} of ${bitsAllocated}; 1 to 16 bits in 8 or 16 are read`,
    );
  }
}

function nativeSamples(
  dataSet: DataSet,
  element: Element,
  attributes: DicomAttributes,
  shape: FrameShape,
  name: string,
): Uint8Array {
  const needed = shape.rows * shape.columns * attributes.frames * shape.bytesPerSample;
  const available = Math.min(element.length, dataSet.byteArray.length - element.dataOffset);
  if (available < needed) {
    refuseFile(
      name,
      `is truncated or lies about its size: ${attributes.columns} x ${attributes.rows} pixels need ${needed} bytes, it holds ${Math.max(0, available)}`,
    );
  }
  const samples = Uint8Array.from(dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + needed));
  if (attributes.transferSyntax === BIG_ENDIAN && shape.bytesPerSample === 2) Buffer.from(samples.buffer).swap16();
  return samples;
}

/** Frames of a compressed file: one frame takes all fragments; with more, the offset table or one fragment each. */
async function unpackFrames(
  dataSet: DataSet,
  element: Element,
  attributes: DicomAttributes,
  shape: FrameShape,
  name: string,
): Promise<Uint8Array> {
  const { coding } = transferSyntax(attributes.transferSyntax)!;
  try {
    const frames = Array.from({ length: attributes.frames }, (_, frame) =>
      packedFrame(dataSet, element, attributes.frames, frame),
    );
    return await unpacker.unpack({ frames, coding, shape });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\.$/, '') : 'the compressed image is damaged';
    return refuseFile(name, `has pixels that cannot be unpacked: ${reason}`, error);
  }
}

function packedFrame(dataSet: DataSet, element: Element, frames: number, frame: number): Uint8Array {
  const fragments = element.fragments ?? [];
  if (frames === 1) return dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, 0, fragments.length);
  if (element.basicOffsetTable?.length === frames)
    return dicomParser.readEncapsulatedImageFrame(dataSet, element, frame);
  if (fragments.length !== frames) throw new Error(`it has ${fragments.length} fragments for ${frames} frames`);
  return dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, frame, 1);
}

/** Whole stored numbers: the stored bits cut out of each little-endian sample, signs extended, MONOCHROME1 inverted. */
function storedValues(samples: Uint8Array, attributes: DicomAttributes): Int16Array | Uint16Array {
  const { bitsAllocated, bitsStored, highBit, signed, photometric } = attributes;
  const words =
    bitsAllocated === 16 ? new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2) : samples;
  const values = signed ? new Int16Array(words.length) : new Uint16Array(words.length);
  const shift = highBit - bitsStored + 1;
  const mask = 2 ** bitsStored - 1;
  const unused = 32 - bitsStored;
  const invert = photometric === 'MONOCHROME1';
  for (let index = 0; index < words.length; index++) {
    const bits = (words[index]! >> shift) & mask;
    const value = signed ? (bits << unused) >> unused : bits;
    // Lowest and highest stored number change places: unsigned mask - v, signed -1 - v.
    values[index] = !invert ? value : signed ? -1 - value : mask - value;
  }
  return values;
}

function rescale(values: Int16Array | Uint16Array, attributes: DicomAttributes): PixelData {
  const { rescaleSlope: slope, rescaleIntercept: intercept } = attributes;
  if (slope === 1 && intercept === 0) return values;
  const scaled = Float32Array.from(values, (value) => value * slope + intercept);
  let [low, high, whole] = [Infinity, -Infinity, true];
  for (const value of scaled) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    whole &&= Number.isInteger(value);
  }
  if (whole && low >= 0 && high <= 65535) return Uint16Array.from(scaled);
  if (whole && low >= -32768 && high <= 32767) return Int16Array.from(scaled);
  return scaled;
}
