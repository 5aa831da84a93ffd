import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import { STORED_AXES, type Volume } from '../../src/imaging/volume.js';
import { anatomy, COLUMNS, GAP, onlySeries, PIXEL, ROWS, type Vector, writeSlice } from '../helpers/series-slices.js';

const realSeries = join(packageRoot, '../shared/data/mri-knee-sagittal-dicom');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osteograph-series-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

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
    for (const instance of [3, 1, 5, 2, 4]) writeSlice(folder, instance, { file: `${(instance * 7) % 11}.dcm` });
    const series = await onlySeries(folder);
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
    for (const instance of [1, 2, 3]) writeSlice(folder, instance, { right, down });
    expectAnatomy(await readSeries(await onlySeries(folder)), 'CORONAL');
  });

  test('of several echoes is split into one series per echo', async () => {
    for (const instance of [1, 2, 3]) {
      for (const echo of [1, 2]) {
        writeSlice(folder, instance, {
          file: `${instance}-${echo}`,
          elements: { EchoNumbers: echo, EchoTime: 10 * echo },
        });
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
      writeSlice(folder, instance, { position: null, elements: { SliceLocation: -2 * instance } });
    }
    const series = await onlySeries(folder);
    expect(series).toMatchObject({ plane: 'CORONAL', orderedBy: 'location' });
    expect(series.files.map((file) => file.attributes.instanceNumber)).toEqual([3, 2, 1]);
    expect((await readSeries(series)).spacing).toEqual([PIXEL, PIXEL, 2]);
  });

  test('without positions and locations is ordered by instance number', async () => {
    for (const instance of [10, 9, 11]) writeSlice(folder, instance, { position: null, file: `${instance}` });
    const series = await onlySeries(folder);
    expect(series.orderedBy).toBe('instance');
    expect(series.files.map((file) => file.attributes.instanceNumber)).toEqual([9, 10, 11]);
    expect((await readSeries(series)).spacing[2]).toBe(GAP);
  });
});

test('sagittal and axial series are recognised and stored in their own order', async () => {
  for (const instance of [1, 2, 3]) {
    const sagittal = { right: [0, 1, 0], down: [0, 0, -1], position: [instance * GAP, 0, 0], uid: '2.25.10' } as const;
    const axial = { right: [1, 0, 0], down: [0, 1, 0], position: [0, 0, -instance * GAP], uid: '2.25.11' } as const;
    writeSlice(folder, instance, { ...sagittal, file: `s${instance}` });
    writeSlice(folder, instance, { ...axial, file: `a${instance}` });
  }
  const { series } = await scanSeries(folder);
  expect(series.map(({ plane }) => plane).sort()).toEqual(['AXIAL', 'SAGITTAL']);
  for (const one of series) expectAnatomy(await readSeries(one), one.plane!);
});

describe('a series that cannot be used is refused with one sentence', () => {
  test.each<[string, () => void, RegExp]>([
    [
      'a missing slice',
      () => [1, 2, 4, 5].forEach((n) => writeSlice(folder, n)),
      /3\.00 to 6\.00 mm apart: one is missing/,
    ],
    [
      'a double slice',
      () => [1, 2, 3].forEach((n) => writeSlice(folder, n, { position: [0, Math.min(n, 2) * GAP, 0] })),
      /same position/,
    ],
    ['another size', () => [1, 2].forEach((n) => writeSlice(folder, n, { rows: ROWS + n })), /mixes slices of 6 x/],
    [
      'another orientation',
      () => [1, 2].forEach((n) => writeSlice(folder, n, n === 2 ? { right: [0.8, 0.6, 0] } : {})),
      /different orientation/,
    ],
    [
      'a slice that is turned by two degrees',
      () => [1, 2, 3].forEach((n) => writeSlice(folder, n, n === 2 ? { right: [0.99939, 0.0349, 0] } : {})),
      /different orientation/,
    ],
    [
      'a slice with pixels of another size',
      () => [1, 2, 3].forEach((n) => writeSlice(folder, n, n === 2 ? { elements: { PixelSpacing: [1, 1] } } : {})),
      /mixes slices with pixels of 2 x 2 and 1 x 1 mm/,
    ],
    [
      'a slice without a position',
      () => [1, 2, 3].forEach((n) => writeSlice(folder, n, n === 2 ? { position: null } : {})),
      /1 of 3 slices without an Image Position/,
    ],
    [
      'slices without position that all have one number',
      () => [1, 2, 3].forEach((n) => writeSlice(folder, n, { position: null, elements: { InstanceNumber: 1 } })),
      /does not say in which order its slices lie/,
    ],
    [
      'a mosaic',
      () => writeSlice(folder, 1, { elements: { ImageType: ['ORIGINAL', 'PRIMARY', 'M', 'MOSAIC'] } }),
      /is a mosaic of slices/,
    ],
    [
      'no pixel spacing',
      () => [1, 2].forEach((n) => writeSlice(folder, n, { elements: { PixelSpacing: [] } })),
      /pixel spacing/,
    ],
  ])('%s', async (_, write, message) => {
    write();
    const series = await onlySeries(folder);
    await expect(readSeries(series)).rejects.toThrow(message);
    await expect(readSeries(series)).rejects.toThrow(/^COR T1 3D FLASH RIGHT .*[^.]\.$/);
  });
});

test('files that are no DICOM are listed with their reason, and the rest goes on', async () => {
  for (const instance of [1, 2, 3]) writeSlice(folder, instance);
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
