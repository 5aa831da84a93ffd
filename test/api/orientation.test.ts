import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import { encodeId } from '../../src/domain/global-ids.js';
import type { Side } from '../../src/domain/participants.js';
import { MriSeries } from '../../src/entities/index.js';
import { decodePng } from '../../src/imaging/png.js';
import { addImages } from '../../src/services/imports/index.js';
import {
  inNifti,
  LANDMARKS,
  middleOf,
  orientationCases,
  type Triple,
  writeOrientationCase,
} from '../helpers/orientation.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { unzipped } from '../helpers/zip.js';

/** Where the landmarks lie in mm to the patient's left, back and head, as SimpleITK finds them (test/golden/orientation.json). */
const LPS: Record<Side, Record<'fibula' | 'patella' | 'marker', Triple>> = {
  RIGHT: { fibula: [-102, 16, -3], patella: [-90, -2, 9], marker: [-70.5, 24, 16] },
  LEFT: { fibula: [102, 16, -3], patella: [90, -2, 9], marker: [70.5, 24, 16] },
};

/** Columns of fibula and marker in a coronal picture: the patient's right is at the left of it. */
const COLUMNS: Record<Side, { fibula: number; marker: number }> = {
  RIGHT: { fibula: 2.5, marker: 13 },
  LEFT: { fibula: 10.5, marker: 0 },
};

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

const reversed = orientationCases.filter(
  ({ way }) => way === 'from left to right, from feet to head, from front to back',
);

describe.each(reversed)('a $side knee imported from a scanner that took it $way', (scanned) => {
  const { side } = scanned;
  const [lps, columns] = [LPS[side], COLUMNS[side]];
  let files: Record<'volume' | 'dicom' | 'slicePngs' | 'montage', Buffer>;

  beforeAll(async () => {
    const folder = join(api.dataDir, side);
    await writeOrientationCase(scanned, folder);
    const oaiId = String(9_100_000 + orientationCases.indexOf(scanned));
    await addImages(api.dataSource, folder, { oaiId, visit: 'V00', side }, { store: api.store, create: true });
    const series = await api.dataSource.getRepository(MriSeries).findOneOrFail({ where: {}, order: { id: 'DESC' } });
    files = await downloads(series);
  });

  test('is a NIfTI file with everything where it was', () => {
    for (const [name, [x, y, z]] of Object.entries(lps)) {
      expect(inNifti(files.volume, LANDMARKS[name as keyof typeof LANDMARKS]).ras).toEqual([0 - x, 0 - y, z]);
    }
  });

  test('is a DICOM series with everything where it was', async () => {
    const slices = [...(await unzipped(files.dicom)).values()];
    for (const [name, place] of Object.entries(lps)) {
      expect(inDicom(slices, LANDMARKS[name as keyof typeof LANDMARKS])).toEqual(place);
    }
  });

  test('is a stack of PNG files and a montage with the patient’s right at the left, from back to front', async () => {
    const pngs = [...(await unzipped(files.slicePngs)).values()].map((bytes) => decodePng(bytes));
    const tile = montageTiles(files.montage);

    expect(pngs).toHaveLength(8);
    // Slice 3 of 8 shows the fibula and nothing else; the brightest pixel of the first slice is the marker.
    expect(brightest(pngs[2]!)[0]).toBe(columns.fibula);
    expect(brightest(pngs[2]!)[1]).toBe(9.5);
    expect(brightest(pngs[0]!).slice(0, 2)).toEqual([columns.marker, 0]);
    expect(brightest(pngs[7]!).slice(0, 2)).toEqual([6.5, 3.5]);
    // A tile is 200 pixels wide, a column of the series 200 / 14.
    expect(tile(2, columns.fibula, 9.5)).toBeGreaterThan(200);
    expect(tile(2, 13 - columns.fibula, 9.5)).toBeLessThan(60);
    expect(tile(0, columns.marker, 0)).toBeGreaterThan(200);
    expect(tile(0, 13 - columns.marker, 0)).toBeLessThan(60);
    expect(tile(7, 6.5, 3.5)).toBeGreaterThan(100);
  });
});

async function downloads({ id }: MriSeries): Promise<typeof fetched> {
  const names = ['volume', 'dicom', 'slicePngs', 'montage'] as const;
  const { data } = await api.ask<{ node: Record<(typeof names)[number], { url: string }> }>(
    `query ($id: ID!) { node(id: $id) { ... on MriSeries { ${names.map((name) => `${name} { url }`).join(' ')} } } }`,
    { id: encodeId('MriSeries', id) },
  );
  const fetched = {} as Record<(typeof names)[number], Buffer>;
  for (const name of names) {
    const response = await fetch(api.url + data!.node[name].url);
    fetched[name] = Buffer.from(await response.arrayBuffer());
  }
  return fetched;
}

/** Middle of the voxels with a value in mm, from the headers alone, as any reader of DICOM takes it. */
function inDicom(slices: readonly Buffer[], value: number): Triple {
  const sum = [0, 0, 0];
  let count = 0;
  for (const bytes of slices) {
    const header = dicomParser.parseDicom(bytes);
    const numbers = (tag: string) => header.string(tag)!.split('\\').map(Number);
    const [position, ways, spacing] = [numbers('x00200032'), numbers('x00200037'), numbers('x00280030')];
    const [columns, offset] = [header.uint16('x00280011')!, header.elements['x7fe00010']!.dataOffset];
    const [slope, intercept] = [Number(header.string('x00281053')), Number(header.string('x00281052'))];
    for (let index = 0; index < columns * header.uint16('x00280010')!; index++) {
      if (Math.round(bytes.readUInt16LE(offset + 2 * index) * slope + intercept) !== value) continue;
      const [column, row] = [index % columns, Math.floor(index / columns)];
      sum.forEach((_, axis) => {
        sum[axis]! += position[axis]! + ways[axis]! * spacing[1]! * column + ways[3 + axis]! * spacing[0]! * row;
      });
      count += 1;
    }
  }
  return [sum[0]! / count, sum[1]! / count, sum[2]! / count];
}

function brightest({ data, columns, rows }: ReturnType<typeof decodePng>): Triple {
  return middleOf(data, columns, rows, Math.max(...data));
}

/**
 * Grey level of a montage where a voxel of a slice is drawn: six tiles of 200 pixels beside each other, 8 pixels apart. The 12 rows are
 * in the middle of the tile, as high as its 14 columns are wide.
 */
function montageTiles(bytes: Buffer): (slice: number, column: number, row: number) => number {
  const png = decodePng(bytes);
  return (slice, column, row) => {
    const left = 28 + (slice % 6) * 208;
    const top = 88 + Math.floor(slice / 6) * 228 + 20;
    const [x, y] = [left + ((column + 0.5) * 200) / 14, top + ((row + 1.5) * 200) / 14];
    return png.data[Math.round(y) * png.columns + Math.round(x)]!;
  };
}
