import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { UserError } from '../../domain/errors.js';
import type { Strip } from '../../domain/strips.js';
import { blackenStrips } from '../redact.js';
import { assertPixelCount, MAX_PIXELS, refuseFile } from '../refuse.js';
import { readSource, type FileSource } from '../source.js';
import { readAttributes, type DicomAttributes } from './attributes.js';
import type { FrameShape } from './codecs.js';
import { readFrames } from './frames.js';
import { type PixelData, rescale, storedValues, wordsOf } from './stored-values.js';
import { BIG_ENDIAN, type PixelCoding, transferSyntax } from './transfer-syntaxes.js';
import { unpacker } from '../unpacking/unpacker.js';

export interface DicomImage {
  readonly attributes: DicomAttributes;
  /** frames x rows x columns values, rescaled, bone bright (MONOCHROME1 is inverted). */
  readonly pixels: PixelData;
}

const PIXEL_DATA = 'x7fe00010';

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
  return (await parseHead(source)).attributes;
}

/**
 * Reads the header of a DICOM file as those of its frames: one for an image, and one for each frame of an enhanced MR image.
 * @throws UserError FILE_REFUSED with one sentence
 */
export async function readDicomHeaders(source: FileSource): Promise<DicomAttributes[]> {
  const { dataSet, attributes, name } = await parseHead(source);
  return readFrames(dataSet, attributes, name) ?? [attributes];
}

async function parseHead(source: FileSource): Promise<ParsedDicom & { name: string }> {
  const head = await readSource(source, HEAD_BYTES);
  const parsed = (bytes: Uint8Array, name: string) => ({ ...parse(bytes, name, PIXEL_DATA), name });
  if (head.whole || !isDicom(head.bytes)) return parsed(head.bytes, head.name);
  try {
    const begun = parsed(head.bytes, head.name);
    if (begun.dataSet.elements[PIXEL_DATA]) return begun;
  } catch (error) {
    // A header that goes on after the head looks truncated; the whole file decides.
    if (!(error instanceof UserError)) throw error;
  }
  const { bytes, name } = await readSource(source);
  return parsed(bytes, name);
}

/** Texts of a header by keyword; of several values a list. */
export type DicomTexts = Readonly<Record<string, string | readonly string[]>>;

/**
 * Reads elements of text from the header of a DICOM file; those that are absent or empty are left out.
 *
 * @param tags keyword to tag, as dicom-parser writes it: "x00100010"
 * @throws UserError FILE_REFUSED with one sentence
 */
export async function readDicomTexts(source: FileSource, tags: Readonly<Record<string, string>>): Promise<DicomTexts> {
  const { bytes, name } = await readSource(source);
  const { dataSet } = parse(bytes, name, PIXEL_DATA);
  const unicode = dataSet.string('x00080005')?.includes('ISO_IR 192') ?? false;
  const texts: Record<string, string | readonly string[]> = {};
  for (const [keyword, tag] of Object.entries(tags)) {
    const element = dataSet.elements[tag];
    if (!element) continue;
    const raw = Buffer.from(dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length));
    const values = raw
      .toString(unicode ? 'utf8' : 'latin1')
      .replace(/\0/g, '')
      .split('\\')
      .map((value) => value.trim());
    if (values.some((value) => value !== '')) texts[keyword] = values.length === 1 ? values[0]! : values;
  }
  return texts;
}

/**
 * Reads a DICOM file: implicit and explicit little endian, explicit big endian, deflated, JPEG lossless, JPEG-LS, JPEG 2000 and
 * RLE; one grey sample of 8 to 16 stored bits, signed or not.
 *
 * @param darkenPadding gives pixels that the file calls padding the darkest value of the others, as a film is shown
 * @throws UserError FILE_REFUSED with one sentence, for anything truncated, contradictory, too large or not grey
 */
export async function readDicom(source: FileSource, darkenPadding = false): Promise<DicomImage> {
  const { attributes, values } = await readStored(source, { darkenPadding });
  return { attributes, pixels: rescale(values, attributes) };
}

/**
 * The pixels of a file as they are stored, of all frames one after the other.
 *
 * @param strips what is made black
 * @throws UserError as {@link readDicom}
 */
export async function readStored(
  source: FileSource,
  { strips = [], darkenPadding = false }: { strips?: readonly Strip[]; darkenPadding?: boolean } = {},
): Promise<{ attributes: DicomAttributes; values: Int16Array | Uint16Array }> {
  const { bytes, name } = await readSource(source);
  const parsed = parse(bytes, name);
  const samples = await readSamples(parsed, name, strips);
  return { attributes: parsed.attributes, values: storedValues(samples, parsed.attributes, darkenPadding) };
}

/** The unpacked samples of a file, little endian, of all frames; @throws UserError as {@link readDicom} */
export async function readSamples(
  parsed: ParsedDicom,
  name: string,
  strips: readonly Strip[] = [],
): Promise<Uint8Array> {
  const { dataSet, attributes } = parsed;
  assertReadable(attributes, name);
  const shape = shapeOf(attributes);
  const element = dataSet.elements[PIXEL_DATA] ?? refuseFile(name, 'holds no pixel data');
  const samples = element.encapsulatedPixelData
    ? await unpackFrames(() => framesOf(element, parsed), attributes, name)
    : nativeSamples(dataSet, element, attributes, shape, name);
  blackenStrips(wordsOf(samples, attributes), storedValues(samples, attributes), attributes, strips, name);
  return samples;
}

/**
 * The samples of one frame of a file that is not compressed, little endian; of the others nothing is touched.
 *
 * @param frame from 0; the caller knows that there is such a one
 * @throws UserError as {@link readDicom}
 */
export function nativeFrame({ dataSet, attributes }: ParsedDicom, frame: number, name: string): Uint8Array {
  assertReadable(attributes, name);
  const element = dataSet.elements[PIXEL_DATA] ?? refuseFile(name, 'holds no pixel data');
  return nativeSamples(dataSet, element, attributes, shapeOf(attributes), name, frame);
}

function shapeOf({ rows, columns, bitsAllocated }: DicomAttributes): FrameShape {
  return { rows, columns, bytesPerSample: bitsAllocated / 8 };
}

/** The frames of a compressed file, each from all of its fragments; @throws UserError FILE_REFUSED where they do not fit together */
export function packedFrames(parsed: ParsedDicom, name: string): Uint8Array[] {
  assertReadable(parsed.attributes, name);
  const element = parsed.dataSet.elements[PIXEL_DATA] ?? refuseFile(name, 'holds no pixel data');
  try {
    return framesOf(element, parsed);
  } catch (error) {
    return refuseUnpackable(name, error);
  }
}

/** How the pixels of a file are packed. */
export function codingOf({ transferSyntax: uid }: DicomAttributes): PixelCoding {
  return transferSyntax(uid)!.coding;
}

/** A parsed file. */
export interface ParsedDicom {
  readonly dataSet: DataSet;
  readonly transferSyntax: string;
  /** Of an image; @throws UserError FILE_REFUSED of what is none, such as a report */
  readonly attributes: DicomAttributes;
}

/** Parses a whole DICOM file; @throws UserError FILE_REFUSED with one sentence */
export function parseDicom(bytes: Uint8Array, name: string): ParsedDicom {
  return parse(bytes, name);
}

/** The same of what is before the pixels; whether these are whole is not looked at. */
export function parseHeader(bytes: Uint8Array, name: string): ParsedDicom {
  return parse(bytes, name, PIXEL_DATA);
}

function parse(bytes: Uint8Array, name: string, untilTag?: string): ParsedDicom {
  if (!isDicom(bytes)) refuseFile(name, 'is not a DICOM file');
  let dataSet: DataSet;
  try {
    dataSet = parseElements(bytes, untilTag);
  } catch (error) {
    return refuseFile(name, 'is a damaged or truncated DICOM file', error);
  }
  const syntax = dataSet.string('x00020010') ?? refuseFile(name, 'does not name its DICOM transfer syntax');
  if (!transferSyntax(syntax)) {
    refuseFile(
      name,
      `uses the DICOM transfer syntax ${syntax}, which is not read; uncompressed, JPEG, JPEG lossless, JPEG-LS, JPEG 2000, HTJ2K and RLE are`,
    );
  }
  let attributes: DicomAttributes | undefined;
  return {
    dataSet,
    transferSyntax: syntax,
    get attributes() {
      return (attributes ??= readAttributes(dataSet, syntax, name));
    },
  };
}

/** Unpacks the deflated transfer syntax on the way, bounded so that a small file cannot fill the memory. */
function parseElements(bytes: Uint8Array, untilTag: string | undefined): DataSet {
  let from = 0;
  const inflater = (file: Uint8Array, position: number): Uint8Array => {
    from = position;
    const rest = inflateRawSync(file.subarray(position), { maxOutputLength: 4 * MAX_PIXELS });
    return Buffer.concat([Buffer.alloc(128), file.subarray(128, position), rest]);
  };
  const dataSet = dicomParser.parseDicom(bytes, { inflater, ...(untilTag === undefined ? {} : { untilTag }) });
  // dicom-parser goes through what it was given from the start; what it took for elements before the unpacked ones are none.
  for (const { tag, dataOffset } of Object.values(dataSet.elements)) {
    if (dataOffset < from && !tag.startsWith('x0002')) delete dataSet.elements[tag];
  }
  return dataSet;
}

function assertReadable(attributes: DicomAttributes, name: string): void {
  const { rows, columns, frames, samplesPerPixel, photometric, bitsAllocated, bitsStored, highBit } = attributes;
  assertPixelCount(name, columns, rows, frames);
  if (samplesPerPixel !== 1 || !/^MONOCHROME[12]$/.test(photometric)) {
    // What is no word of the standard may be anything.
    const kind = /^(?:RGB|YBR_[A-Z0-9_]+|PALETTE COLOR|MONOCHROME[12]|ARGB|HSV|CMYK)$/.test(photometric)
      ? photometric
      : 'foreign';
    refuseFile(name, `holds a ${kind} image with ${samplesPerPixel} samples per pixel; only grey images are read`);
  }
  const layout = (bitsAllocated === 8 || bitsAllocated === 16) && bitsStored >= 1 && highBit >= bitsStored - 1;
  if (!layout || highBit >= bitsAllocated) {
    refuseFile(
      name,
      `stores ${bitsStored} bits up to bit ${highBit} of ${bitsAllocated}; 1 to 16 bits in 8 or 16 are read`,
    );
  }
}

/** @param frame from 0; absent for all */
function nativeSamples(
  dataSet: DataSet,
  element: Element,
  attributes: DicomAttributes,
  shape: FrameShape,
  name: string,
  frame?: number,
): Uint8Array {
  const needed = shape.rows * shape.columns * attributes.frames * shape.bytesPerSample;
  const available = Math.min(element.length, dataSet.byteArray.length - element.dataOffset);
  if (available < needed) {
    refuseFile(
      name,
      `is truncated or lies about its size: ${attributes.columns} x ${attributes.rows} pixels need ${needed} bytes, it holds ${Math.max(0, available)}`,
    );
  }
  const [from, bytes] =
    frame === undefined ? [0, needed] : [(frame * needed) / attributes.frames, needed / attributes.frames];
  // A copy of its own: words need an even address, and whoever turns or blackens them leaves the file alone.
  const samples = new Uint8Array(
    dataSet.byteArray.subarray(element.dataOffset + from, element.dataOffset + from + bytes),
  );
  if (attributes.transferSyntax === BIG_ENDIAN && shape.bytesPerSample === 2) Buffer.from(samples.buffer).swap16();
  return samples;
}

/**
 * The samples of packed frames, one after the other.
 *
 * @throws UserError FILE_REFUSED where they cannot be told apart or unpacked
 */
export async function unpackFrames(
  frames: () => Uint8Array[],
  attributes: DicomAttributes,
  name: string,
): Promise<Uint8Array> {
  try {
    return await unpacker.unpack({ frames: frames(), coding: codingOf(attributes), shape: shapeOf(attributes) });
  } catch (error) {
    return refuseUnpackable(name, error);
  }
}

function refuseUnpackable(name: string, error: unknown): never {
  const reason = error instanceof Error ? error.message.replace(/\.$/, '') : 'the compressed image is damaged';
  return refuseFile(name, `has pixels that cannot be unpacked: ${reason}`, error);
}

/** Frames of a compressed file: one frame takes all fragments; with more, the offset table or one fragment each. */
function framesOf(element: Element, { dataSet, attributes }: ParsedDicom): Uint8Array[] {
  const { frames } = attributes;
  return Array.from({ length: frames }, (_, frame) => packedFrame(dataSet, element, frames, frame));
}

/** The pieces of one frame of a compressed file, put together. @throws Error with a message that completes "cannot be unpacked: ..." */
export function packedFrame(dataSet: DataSet, element: Element, frames: number, frame: number): Uint8Array {
  const fragments = element.fragments ?? [];
  if (frames === 1) return dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, 0, fragments.length);
  if (element.basicOffsetTable?.length === frames)
    return dicomParser.readEncapsulatedImageFrame(dataSet, element, frame);
  if (fragments.length !== frames) throw new Error(`it has ${fragments.length} fragments for ${frames} frames`);
  return dicomParser.readEncapsulatedPixelDataFromFragments(dataSet, element, frame, 1);
}
