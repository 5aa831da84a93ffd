import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { PixelData } from './dicom/stored-values.js';
import { readPlacement, voxelSides, XFORM } from './nifti-placement.js';
import { fromQuaternion, isSame, toQuaternion } from './nifti-quaternion.js';
import { assertPixelCount, MAX_PIXELS, refuseFile } from './refuse.js';
import type { Volume } from './volume.js';

const HEADER_BYTES = 352;
const MILLIMETRES = 2;

/** Bits of xyzt_units that say in what positions are, and the codes that are read: not said, or mm. */
const SPACE_UNITS = 0x07;
const READ_UNITS = [0, MILLIMETRES];

/** Code of a header extension that holds plain text (nifti1_io.h, NIFTI_ECODE_COMMENT). */
const COMMENT = 6;

/** NIfTI-1 datatype codes that are written and read. */
const UINT8 = 2;
const INT16 = 4;
const FLOAT32 = 16;
const UINT16 = 512;
const SAMPLE_BYTES: Readonly<Record<number, number>> = { [UINT8]: 1, [INT16]: 2, [FLOAT32]: 4, [UINT16]: 2 };

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/**
 * Writes a volume as NIfTI-1, gzipped (.nii.gz): the data as they are, mm, the affine as sform and, unless it is sheared, as
 * qform. Their codes say what it is worth; both are 0 where the placement is unknown.
 * @param description at most 79 Latin-1 characters, kept in the header, e.g. "SYNTHETIC knee MRI, ..."
 * @param comment text of any length, kept as a header extension of code 6, e.g. how the volume was made as JSON
 */
export async function encodeNifti(volume: Volume, description: string, comment?: string): Promise<Buffer> {
  const { columns, rows, slices, data } = volume;
  if (data.length !== columns * rows * slices) {
    throw new RangeError(`A volume of ${columns} x ${rows} x ${slices} voxels cannot have ${data.length} values.`);
  }
  const head = niftiHead(volume, data, { description, comment });
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  // Level 1: noise hardly compresses further, and an import writes hundreds of these.
  return compress(Buffer.concat([head, body]), { level: 1 });
}

/**
 * What stands before the voxels in a NIfTI-1 file, which follow as they are, slice by slice.
 *
 * @param like an array of the voxels' type
 * @param slope what stored numbers are multiplied by to give values; default 1
 */
export function niftiHead(
  { columns, rows, slices, spacing, affine, placement }: Omit<Volume, 'data'>,
  like: PixelData,
  { description, comment, slope = 1 }: { description: string; comment?: string | undefined; slope?: number },
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(348, 0);
  [3, columns, rows, slices, 1, 1, 1, 1].forEach((size, index) => header.writeInt16LE(size, 40 + 2 * index));
  const datatype = like instanceof Uint16Array ? UINT16 : like instanceof Int16Array ? INT16 : FLOAT32;
  header.writeInt16LE(datatype, 70);
  header.writeInt16LE(8 * like.BYTES_PER_ELEMENT, 72);
  const turn = toQuaternion(affine, spacing);
  const { qfac, quaternion } = turn;
  const hasQform = placement !== 'UNKNOWN' && isSame(fromQuaternion(turn, spacing, affine), affine, spacing);
  [hasQform ? qfac : 1, ...spacing, 0, 0, 0, 0].forEach((size, index) => header.writeFloatLE(size, 76 + 4 * index));
  const extension = comment === undefined ? Buffer.alloc(0) : commentExtension(comment);
  header.writeFloatLE(HEADER_BYTES + extension.length, 108);
  header.writeFloatLE(slope, 112);
  header.writeUInt8(MILLIMETRES, 123);
  header.write(description.slice(0, 79), 148, 'latin1');
  header.writeInt16LE(hasQform ? XFORM[placement] : 0, 252);
  header.writeInt16LE(XFORM[placement], 254);
  const qform = hasQform ? [...quaternion, affine[3], affine[7], affine[11]] : [0, 0, 0, 0, 0, 0];
  [...qform, ...affine].forEach((value, index) => header.writeFloatLE(value, 256 + 4 * index));
  header.write('n+1\0', 344, 'latin1');
  header.writeUInt8(extension.length > 0 ? 1 : 0, 348);
  return Buffer.concat([header, extension]);
}

/**
 * What stands before the voxels of a file that was made from another one and has its grid and its numbers: that one's header and extensions as
 * they are, but for the description and one comment more.
 *
 * @param bytes all that stands before the voxels of the other file
 */
export function keptNiftiHead(
  bytes: Buffer,
  { little }: Pick<NiftiHead, 'little'>,
  { description, comment }: { description: string; comment: string },
): Buffer {
  const header = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  const extensions = header[348] === 0 ? [] : [bytes.subarray(HEADER_BYTES)];
  const all = Buffer.concat([header, ...extensions, commentExtension(comment, little)]);
  all.fill(0, 148, 228).write(description.slice(0, 79), 148, 'latin1');
  all.writeUInt8(1, 348);
  if (little) all.writeFloatLE(all.length, 108);
  else all.writeFloatBE(all.length, 108);
  return all;
}

/** A header extension: its size, a multiple of 16, its code, and the text padded with zeros. */
function commentExtension(comment: string, little = true): Buffer {
  const text = Buffer.from(comment);
  const extension = Buffer.alloc(16 * Math.ceil((8 + text.length) / 16));
  const view = new DataView(extension.buffer, extension.byteOffset);
  view.setInt32(0, extension.length, little);
  view.setInt32(4, COMMENT, little);
  text.copy(extension, 8);
  return extension;
}

/**
 * Reads a NIfTI-1 file of one volume, gzipped or not, in either byte order; scaled data become floats. It lies where the sform
 * says, else where the qform says; with neither the placement is unknown, and the affine an assumption.
 * @throws UserError FILE_REFUSED for anything else
 */
export async function decodeNifti(
  bytes: Uint8Array,
  name = 'The volume',
): Promise<{ volume: Volume; description: string }> {
  const file = await unpack(bytes, name);
  const head = readNiftiHead(file, name);
  const { columns, rows, slices, offset, sampleBytes, spacing, affine, placement } = head;
  assertPixelCount(name, columns, rows, slices);
  const voxels = columns * rows * slices;
  if (offset + voxels * sampleBytes > file.length) {
    refuseFile(name, `is truncated: ${columns} x ${rows} x ${slices} voxels do not fit in its ${file.length} bytes`);
  }
  const data = niftiValues(file.subarray(offset), head, voxels);
  return {
    volume: { columns, rows, slices, data, spacing, affine, placement },
    description: file.toString('latin1', 148, 228).split('\0')[0]!,
  };
}

/** Whether the first bytes of a file are those of NIfTI-1, or of something packed that may be. */
export function isNiftiFile(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true;
  const { buffer, byteOffset, length } = bytes;
  if (length < 4) return false;
  const view = new DataView(buffer, byteOffset, length);
  return view.getInt32(0, true) === 348 || view.getInt32(0) === 348;
}

/** Bytes of a NIfTI file that {@link readNiftiHead} wants. */
export const NIFTI_HEAD_BYTES = HEADER_BYTES;

/** The header of a NIfTI-1 file of one volume, and where and how its voxels are stored. */
export interface NiftiHead extends Omit<Volume, 'data'> {
  readonly offset: number;
  readonly sampleBytes: number;
  readonly datatype: number;
  readonly slope: number;
  readonly intercept: number;
  readonly little: boolean;
}

/**
 * Reads the header of an unpacked NIfTI-1 file.
 *
 * @throws UserError FILE_REFUSED for anything else; the size of the volume is not bounded
 */
export function readNiftiHead(file: Buffer, name: string): NiftiHead {
  if (file.length < HEADER_BYTES) refuseFile(name, 'is too short for a NIfTI file');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const little = view.getInt32(0, true) === 348;
  if (!little && view.getInt32(0) !== 348) refuseFile(name, 'is not a NIfTI-1 file');
  const size = Array.from({ length: 8 }, (_, index) => view.getInt16(40 + 2 * index, little));
  const [dimensions = 0, columns = 0, rows = 0, slices = 0] = size;
  if (dimensions < 3 || size.slice(4, 1 + dimensions).some((count) => count > 1)) {
    refuseFile(name, `holds ${dimensions}-dimensional data; one volume is accepted`);
  }
  assertPixelCount(name, columns, rows);
  if (slices < 1) refuseFile(name, `claims ${slices} slices`);
  const datatype = view.getInt16(70, little);
  const sampleBytes = SAMPLE_BYTES[datatype];
  if (sampleBytes === undefined)
    return refuseFile(name, `has the NIfTI datatype ${datatype}; 8- and 16-bit integers and 32-bit floats are read`);
  const offset = view.getFloat32(108, little);
  if (!(offset >= HEADER_BYTES)) refuseFile(name, `is truncated or damaged: its voxels would begin at byte ${offset}`);
  const spacing = [80, 84, 88].map((at) => Math.abs(view.getFloat32(at, little)));
  const [x = NaN, y = NaN, z = NaN] = spacing;
  if (!spacing.every((value) => value > 0 && value < 100))
    refuseFile(name, `has a voxel size of ${spacing.join(' x ')} mm`);
  const units = view.getUint8(123) & SPACE_UNITS;
  if (!READ_UNITS.includes(units)) refuseFile(name, `gives positions in the NIfTI unit ${units}; mm are read`);
  const { affine, placement } = readPlacement(view, [x, y, z], little);
  return {
    ...{ columns, rows, slices, offset, sampleBytes, datatype, little, affine, placement },
    spacing: voxelSides(affine, [x, y, z], placement),
    ...readScaling(view, little),
  };
}

/** The values of `voxels` voxels that are stored from the first byte on. */
export function niftiValues(
  bytes: Buffer,
  { datatype, little, slope, intercept }: NiftiHead,
  voxels: number,
): PixelData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return scaled(readSamples(view, { offset: 0, voxels, datatype, little }), slope, intercept);
}

/** How values come from whole numbers of at most 16 bits: stored x slope + intercept. */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
  readonly signed: boolean;
}

/** How the values of a file come from what it stores; null where it stores floats. */
export function niftiRescale({ datatype, slope, intercept }: NiftiHead): Rescale | null {
  if (datatype === FLOAT32) return null;
  const signed = datatype === INT16;
  return slope === 0 ? { slope: 1, intercept: 0, signed } : { slope, intercept, signed };
}

/** Puts the nearest number that a file can store for `value` in the place of voxel `index` of `bytes`. */
export function storeNiftiValue(bytes: Buffer, head: NiftiHead, index: number, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { datatype, little, sampleBytes } = head;
  const { slope, intercept } = niftiRescale(head) ?? (head.slope === 0 ? { slope: 1, intercept: 0 } : head);
  const at = index * sampleBytes;
  const stored = (value - intercept) / slope;
  const whole = (least: number, most: number) => Math.min(Math.max(Math.round(stored), least), most);
  if (datatype === UINT8) view.setUint8(at, whole(0, 255));
  else if (datatype === UINT16) view.setUint16(at, whole(0, 65_535), little);
  else if (datatype === INT16) view.setInt16(at, whole(-32_768, 32_767), little);
  else view.setFloat32(at, stored, little);
}

async function unpack(bytes: Uint8Array, name: string): Promise<Buffer> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return await decompress(bytes, { maxOutputLength: HEADER_BYTES + 4 * MAX_PIXELS });
  } catch (error) {
    return refuseFile(name, 'is damaged or too large: its gzip data cannot be unpacked', error);
  }
}

function readSamples(
  view: DataView,
  { offset, voxels, datatype, little }: { offset: number; voxels: number; datatype: number; little: boolean },
): PixelData {
  switch (datatype) {
    case UINT8:
      return Uint16Array.from({ length: voxels }, (_, index) => view.getUint8(offset + index));
    case UINT16:
      return Uint16Array.from({ length: voxels }, (_, index) => view.getUint16(offset + 2 * index, little));
    case INT16:
      return Int16Array.from({ length: voxels }, (_, index) => view.getInt16(offset + 2 * index, little));
    default:
      return Float32Array.from({ length: voxels }, (_, index) => view.getFloat32(offset + 4 * index, little));
  }
}

/** How values come from stored numbers. What is no number scales nothing: nibabel reads it so, and programs write it. */
function readScaling(view: DataView, little: boolean): Pick<NiftiHead, 'slope' | 'intercept'> {
  const [slope, intercept] = [view.getFloat32(112, little), view.getFloat32(116, little)];
  return Number.isFinite(slope) && Number.isFinite(intercept) ? { slope, intercept } : { slope: 0, intercept: 0 };
}

/** A slope of 0 means "not scaled" in NIfTI-1. */
function scaled(raw: PixelData, slope: number, intercept: number): PixelData {
  if (slope === 0 || (slope === 1 && intercept === 0)) return raw;
  return Float32Array.from(raw, (value) => value * slope + intercept);
}
