import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodeDicom, type DicomKeywords } from '../../src/imaging/dicom/write.js';
import { readSeries, scanSeries, type DicomSeries } from '../../src/imaging/dicom/series.js';
import { STORED_AXES, type Volume } from '../../src/imaging/volume.js';

type Vector = readonly [number, number, number];

const realSeries = join(packageRoot, '../shared/data/mri-knee-sagittal-dicom');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osteograph-series-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const COLUMNS = 6;
const ROWS = 4;
const PIXEL = 2;
const GAP = 3;

/** Directions in DICOM's LPS: x to the patient's left, y to the back, z to the head. */
const CORONAL: readonly [Vector, Vector] = [
  [1, 0, 0],
  [0, 0, -1],
];

/** What the test anatomy shows at a place in the body; every axis changes it by another amount. */
function anatomy([x, y, z]: Vector): number {
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
function writeSlice(instance: number, options: SliceOptions = {}): void {
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

async function only(): Promise<DicomSeries> {
  const { series, refused } = await scanSeries(folder);
  expect(refused).toEqual([]);
  expect(series).toHaveLength(1);
  return series[0]!;
}

/** Checks every voxel against the anatomy at the place its affine gives, and the directions of the stored axes. */
function expectAnatomy(volume: Volume, plane: keyof typeof STORED_AXES): void {
  const { columns, rows, slices, affine, data } = volume;
  let index = 0;
  for (let slice = 0; slice < slices; slice++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const ras = [0, 4, 8].map(
          (at) => affine[at]! * column + affine[at + 1]! * row + affine[at + 2]! * slice + affine[at + 3]!,
        );
        expect(data[index++]).toBe(anatomy([-ras[0]!, -ras[1]!, ras[2]!]));
      }
    }
  }
  STORED_AXES[plane].forEach((axis, voxelAxis) => {
    const along = axis.reduce((sum, part, at) => sum + part * affine[4 * at + voxelAxis]!, 0);
    expect(along).toBeCloseTo(volume.spacing[voxelAxis]!, 6);
  });
}

describe('a coronal series', () => {
  test('is ordered from posterior to anterior by position, whatever the file names and instance numbers say', async () => {
    for (const instance of [3, 1, 5, 2, 4]) writeSlice(instance, { file: `${(instance * 7) % 11}.dcm` });
    const series = await only();
    expect(series).toMatchObject({ plane: 'CORONAL', orderedBy: 'position', echo: null });
    // LPS y grows to the back, so instance 5 lies most posterior.
    expect(series.files.map((file) => file.attributes.instanceNumber)).toEqual([5, 4, 3, 2, 1]);
    const volume = await readSeries(series);
    expect(volume).toMatchObject({ columns: COLUMNS, rows: ROWS, slices: 5, spacing: [PIXEL, PIXEL, GAP] });
    expectAnatomy(volume, 'CORONAL');
  });

  test.each<[string, Vector, Vector]>([
    ['columns from left to right', [-1, 0, 0], [0, 0, -1]],
    ['rows from feet to head', [1, 0, 0], [0, 0, 1]],
    ['rows and columns exchanged', [0, 0, -1], [1, 0, 0]],
    ['rows and columns exchanged and both reversed', [0, 0, 1], [-1, 0, 0]],
  ])('with %s is turned to the radiological view', async (_, right, down) => {
    for (const instance of [1, 2, 3]) writeSlice(instance, { right, down });
    expectAnatomy(await readSeries(await only()), 'CORONAL');
  });

  test('of several echoes is split into one series per echo', async () => {
    for (const instance of [1, 2, 3]) {
      for (const echo of [1, 2]) {
        writeSlice(instance, { file: `${instance}-${echo}`, elements: { EchoNumbers: echo, EchoTime: 10 * echo } });
      }
    }
    const { series } = await scanSeries(folder);
    expect(series.map(({ echo, files }) => [echo, files.length])).toEqual([
      [1, 3],
      [2, 3],
    ]);
  });

  test('without positions is ordered by slice location, and named coronal by its description', async () => {
    for (const instance of [1, 2, 3]) {
      writeSlice(instance, { position: null, elements: { SliceLocation: -2 * instance } });
    }
    const series = await only();
    expect(series).toMatchObject({ plane: 'CORONAL', orderedBy: 'location' });
    expect(series.files.map((file) => file.attributes.instanceNumber)).toEqual([3, 2, 1]);
    expect((await readSeries(series)).spacing).toEqual([PIXEL, PIXEL, 2]);
  });

  test('without positions and locations is ordered by instance number', async () => {
    for (const instance of [10, 9, 11]) writeSlice(instance, { position: null, file: `${instance}` });
    const series = await only();
    expect(series.orderedBy).toBe('instance');
    expect(series.files.map((file) => file.attributes.instanceNumber)).toEqual([9, 10, 11]);
    expect((await readSeries(series)).spacing[2]).toBe(GAP);
  });
});

test('sagittal and axial series are recognised and stored in their own order', async () => {
  for (const instance of [1, 2, 3]) {
    const sagittal = { right: [0, 1, 0], down: [0, 0, -1], position: [instance * GAP, 0, 0], uid: '2.25.10' } as const;
    const axial = { right: [1, 0, 0], down: [0, 1, 0], position: [0, 0, -instance * GAP], uid: '2.25.11' } as const;
    writeSlice(instance, { ...sagittal, file: `s${instance}` });
    writeSlice(instance, { ...axial, file: `a${instance}` });
  }
  const { series } = await scanSeries(folder);
  expect(series.map(({ plane }) => plane).sort()).toEqual(['AXIAL', 'SAGITTAL']);
  for (const one of series) expectAnatomy(await readSeries(one), one.plane!);
});

describe('a series that cannot be used is refused with one sentence', () => {
  test.each<[string, () => void, RegExp]>([
    ['a missing slice', () => [1, 2, 4, 5].forEach((n) => writeSlice(n)), /3\.00 to 6\.00 mm apart: one is missing/],
    [
      'a double slice',
      () => [1, 2, 3].forEach((n) => writeSlice(n, { position: [0, Math.min(n, 2) * GAP, 0] })),
      /same position/,
    ],
    ['another size', () => [1, 2].forEach((n) => writeSlice(n, { rows: ROWS + n })), /mixes slices of 6 x/],
    [
      'another orientation',
      () => [1, 2].forEach((n) => writeSlice(n, n === 2 ? { right: [0.8, 0.6, 0] } : {})),
      /different orientation/,
    ],
    [
      'no pixel spacing',
      () => [1, 2].forEach((n) => writeSlice(n, { elements: { PixelSpacing: [] } })),
      /pixel spacing/,
    ],
  ])('%s', async (_, write, message) => {
    write();
    const series = await only();
    await expect(readSeries(series)).rejects.toThrow(message);
    await expect(readSeries(series)).rejects.toThrow(/^COR T1 3D FLASH RIGHT .*[^.]\.$/);
  });
});

test('files that are no DICOM are listed with their reason, and the rest goes on', async () => {
  for (const instance of [1, 2, 3]) writeSlice(instance);
  writeFileSync(join(folder, 'notes.txt'), 'scanner was warm');
  const { series, refused } = await scanSeries(folder);
  expect(series[0]?.files).toHaveLength(3);
  expect(refused).toEqual([{ path: 'notes.txt', reason: 'notes.txt is not a DICOM file.' }]);
});

(existsSync(realSeries) ? test : test.skip)('the real sagittal series of ../shared/data becomes a volume', async () => {
  const { series, refused } = await scanSeries(realSeries);
  expect(refused.map(({ path }) => path)).toEqual(['NOTICE.md']);
  expect(series).toHaveLength(1);
  expect(series[0]).toMatchObject({ plane: 'SAGITTAL', orderedBy: 'position', echo: null });
  const volume = await readSeries(series[0]!);
  expect(volume).toMatchObject({ columns: 256, rows: 256, slices: 24 });
  expect(volume.spacing[2]).toBeCloseTo(4, 2);
});
