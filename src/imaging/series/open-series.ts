import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../domain/errors.js';
import type { PixelData } from '../dicom/stored-values.js';
import { type DicomSeries, openSlices, scanSeries } from '../dicom/series.js';
import { NIFTI_HEAD_BYTES, type NiftiHead, niftiRescale, niftiValues, readNiftiHead, type Rescale } from '../nifti.js';
import { refuseFile } from '../refuse.js';
import type { Volume } from '../volume.js';

/** A series of which one slice at a time is in memory. */
export interface OpenSeries extends Omit<Volume, 'data'> {
  /** What messages call it. */
  readonly name: string;
  /** The files, where it is of DICOM, in slice order; null for NIfTI. */
  readonly dicom: DicomSeries | null;
  /** The file, where it is NIfTI; null for DICOM. */
  readonly nifti: NiftiFile | null;
  /** @throws UserError FILE_REFUSED when it cannot be read or holds what is no number */
  read(index: number): Promise<PixelData>;
  /** How the values of a slice come from the whole numbers that are stored; null where these are no whole numbers. */
  rescaleOf(index: number): Rescale | null;
  close(): Promise<void>;
}

/** An unpacked NIfTI file. */
export interface NiftiFile {
  readonly head: NiftiHead;
  /** All that stands before the voxels. */
  headBytes(): Promise<Buffer>;
  /** The voxels of a slice as they are stored. @throws UserError FILE_REFUSED when the file has changed */
  stored(index: number): Promise<Buffer>;
}

/** Modalities of films: their folders hold images, but no series of slices. */
const FILMS = ['CR', 'DX', 'RG', 'XA', 'MG'];

/** Most slices of a series. */
const MAX_SLICES = 4096;

/**
 * Opens a series: a folder with the DICOM files of one, or a NIfTI file.
 *
 * @throws UserError FILE_REFUSED with one sentence: for a film, a single slice, several series, anything damaged
 */
export async function openSeries(path: string): Promise<OpenSeries> {
  const series = (await isFolder(path)) ? await openFolder(path) : await openNiftiFile(path);
  try {
    const { name, slices } = series;
    if (slices < 2) refuseFile(name, 'is a single slice; a series of at least 2 is needed');
    if (slices > MAX_SLICES) refuseFile(name, `has ${slices} slices; at most ${MAX_SLICES} are accepted`);
    return { ...series, read: async (index) => assertNumbers(await series.read(index), series.name, index) };
  } catch (error) {
    await series.close();
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    return refuseFile(basename(path), 'cannot be read: there is no such file or folder', error);
  }
}

async function openFolder(path: string): Promise<OpenSeries> {
  const { series, refused: left } = await scanSeries(path);
  const folder = basename(path);
  // Notes and thumbnails lie in such folders too.
  const refused = left.filter(({ reason }) => !reason.endsWith('is not a DICOM file.'));
  if (series.length === 0) {
    const why = refused.length > 0 ? `holds no DICOM file that can be read: ${refused[0]!.reason}` : 'holds no files';
    return refuseFile(folder, why.replace(/\.$/, ''));
  }
  const film = series.find(({ attributes }) => FILMS.includes(attributes.modality ?? ''));
  if (film) refuseFile(folder, `holds a film (modality ${film.attributes.modality}); an MRI series is needed`);
  if (series.length > 1) {
    const echoes = new Set(series.map(({ seriesUid }) => seriesUid)).size === 1 ? 'echoes of one series' : 'series';
    refuseFile(folder, `holds ${series.length} ${echoes}; give a folder with the files of one`);
  }
  if (refused.length > 0) {
    refuseFile(
      folder,
      `holds ${refused.length} files that cannot be read; the first: ${refused[0]!.reason}`.replace(/\.$/, ''),
    );
  }
  const [dicom] = series;
  return {
    ...openSlices(dicom!),
    dicom: dicom!,
    nifti: null,
    rescaleOf(index) {
      const { rescaleSlope: slope, rescaleIntercept: intercept, signed } = dicom!.files[index]!.attributes;
      return slope === 0 ? null : { slope, intercept, signed };
    },
    close: () => Promise.resolve(),
  };
}

/**
 * Opens a NIfTI file, packed or not, of any number of slices.
 *
 * @throws UserError FILE_REFUSED for anything else
 */
export async function openNiftiFile(path: string): Promise<OpenSeries> {
  const name = basename(path);
  const head = Buffer.alloc(NIFTI_HEAD_BYTES);
  await using first = await open(path).catch((error: unknown) =>
    refuseFile(name, 'cannot be read: there is no such file or folder', error),
  );
  if ((await first.stat()).isDirectory()) refuseFile(name, 'is a folder; a NIfTI file is needed');
  await first.read(head, 0, NIFTI_HEAD_BYTES, 0);
  if (head.toString('latin1', 128, 132) === 'DICM') {
    refuseFile(name, 'is one DICOM file; give the folder that holds the files of a series');
  }
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  const folder = packed ? await mkdtemp(join(tmpdir(), 'osteograph-series-')) : undefined;
  let file: FileHandle | undefined;
  const close = async () => {
    await file?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  };
  try {
    file = await open(folder ? await unpacked(path, folder, name) : path);
    return { ...(await niftiSlices(file, name)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function niftiSlices(file: FileHandle, name: string): Promise<Omit<OpenSeries, 'close'>> {
  const bytes = Buffer.alloc(NIFTI_HEAD_BYTES);
  const { bytesRead } = await file.read(bytes, 0, NIFTI_HEAD_BYTES, 0);
  const head = readNiftiHead(bytes.subarray(0, bytesRead), name);
  const { columns, rows, slices, spacing, affine, placement, offset, sampleBytes } = head;
  const voxels = rows * columns;
  const length = voxels * sampleBytes;
  const { size } = await file.stat();
  if (offset + slices * length > size) {
    refuseFile(name, `is truncated: ${columns} x ${rows} x ${slices} voxels do not fit in its ${size} bytes`);
  }
  const part = async (at: number, count: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(count);
    const { bytesRead: got } = await file.read(bytes, 0, count, at);
    if (got < count) refuseFile(name, 'changed while it was read');
    return bytes;
  };
  const stored = (index: number) => part(offset + index * length, length);
  return {
    ...{ name, columns, rows, slices, spacing, affine, placement, dicom: null },
    nifti: { head, stored, headBytes: () => part(0, offset) },
    rescaleOf: () => niftiRescale(head),
    read: async (index) => niftiValues(await stored(index), head, voxels),
  };
}

/** Largest unpacked file, so that a small one cannot fill the disk: 4,096 slices of 1,024 x 1,024 floats. */
const MAX_UNPACKED = 16 * 2 ** 30;

/** The unpacked file, in a folder of its own: slices of a packed one cannot be found without reading all before them. */
async function unpacked(path: string, folder: string, name: string): Promise<string> {
  const target = join(folder, 'series.nii');
  let bytes = 0;
  try {
    await pipeline(
      createReadStream(path),
      createGunzip(),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          bytes += piece.length;
          if (bytes > MAX_UNPACKED) refuseFile(name, 'is too large when it is unpacked');
          yield piece;
        }
      },
      createWriteStream(target),
    );
  } catch (error) {
    if (error instanceof UserError) throw error;
    return refuseFile(name, 'is damaged: its gzip data cannot be unpacked', error);
  }
  return target;
}

function assertNumbers(values: PixelData, name: string, index: number): PixelData {
  if (values instanceof Float32Array && !values.every(Number.isFinite)) {
    refuseFile(name, `holds values that are not numbers, in slice ${index + 1}`);
  }
  return values;
}
