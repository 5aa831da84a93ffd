import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { readSeries, scanSeries } from '../../src/imaging/dicom/series.js';
import type { DicomKeywords } from '../../src/imaging/dicom/write.js';
import { onlySeries, writeSlice } from '../helpers/series-slices.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osteograph-series-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('what a scanner puts into one series at the same places is told apart', () => {
  const write = (elements: (part: number) => DicomKeywords) => {
    for (const instance of [1, 2, 3]) {
      for (const part of [1, 2])
        writeSlice(folder, instance, { file: `${instance}-${part}`, elements: elements(part) });
    }
  };

  test.each<[string, (part: number) => DicomKeywords, [number, string | null][]]>([
    [
      'echo times under one echo number',
      (part) => ({ EchoNumbers: 1, EchoTime: 12.5 * part }),
      [
        [12.5, null],
        [25, null],
      ],
    ],
    [
      'acquisitions',
      (part) => ({ AcquisitionNumber: part }),
      [
        [1, null],
        [2, null],
      ],
    ],
    [
      'water and fat',
      (part) => ({ ImageType: ['ORIGINAL', 'PRIMARY', part === 1 ? 'W' : 'F'] }),
      [
        [1, 'F'],
        [2, 'W'],
      ],
    ],
  ])('by %s', async (_, elements, expected) => {
    write(elements);
    const { series } = await scanSeries(folder);
    expect(series.map(({ echo, kind }) => [echo, kind])).toEqual(expected);
    for (const one of series) expect((await readSeries(one)).slices).toBe(3);
  });

  test('echo times that jitter by thousandths are one', async () => {
    for (const instance of [1, 2, 3]) writeSlice(folder, instance, { elements: { EchoTime: 10 + instance / 1000 } });
    expect((await onlySeries(folder)).files).toHaveLength(3);
  });

  test.each([[[10.003, 10.006, 10.004]], [[7.575, 7.574999, 7.575001]]])('wherever they lie: %j ms', async (times) => {
    for (const [index, EchoTime] of times.entries()) writeSlice(folder, index + 1, { elements: { EchoTime } });
    expect((await onlySeries(folder)).files).toHaveLength(3);
  });

  test('and echoes of times farther apart are as many', async () => {
    for (const instance of [1, 2, 3]) {
      for (const EchoTime of [0.03, 0.05])
        writeSlice(folder, instance, { file: `${instance}-${EchoTime}`, elements: { EchoTime } });
    }
    expect((await scanSeries(folder)).series.map(({ echo, files }) => [echo, files.length])).toEqual([
      [0.03, 3],
      [0.05, 3],
    ]);
  });

  test('and a file that came twice counts once', async () => {
    for (const instance of [1, 2, 3]) writeSlice(folder, instance);
    writeSlice(folder, 2, { file: 'again' });
    expect((await onlySeries(folder)).files).toHaveLength(3);
  });

  test('and reports, presentation states and raw data beside the images are left out', async () => {
    for (const instance of [1, 2, 3]) writeSlice(folder, instance);
    for (const [file, sopClass] of [
      ['report', '88.11'],
      ['state', '11.1'],
      ['raw', '66'],
    ] as const) {
      writeFileSync(join(folder, file), withoutImage(`1.2.840.10008.5.1.4.1.1.${sopClass}`));
    }
    expect((await onlySeries(folder)).files).toHaveLength(3);
  });
});

describe('an enhanced MR image, which holds a whole series in one file', () => {
  const stored = (row: number, column: number) => (37 * row + 101 * column) % 4096;

  test('becomes a volume for each echo, placed as dcm2niix places it', async () => {
    copyFileSync(join(packageRoot, 'test/golden/dicom/enhanced-mr.dcm'), join(folder, 'series.dcm'));
    const { series, refused } = await scanSeries(folder);

    expect(refused).toEqual([]);
    expect(series.map(({ echo, plane, files }) => [echo, plane, files.length])).toEqual([
      [10, 'SAGITTAL', 4],
      [20, 'SAGITTAL', 4],
    ]);
    expect(series[0]!.attributes).toMatchObject({
      sliceThickness: 3,
      acquisition: { repetitionTime: 2700, flipAngle: 90, fieldStrength: 3 },
    });
    for (const [echo, one] of series.entries()) {
      const volume = await readSeries(one);
      expect(volume).toMatchObject({
        columns: 48,
        rows: 40,
        slices: 4,
        spacing: [0.25, 0.5, 3.5],
        placement: 'SCANNER',
      });
      // dcm2niix 1.0.20260724 has rows and slices the other way round: its origin, (9.5, 65.46, 51.28), is our last corner.
      const expected = [0, 0, -3.5, 20, -0.24, 0.14, 0, 60, -0.07, -0.48, 0, 70];
      volume.affine.forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 6));
      // Each frame has an intercept of its own.
      const values = Array.from(volume.data, (_value, at) => {
        const [slice, pixel] = [Math.floor(at / 1920), at % 1920];
        return 2 * (Math.floor(stored(Math.floor(pixel / 48), pixel % 48) / (2 + 2 * echo)) + 10 * slice) + slice;
      });
      expect(Array.from(volume.data)).toEqual(values);
    }
  });

  test('of one slice lies where its frame says, like the other slices of its series', async () => {
    const slice = readFileSync(join(packageRoot, 'test/golden/dicom/enhanced-mr-slice.dcm'));
    const at = slice.indexOf('-20.0\\-60.0\\70.0');
    for (const [index, x] of ['-20', '-23', '-26'].entries()) {
      slice.write(x, at, 'latin1');
      writeFileSync(join(folder, `${index}.dcm`), slice);
    }
    const one = await onlySeries(folder);

    expect(one).toMatchObject({ plane: 'SAGITTAL', orderedBy: 'position', attributes: { echoTime: 10 } });
    expect(await readSeries(one)).toMatchObject({ slices: 3, spacing: [0.25, 0.5, 3], placement: 'SCANNER' });
  });

  test('with frames that nothing tells apart is refused, and none of them is taken for a copy', async () => {
    const bytes = readFileSync(join(packageRoot, 'test/golden/dicom/enhanced-mr.dcm'));
    const [tag, first] = [Buffer.from([0x18, 0, 0x82, 0x90]), Buffer.alloc(8)];
    first.writeDoubleLE(10);
    for (let at = bytes.indexOf(tag); at >= 0; at = bytes.indexOf(tag, at + 1)) first.copy(bytes, at + 8);
    writeFileSync(join(folder, 'series.dcm'), bytes);
    const one = await onlySeries(folder);

    expect(one.files).toHaveLength(8);
    await expect(readSeries(one)).rejects.toMatchObject({ code: 'FILE_REFUSED' });
  });

  test('that describes fewer frames than it holds is refused', async () => {
    const bytes = readFileSync(join(packageRoot, 'test/golden/dicom/enhanced-mr.dcm'));
    const at = bytes.indexOf(Buffer.from([0x28, 0, 0x08, 0, 0x49, 0x53])) + 8;
    bytes.write('9 ', at, 'latin1');
    writeFileSync(join(folder, 'series.dcm'), bytes);

    expect((await scanSeries(folder)).refused).toEqual([
      { path: 'series.dcm', reason: 'series.dcm describes 8 frames and holds 9.' },
    ]);
  });
});

/** A DICOM file of a class that has no pixels: its meta header, and the class again. */
function withoutImage(sopClass: string): Buffer {
  const element = (group: number, number: number, text: string) => {
    const value = Buffer.from(text.length % 2 === 0 ? text : `${text}\0`);
    const head = Buffer.alloc(8);
    head.writeUInt16LE(group, 0);
    head.writeUInt16LE(number, 2);
    head.write('UI', 4, 'latin1');
    head.writeUInt16LE(value.length, 6);
    return Buffer.concat([head, value]);
  };
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(2, 2, sopClass),
    element(2, 0x10, '1.2.840.10008.1.2.1'),
    element(8, 0x16, sopClass),
  ]);
}
