import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DicomSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { encodeDicom, type DicomKeywords } from '../../src/imaging/dicom/write.js';

export type Vector = readonly [number, number, number];

export const COLUMNS = 6;
export const ROWS = 4;
export const PIXEL = 2;
export const GAP = 3;

/** Directions in DICOM's LPS: x to the patient's left, y to the back, z to the head. */
const CORONAL: readonly [Vector, Vector] = [
  [1, 0, 0],
  [0, 0, -1],
];

/** What the test anatomy shows at a place in the body; every axis changes it by another amount. */
export function anatomy([x, y, z]: Vector): number {
  return Math.round(20000 + 7 * x + 101 * y + 1009 * z);
}

interface SliceOptions {
  readonly file?: string;
  readonly right?: Vector;
  readonly down?: Vector;
  readonly position?: Vector | null;
  readonly uid?: string;
  readonly rows?: number;
  readonly elements?: DicomKeywords;
}

/** Writes one slice whose pixels are the anatomy at their own places. */
export function writeSlice(folder: string, instance: number, options: SliceOptions = {}): void {
  const {
    right = CORONAL[0],
    down = CORONAL[1],
    position = [-5, instance * GAP, 4],
    uid = '2.25.9',
    rows = ROWS,
  } = options;
  const pixels = new Uint16Array(rows * COLUMNS);
  const at = position ?? [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const place = at.map((value, axis) => value + PIXEL * (column * right[axis]! + row * down[axis]!));
      pixels[row * COLUMNS + column] = anatomy(place as unknown as Vector);
    }
  }
  const bytes = encodeDicom({
    pixels,
    rows,
    columns: COLUMNS,
    photometric: 'MONOCHROME2',
    bitsStored: 16,
    sopClass: 'MR',
    sopInstanceUid: `2.25.${1000 + instance}`,
    elements: {
      SeriesInstanceUID: uid,
      SeriesDescription: 'COR_T1_3D_FLASH_RIGHT',
      InstanceNumber: instance,
      SliceThickness: GAP,
      PixelSpacing: [PIXEL, PIXEL],
      ...(position ? { ImagePositionPatient: [...position], ImageOrientationPatient: [...right, ...down] } : {}),
      ...options.elements,
    },
  });
  writeFileSync(join(folder, options.file ?? String(instance).padStart(3, '0')), bytes);
}

/** The one series that a folder holds, which all of its files are of. */
export async function onlySeries(folder: string): Promise<DicomSeries> {
  const { series, refused } = await scanSeries(folder);
  expect(refused).toEqual([]);
  expect(series).toHaveLength(1);
  return series[0]!;
}
