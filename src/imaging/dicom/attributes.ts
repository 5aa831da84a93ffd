import type { DataSet } from 'dicom-parser';
import type { MriAcquisition } from '../../domain/acquisition.js';
import { refuseFile } from '../refuse.js';
import { uidOrNull } from './uid.js';

/** Distances of pixels that a film or an MRI may have, mm. */
const [MIN_SPACING, MAX_SPACING] = [0.001, 100];

/** A triple of mm in DICOM's patient coordinates: x to the patient's left, y to the back, z to the head. */
export type Vector3 = readonly [number, number, number];

/** Pixel Padding Value, and the values from the lowest to the highest, both included, that it and its Range Limit name. */
export interface Padding {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Who the private elements are of in which an object says how a bundle made it. */
export const PRIVATE_CREATOR = 'OSTEOGRAPH';

/** What the platform uses of a DICOM header. Absent or empty elements are null; text is trimmed. */
export interface DicomAttributes {
  readonly transferSyntax: string;
  readonly sopClassUid: string | null;
  readonly sopInstanceUid: string | null;
  readonly studyUid: string | null;
  readonly seriesUid: string | null;
  readonly modality: string | null;
  readonly patientId: string | null;
  readonly studyDate: string | null;
  readonly accessionNumber: string | null;
  readonly studyDescription: string | null;
  readonly seriesDescription: string | null;
  readonly bodyPart: string | null;
  readonly laterality: string | null;
  readonly viewPosition: string | null;
  readonly instanceNumber: number | null;
  /** Values of Image Type, joined by backslashes. */
  readonly imageType: string | null;
  readonly acquisitionNumber: number | null;
  readonly echoNumber: number | null;
  /** ms */
  readonly echoTime: number | null;
  readonly acquisition: Omit<MriAcquisition, 'echoTime' | 'sliceThickness'>;
  readonly sliceLocation: number | null;
  readonly sliceThickness: number | null;
  /** Centre of the first pixel, mm. */
  readonly position: Vector3 | null;
  /** Unit vectors: along a row (to the next column), down a column (to the next row). */
  readonly orientation: readonly [Vector3, Vector3] | null;
  /** mm between rows, mm between columns: PixelSpacing, else, or where that is 0, ImagerPixelSpacing. */
  readonly pixelSpacing: readonly [number, number] | null;
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samplesPerPixel: number;
  readonly photometric: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Stored values of pixels that are padding outside of the image. */
  readonly padding: Padding | null;
  readonly rescaleSlope: number;
  readonly rescaleIntercept: number;
  /** (0008,001C) Synthetic Data: true when YES. */
  readonly synthetic: boolean;
  /** Whether it is synthetic, and says in an element of ours how a bundle made it. */
  readonly madeByBundle: boolean;
  /** (0028,0301) Burned In Annotation: true when YES, and then the pixels may name the patient. */
  readonly burnedIn: boolean;
}

/**
 * Reads the header of a parsed data set.
 * @throws UserError FILE_REFUSED when a needed element is missing or a number is not one
 */
export function readAttributes(dataSet: DataSet, transferSyntax: string, name: string): DicomAttributes {
  const text = (tag: string): string | null => dataSet.string(tag)?.replace(/\0/g, '').trim() || null;
  const uid = (tag: string): string | null => uidOrNull(text(tag));
  const whole = (tag: string, label: string): number =>
    dataSet.uint16(tag) ?? refuseFile(name, `lacks the DICOM element ${label}`);
  const numbers = (tag: string, label: string): number[] | null => readNumbers(text(tag), label, name);
  const number = (tag: string, label: string): number | null => numbers(tag, label)?.[0] ?? null;

  const bitsAllocated = whole('x00280100', 'Bits Allocated');
  const bitsStored = dataSet.uint16('x00280101') ?? bitsAllocated;
  return {
    transferSyntax,
    sopClassUid: uid('x00080016'),
    sopInstanceUid: uid('x00080018'),
    studyUid: text('x0020000d'),
    seriesUid: text('x0020000e'),
    modality: text('x00080060'),
    patientId: text('x00100020'),
    studyDate: text('x00080020'),
    accessionNumber: text('x00080050'),
    studyDescription: text('x00081030'),
    seriesDescription: text('x0008103e'),
    bodyPart: text('x00180015'),
    laterality: text('x00200062') ?? text('x00200060'),
    viewPosition: text('x00185101'),
    instanceNumber: number('x00200013', 'Instance Number'),
    imageType: text('x00080008'),
    acquisitionNumber: number('x00200012', 'Acquisition Number'),
    echoNumber: number('x00180086', 'Echo Numbers'),
    echoTime: number('x00180081', 'Echo Time'),
    acquisition: {
      repetitionTime: number('x00180080', 'Repetition Time'),
      inversionTime: number('x00180082', 'Inversion Time'),
      flipAngle: number('x00181314', 'Flip Angle'),
      fieldStrength: number('x00180087', 'Magnetic Field Strength'),
      pixelBandwidth: number('x00180095', 'Pixel Bandwidth'),
      averages: number('x00180083', 'Number of Averages'),
      manufacturer: equipment(text('x00080070')),
      model: equipment(text('x00081090')),
      receiveCoil: equipment(text('x00181250')),
    },
    sliceLocation: number('x00201041', 'Slice Location'),
    sliceThickness: number('x00180050', 'Slice Thickness'),
    position: toVector(numbers('x00200032', 'Image Position (Patient)'), 'Image Position (Patient)', name),
    orientation: toOrientation(numbers('x00200037', 'Image Orientation (Patient)'), name),
    pixelSpacing: spacingOf(numbers('x00280030', 'Pixel Spacing'), numbers('x00181164', 'Imager Pixel Spacing'), name),
    rows: whole('x00280010', 'Rows'),
    columns: whole('x00280011', 'Columns'),
    frames: number('x00280008', 'Number of Frames') ?? 1,
    samplesPerPixel: dataSet.uint16('x00280002') ?? 1,
    photometric: text('x00280004') ?? refuseFile(name, 'lacks the DICOM element Photometric Interpretation'),
    bitsAllocated,
    bitsStored,
    highBit: dataSet.uint16('x00280102') ?? bitsStored - 1,
    signed: dataSet.uint16('x00280103') === 1,
    padding: paddingOf(dataSet),
    rescaleSlope: number('x00281053', 'Rescale Slope') ?? 1,
    rescaleIntercept: number('x00281052', 'Rescale Intercept') ?? 0,
    synthetic: text('x0008001c') === 'YES',
    madeByBundle: isMadeByBundle(dataSet),
    burnedIn: text('x00280301') === 'YES',
  };
}

/** Whether an object is synthetic, and says in an element of ours how a bundle made it. */
export function isMadeByBundle(dataSet: DataSet): boolean {
  const text = (tag: string) => dataSet.string(tag)?.replace(/\0/g, '').trim();
  return text('x0008001c') === 'YES' && text('x00990010') === PRIVATE_CREATOR;
}

/** Some machines fill Pixel Spacing with zeros when they know of the detector only. */
function spacingOf(
  pixel: readonly number[] | null,
  imager: readonly number[] | null,
  name: string,
): readonly [number, number] | null {
  const isFilledIn = pixel !== null && (imager === null || pixel.some((value) => value !== 0));
  return toSpacing(isFilledIn ? pixel : imager, name);
}

/** Names of equipment hold letters, digits and few signs; what else stands there, or is longer, is not kept. */
function equipment(text: string | null): string | null {
  return text !== null && /^[\w .,:;/+()-]{1,64}$/.test(text) ? text : null;
}

/** Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2), signed where the pixels are. */
function paddingOf(dataSet: DataSet): Padding | null {
  const read = (tag: string) => (dataSet.uint16('x00280103') === 1 ? dataSet.int16(tag) : dataSet.uint16(tag));
  const value = read('x00280120');
  if (value === undefined) return null;
  const limit = read('x00280121') ?? value;
  return { value, low: Math.min(value, limit), high: Math.max(value, limit) };
}

/** Backslash-separated decimal strings. Nothing but blanks counts as absent. */
export function readNumbers(text: string | null, label: string, name: string): number[] | null {
  if (text === null || text.replace(/[\\\s]/g, '') === '') return null;
  const values = text.split('\\').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!values.every(Number.isFinite)) refuseFile(name, `has something as ${label} that is not a number`);
  return values;
}

export function toVector(values: readonly number[] | null, label: string, name: string): Vector3 | null {
  if (values === null) return null;
  const [x, y, z] = values;
  if (values.length !== 3 || x === undefined || y === undefined || z === undefined) {
    return refuseFile(name, `has ${values.length} numbers as ${label} where 3 are needed`);
  }
  return [x, y, z];
}

export function toOrientation(values: readonly number[] | null, name: string): readonly [Vector3, Vector3] | null {
  if (values === null) return null;
  const label = 'Image Orientation (Patient)';
  const right = toVector(values.slice(0, 3), label, name);
  const down = toVector(values.slice(3), label, name);
  if (!right || !down) return null;
  const length = (v: Vector3): number => Math.hypot(...v);
  const cosine = right[0] * down[0] + right[1] * down[1] + right[2] * down[2];
  if (Math.abs(length(right) - 1) > 0.01 || Math.abs(length(down) - 1) > 0.01 || Math.abs(cosine) > 0.01) {
    refuseFile(name, `has an ${label} that is not two perpendicular unit vectors`);
  }
  return [right, down];
}

export function toSpacing(values: readonly number[] | null, name: string): readonly [number, number] | null {
  if (values === null) return null;
  const [betweenRows, betweenColumns = betweenRows] = values;
  if (!isSpacing(betweenRows) || !isSpacing(betweenColumns)) {
    return refuseFile(
      name,
      `has a pixel spacing of ${values.join(' x ')} mm; ${MIN_SPACING} to ${MAX_SPACING} mm are accepted`,
    );
  }
  return [betweenRows, betweenColumns];
}

function isSpacing(value: number | undefined): value is number {
  return value !== undefined && value >= MIN_SPACING && value <= MAX_SPACING;
}
