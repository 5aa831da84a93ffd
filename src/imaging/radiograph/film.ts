import { isDicom, readDicom } from '../dicom/read.js';
import type { DicomAttributes } from '../dicom/attributes.js';
import { isPicture, readPicture } from '../picture.js';
import { decodePng, encodePng, isInterlaced, isPng } from '../png.js';
import { refuseFile } from '../refuse.js';
import { readSource, type FileSource } from '../source.js';
import type { Raster } from './resample.js';

/** A radiograph, bone bright. */
export interface Film extends Raster {
  /** What messages call it. */
  readonly name: string;
  /** mm between rows, mm between columns, where the file says so. */
  readonly pixelSpacing: readonly [number, number] | null;
  /** Header of a DICOM film, else null. */
  readonly attributes: DicomAttributes | null;
}

/** Below this side a film shows nothing that could be found or cut out. */
const MIN_SIDE = 64;

/**
 * Reads a radiograph from DICOM (MONOCHROME1 is inverted) or from PNG, TIFF or JPEG (8 or 16 bits, bone bright). Only DICOM says how large
 * pixels are: what the others note of it is the resolution of a print.
 * @throws UserError FILE_REFUSED for any other file, a damaged one, or an image without contrast
 */
export async function loadRadiograph(source: FileSource): Promise<Film> {
  const { bytes, name } = await readSource(source);
  const film = isDicom(bytes) ? await dicomFilm(bytes, name) : await pictureFilm(bytes, name);
  if (Math.min(film.rows, film.columns) < MIN_SIDE) {
    refuseFile(
      name,
      `is ${film.columns} x ${film.rows} pixels; a radiograph of at least ${MIN_SIDE} x ${MIN_SIDE} is needed`,
    );
  }
  let [low, high] = [Infinity, -Infinity];
  for (const value of film.data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) refuseFile(name, 'shows nothing: all its pixels have one value');
  return film;
}

/** True when the bytes start as a file that {@link loadRadiograph} may read. */
export function isRadiographFile(bytes: Uint8Array): boolean {
  return isDicom(bytes) || isPng(bytes) || isPicture(bytes);
}

/** A film as it is stored: 16-bit grey PNG, bone bright, and nothing but the pixels. */
export function encodeFilm({ rows, columns, data }: Film): Buffer {
  return encodePng({ rows, columns, data: toUint16(data) });
}

/** The film with the greys that it would be stored with: whole numbers of 16 bits. */
export function inWholeGreys(film: Film): Film {
  return { ...film, data: Float32Array.from(toUint16(film.data)) };
}

/** 257 for a film whose greys go up to 255 and no further, so that its white is 255 and not 65,535; else 1. */
export function greyFactor(film: Pick<Film, 'data'>): number {
  return film.data.every((value) => value <= 255) ? 257 : 1;
}

/** Whole numbers that fit stay as they are; others are shifted, and stretched where they would lose steps. */
function toUint16(data: Float32Array): Uint16Array {
  let [low, high, whole] = [Infinity, -Infinity, true];
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    whole &&= Number.isInteger(value);
  }
  if (whole && low >= 0 && high <= 65535) return Uint16Array.from(data);
  const scale = whole && high - low <= 65535 ? 1 : 65535 / (high - low);
  return Uint16Array.from(data, (value) => Math.round((value - low) * scale));
}

async function dicomFilm(bytes: Uint8Array, name: string): Promise<Film> {
  const { attributes, pixels } = await readDicom({ bytes, name }, true);
  const { rows, columns, frames, pixelSpacing } = attributes;
  if (frames !== 1) refuseFile(name, `holds ${frames} frames; a radiograph has one`);
  return { name, rows, columns, data: Float32Array.from(pixels), pixelSpacing, attributes };
}

async function pictureFilm(bytes: Uint8Array, name: string): Promise<Film> {
  if (!isPng(bytes) && !isPicture(bytes)) {
    refuseFile(name, 'is no DICOM, PNG, TIFF or JPEG file; radiographs are read from these');
  }
  const isPlain = isPng(bytes) && !isInterlaced(bytes);
  const { rows, columns, data } = isPlain ? decodePng(bytes, name) : await readPicture(bytes, name);
  return { name, rows, columns, data: Float32Array.from(data), pixelSpacing: null, attributes: null };
}
