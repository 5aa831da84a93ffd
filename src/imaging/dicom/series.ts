import type { Strip } from '../../domain/strips.js';
import { cleanDescription } from '../deidentification/words.js';
import { assertPixelCount, refuseFile } from '../refuse.js';
import { centredAffine, STORED_AXES, type Affine, type Plane, type Volume } from '../volume.js';
import type { DicomAttributes, Vector3 } from './attributes.js';
import { readStored } from './read.js';
import { type PixelData, rescale } from './stored-values.js';
import { type DicomSeries, type SeriesFile, towardsStored } from './scan.js';
import { cross, dot, scale, subtract, toLps } from './vectors.js';

export { type DicomSeries, type RefusedFile, scanSeries } from './scan.js';

/** A series whose slices are read one at a time. */
export interface SeriesSlices extends Omit<Volume, 'data'> {
  /** What messages call it. */
  readonly name: string;
  /** The pixels of a slice, rows x columns values. @throws UserError FILE_REFUSED when its file cannot be read */
  read(index: number): Promise<PixelData>;
}

/**
 * Checks the headers of a series and opens it for reading slice by slice, stored as `STORED_AXES` says: in-plane axes are turned and
 * flipped where the scanner chose others, and the affine follows.
 *
 * @param redact strips of every slice that are made black
 * @throws UserError FILE_REFUSED when slices differ in size or orientation, overlap or are missing
 */
export function openSlices(series: DicomSeries, redact: readonly Strip[] = []): SeriesSlices {
  const { files, plane } = series;
  // Messages are kept in reports: a description may hold a name.
  const name = cleanDescription(series.attributes.seriesDescription) ?? 'The series';
  const first = series.attributes;
  if (first.frames !== 1) refuseFile(name, `has ${first.frames} frames in one file; one slice per file is read`);
  assertPixelCount(name, first.columns, first.rows);
  if (first.imageType?.split('\\').includes('MOSAIC'))
    refuseFile(name, 'is a mosaic of slices; one slice per image is read');
  assertConsistent(files, name);
  assertOrdered(series, name);
  const [rowSpacing, columnSpacing] = first.pixelSpacing ?? refuseFile(name, 'does not give its pixel spacing');
  const sliceSpacing = series.orderedBy === 'instance' ? sliceSpacingGuess(first) : regularSpacing(series, name);

  const turn = plane && first.orientation ? inPlaneTurn(first.orientation, plane) : UPRIGHT;
  const size = turn.transpose ? [first.rows, first.columns] : [first.columns, first.rows];
  const [columns, rows] = [size[0]!, size[1]!];
  const spacing = turn.transpose
    ? ([rowSpacing, columnSpacing, sliceSpacing] as const)
    : ([columnSpacing, rowSpacing, sliceSpacing] as const);
  const slices = slicesInTurn(redact);
  const placed = volumeAffine(series, turn, [columns, rows, files.length], spacing);
  return {
    ...{ name, columns, rows, slices: files.length, spacing, ...placed },
    async read(index) {
      const pixels = await slices(files[index]!);
      if (pixels.length !== rows * columns) refuseFile(name, 'changed while it was read');
      const turned = newLike(pixels, pixels.length);
      turnPixels(pixels, { rows: first.rows, columns: first.columns }, turn, turned);
      return turned;
    },
  };
}

/**
 * Reads the pixels of a series into one volume. One series is in memory at a time.
 *
 * @throws UserError FILE_REFUSED as {@link openSlices}, and when a file cannot be read
 */
export async function readSeries(series: DicomSeries, redact: readonly Strip[] = []): Promise<Volume> {
  const { name, read, ...grid } = openSlices(series, redact);
  const { columns, rows, slices } = grid;
  assertPixelCount(name, columns, rows, slices);
  const voxels = rows * columns;
  let data: PixelData | undefined;
  for (let index = 0; index < slices; index++) {
    const pixels = await read(index);
    data ??= newLike(pixels, voxels * slices);
    if (data.constructor !== pixels.constructor) data = Float32Array.from(data);
    data.set(pixels, index * voxels);
  }
  return { ...grid, data: data! };
}

/** Reads slices one after the other; a file of many frames is unpacked once as long as they are of one file. */
function slicesInTurn(redact: readonly Strip[]): (slice: SeriesFile) => Promise<PixelData> {
  let held: { path: string; file: Awaited<ReturnType<typeof readStored>> } | undefined;
  return async ({ path, frame, attributes }) => {
    if (held?.path !== path) held = { path, file: await readStored(path, { strips: redact }) };
    const { values, attributes: whole } = held.file;
    const size = whole.rows * whole.columns;
    return rescale(values.subarray(frame * size, (frame + 1) * size), attributes);
  };
}

/** Cosine of half a degree: slices that are turned further against each other are not of one volume. */
const SAME_DIRECTION = Math.cos((0.5 * Math.PI) / 180);

function assertConsistent(files: readonly SeriesFile[], name: string): void {
  const { rows, columns, orientation, pixelSpacing } = files[0]!.attributes;
  const unplaced = files.filter(({ attributes: { position } }) => position === null).length;
  if (unplaced > 0 && unplaced < files.length) {
    refuseFile(name, `has ${unplaced} of ${files.length} slices without an Image Position (Patient)`);
  }
  for (const { attributes } of files) {
    if (attributes.rows !== rows || attributes.columns !== columns) {
      refuseFile(name, `mixes slices of ${columns} x ${rows} and ${attributes.columns} x ${attributes.rows} pixels`);
    }
    const other = attributes.pixelSpacing;
    if (pixelSpacing?.some((spacing, axis) => Math.abs(spacing - (other?.[axis] ?? 0)) > 1e-3 * spacing)) {
      refuseFile(
        name,
        `mixes slices with pixels of ${pixelSpacing.join(' x ')} and ${other?.join(' x ') ?? 'unknown'} mm`,
      );
    }
    const turned = (orientation === null) !== (attributes.orientation === null);
    const differs = orientation?.some(
      (axis, index) => dot(axis, attributes.orientation?.[index] ?? axis) < SAME_DIRECTION,
    );
    if (turned || differs) refuseFile(name, 'mixes slices of different orientation');
  }
}

/** Slices without places need numbers of their own, or their order would be that of their files' names. */
function assertOrdered({ files, orderedBy }: DicomSeries, name: string): void {
  const numbers = new Set(files.map(({ attributes: { instanceNumber } }) => instanceNumber));
  if (orderedBy === 'instance' && (numbers.size !== files.length || numbers.has(null)) && files.length > 1) {
    refuseFile(name, 'does not say in which order its slices lie, neither by position nor by number');
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
