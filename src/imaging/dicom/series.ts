import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UserError } from '../../domain/errors.js';
import { cleanDescription } from '../deidentify.js';
import { assertPixelCount, refuseFile } from '../refuse.js';
import { centredAffine, STORED_AXES, type Affine, type Plane, type Volume } from '../volume.js';
import type { DicomAttributes, Vector3 } from './attributes.js';
import { readDicom, readDicomHeader, type PixelData } from './read.js';

/** One file of a series. */
interface SeriesFile {
  readonly path: string;
  readonly attributes: DicomAttributes;
}

/** The files of one echo of one DICOM series, in slice order. Only headers are held. */
export interface DicomSeries {
  readonly seriesUid: string;
  /** Echo number of a multi-echo series, else null. */
  readonly echo: number | null;
  /** From position, else from the words COR, SAG or AX in the description; null when neither says. */
  readonly plane: Plane | null;
  /** What the slices were ordered by. Without positions the direction of the order is not known. */
  readonly orderedBy: 'position' | 'location' | 'instance';
  readonly files: readonly SeriesFile[];
  /** Header of the first file: what all files share. */
  readonly attributes: DicomAttributes;
}

export interface RefusedFile {
  /** Path below the scanned folder. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Reads the headers below a folder and groups the files into series, one per SeriesInstanceUID and echo.
 * A file that cannot be read is listed as refused, and the rest goes on.
 */
export async function scanSeries(folder: string): Promise<{ series: DicomSeries[]; refused: RefusedFile[] }> {
  const groups = new Map<string, SeriesFile[]>();
  const refused: RefusedFile[] = [];
  for (const path of await listFiles(folder)) {
    try {
      const attributes = await readDicomHeader(path);
      const key = JSON.stringify([attributes.seriesUid, echoOf(attributes)]);
      const group = groups.get(key) ?? [];
      group.push({ path, attributes });
      groups.set(key, group);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refused.push({ path: relative(folder, path), reason: error.message });
    }
  }
  const echoes = new Map<string, number>();
  for (const files of groups.values()) {
    const uid = files[0]!.attributes.seriesUid ?? '';
    echoes.set(uid, (echoes.get(uid) ?? 0) + 1);
  }
  const series = [...groups.values()].map((files) => {
    const multiEcho = echoes.get(files[0]!.attributes.seriesUid ?? '')! > 1;
    return orderSeries(files, multiEcho);
  });
  return { series, refused };
}

/**
 * Reads the pixels of a series into one volume, stored as `STORED_AXES` says: in-plane axes are turned and flipped where the
 * scanner chose others, and the affine follows. One series is in memory at a time.
 * @throws UserError FILE_REFUSED when slices differ in size or orientation, overlap, are missing, or cannot be read
 */
export async function readSeries(series: DicomSeries): Promise<Volume> {
  const { files, plane } = series;
  // Messages are kept in reports: a description may hold a name.
  const name = cleanDescription(series.attributes.seriesDescription) ?? 'The series';
  const first = series.attributes;
  if (first.frames !== 1) refuseFile(name, `has ${first.frames} frames in one file; one slice per file is read`);
  assertPixelCount(name, first.columns, first.rows, files.length);
  assertConsistent(files, name);
  const [rowSpacing, columnSpacing] = first.pixelSpacing ?? refuseFile(name, 'does not give its pixel spacing');
  const sliceSpacing = series.orderedBy === 'instance' ? sliceSpacingGuess(first) : regularSpacing(series, name);

  const turn = plane && first.orientation ? inPlaneTurn(first.orientation, plane) : UPRIGHT;
  const size = turn.transpose ? [first.rows, first.columns] : [first.columns, first.rows];
  const [columns, rows] = [size[0]!, size[1]!];
  const spacing = turn.transpose
    ? ([rowSpacing, columnSpacing, sliceSpacing] as const)
    : ([columnSpacing, rowSpacing, sliceSpacing] as const);
  const data = await readSlices(files, first, turn, name);
  const placed = volumeAffine(series, turn, [columns, rows, files.length], spacing);
  return { columns, rows, slices: files.length, data, spacing, ...placed };
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Echo number, or the echo time where files of one series lack numbers. */
function echoOf(attributes: DicomAttributes): number | null {
  return attributes.echoNumber ?? attributes.echoTime;
}

function orderSeries(files: readonly SeriesFile[], multiEcho: boolean): DicomSeries {
  const { attributes } = files[0]!;
  const normal = attributes.orientation && cross(...attributes.orientation);
  const plane = normal ? planeOfNormal(normal) : planeOfDescription(attributes.seriesDescription);
  const by = (key: (file: SeriesFile) => number | null): SeriesFile[] | null =>
    files.every((file) => key(file) !== null) ? [...files].sort((a, b) => key(a)! - key(b)!) : null;

  const forward = normal && plane ? towardsStored(normal, plane) : null;
  const byPosition = forward ? by(({ attributes: { position } }) => position && dot(position, forward)) : null;
  const byLocation = by((file) => file.attributes.sliceLocation);
  const byInstance = by((file) => file.attributes.instanceNumber) ?? [...files];
  const distinct = new Set(files.map((file) => file.attributes.sliceLocation)).size === files.length;
  const ordered = byPosition ?? (distinct ? byLocation : null) ?? byInstance;
  return {
    seriesUid: attributes.seriesUid ?? '',
    echo: multiEcho ? echoOf(attributes) : null,
    plane,
    orderedBy: ordered === byPosition ? 'position' : ordered === byLocation ? 'location' : 'instance',
    files: ordered,
    attributes: ordered[0]!.attributes,
  };
}

function planeOfNormal(normal: Vector3): Plane {
  const [x, y, z] = normal.map(Math.abs) as [number, number, number];
  if (y >= x && y >= z) return 'CORONAL';
  return x >= z ? 'SAGITTAL' : 'AXIAL';
}

function planeOfDescription(description: string | null): Plane | null {
  const words = description?.toUpperCase() ?? '';
  if (/\bCOR|_COR/.test(words)) return 'CORONAL';
  if (/\bSAG|_SAG/.test(words)) return 'SAGITTAL';
  return /\bAX|_AX/.test(words) ? 'AXIAL' : null;
}

/** The slice normal, turned so that it points the way slices of that plane are stored. */
function towardsStored(normal: Vector3, plane: Plane): Vector3 {
  const stored = toLps(STORED_AXES[plane][2]);
  return dot(normal, stored) < 0 ? [-normal[0], -normal[1], -normal[2]] : normal;
}

function assertConsistent(files: readonly SeriesFile[], name: string): void {
  const [first] = files;
  for (const { attributes } of files) {
    const { rows, columns, orientation } = first!.attributes;
    if (attributes.rows !== rows || attributes.columns !== columns) {
      refuseFile(name, `mixes slices of ${columns} x ${rows} and ${attributes.columns} x ${attributes.rows} pixels`);
    }
    const turned = (orientation === null) !== (attributes.orientation === null);
    const differs = orientation?.some(
      (axis, index) => Math.abs(dot(axis, attributes.orientation?.[index] ?? axis) - 1) > 1e-3,
    );
    if (turned || differs) refuseFile(name, 'mixes slices of different orientation');
  }
}

/** Median distance of neighbouring slices, mm; refuses doubles and gaps. */
function regularSpacing(series: DicomSeries, name: string): number {
  const { files, orderedBy, plane, attributes } = series;
  if (files.length === 1) return sliceSpacingGuess(attributes);
  const normal = towardsStored(cross(...(attributes.orientation ?? UNIT_AXES)), plane ?? 'AXIAL');
  const places = files.map(({ attributes: { position, sliceLocation } }) =>
    orderedBy === 'position' ? dot(position!, normal) : sliceLocation!,
  );
  const steps = places.slice(1).map((place, index) => place - places[index]!);
  const typical = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)]!;
  if (!(Math.min(...steps) > 0.01)) refuseFile(name, 'has two slices at the same position');
  if (Math.max(...steps) - Math.min(...steps) > Math.max(0.05, 0.1 * typical)) {
    const range = `${Math.min(...steps).toFixed(2)} to ${Math.max(...steps).toFixed(2)} mm`;
    refuseFile(name, `has slices ${range} apart: one is missing or misplaced`);
  }
  return (places.at(-1)! - places[0]!) / steps.length;
}

function sliceSpacingGuess({ sliceThickness }: DicomAttributes): number {
  return sliceThickness !== null && sliceThickness > 0 ? sliceThickness : 1;
}

/** How pixels of a file are put into the stored axes: transposed first, then flipped. */
interface Turn {
  readonly transpose: boolean;
  readonly flipColumns: boolean;
  readonly flipRows: boolean;
}

const UPRIGHT: Turn = { transpose: false, flipColumns: false, flipRows: false };
const UNIT_AXES: readonly [Vector3, Vector3] = [
  [1, 0, 0],
  [0, 1, 0],
];

function inPlaneTurn([right, down]: readonly [Vector3, Vector3], plane: Plane): Turn {
  const column = toLps(STORED_AXES[plane][0]);
  const row = toLps(STORED_AXES[plane][1]);
  const transpose = Math.abs(dot(right, column)) < Math.abs(dot(down, column));
  const [toColumn, toRow] = transpose ? [down, right] : [right, down];
  return { transpose, flipColumns: dot(toColumn, column) < 0, flipRows: dot(toRow, row) < 0 };
}

async function readSlices(
  files: readonly SeriesFile[],
  { rows, columns }: DicomAttributes,
  turn: Turn,
  name: string,
): Promise<PixelData> {
  const voxels = rows * columns;
  let data: PixelData | undefined;
  for (const [index, { path }] of files.entries()) {
    const { pixels } = await readDicom(path);
    if (pixels.length !== voxels) refuseFile(name, 'changed while it was read');
    data ??= newLike(pixels, voxels * files.length);
    if (data.constructor !== pixels.constructor) data = Float32Array.from(data);
    turnPixels(pixels, { rows, columns }, turn, data.subarray(index * voxels, (index + 1) * voxels));
  }
  return data!;
}

function newLike(pixels: PixelData, length: number): PixelData {
  if (pixels instanceof Uint16Array) return new Uint16Array(length);
  return pixels instanceof Int16Array ? new Int16Array(length) : new Float32Array(length);
}

function turnPixels(source: PixelData, size: { rows: number; columns: number }, turn: Turn, target: PixelData): void {
  if (turn === UPRIGHT || (!turn.transpose && !turn.flipColumns && !turn.flipRows)) return target.set(source);
  const [outRows, outColumns] = turn.transpose ? [size.columns, size.rows] : [size.rows, size.columns];
  for (let row = 0; row < outRows; row++) {
    const down = turn.flipRows ? outRows - 1 - row : row;
    for (let column = 0; column < outColumns; column++) {
      const across = turn.flipColumns ? outColumns - 1 - column : column;
      target[row * outColumns + column] =
        source[turn.transpose ? across * size.columns + down : down * size.columns + across]!;
    }
  }
}

function volumeAffine(
  series: DicomSeries,
  turn: Turn,
  size: readonly [number, number, number],
  spacing: Volume['spacing'],
): Pick<Volume, 'affine' | 'placement'> {
  const { orientation, position } = series.attributes;
  if (!orientation || !position || !series.plane || series.orderedBy !== 'position') {
    return { affine: centredAffine(series.plane ?? 'CORONAL', size, spacing), placement: 'UNKNOWN' };
  }
  const last = series.files.at(-1)!.attributes.position!;
  const [columns, rows, slices] = size;
  const [toColumn, toRow] = turn.transpose ? [orientation[1], orientation[0]] : orientation;
  const column = scale(toColumn, turn.flipColumns ? -spacing[0] : spacing[0]);
  const row = scale(toRow, turn.flipRows ? -spacing[1] : spacing[1]);
  const slice =
    slices > 1
      ? scale(subtract(last, position), 1 / (slices - 1))
      : scale(towardsStored(cross(...orientation), series.plane), spacing[2]);
  // The first voxel is the corner that flipping has brought to the front.
  let origin = position;
  if (turn.flipColumns) origin = subtract(origin, scale(column, columns - 1));
  if (turn.flipRows) origin = subtract(origin, scale(row, rows - 1));
  const [c, r, s, o] = [column, row, slice, origin];
  const affine: Affine = [-c[0], -r[0], -s[0], -o[0], -c[1], -r[1], -s[1], -o[1], c[2], r[2], s[2], o[2]];
  return { affine, placement: 'SCANNER' };
}

/** RAS and DICOM's LPS differ in the sign of x and y, in both directions. */
function toLps([x, y, z]: Vector3): Vector3 {
  return [-x, -y, z];
}

function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function scale(a: Vector3, factor: number): Vector3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

function subtract(a: Vector3, b: Vector3): Vector3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
