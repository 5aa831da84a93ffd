import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultOfPlaces } from '../../src/domain/hidden-places.js';
import { packageRoot } from '../../src/domain/package.js';
import { fillInside, fillSmoothly, pulledAndPushed } from '../../src/imaging/inpainting/fill.js';
import { maskOfPlaces, openMask } from '../../src/imaging/inpainting/mask.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { openSeries, type OpenSeries } from '../../src/imaging/series/index.js';
import { centredAffine, type Affine, type Volume } from '../../src/imaging/volume.js';
import { inventedMasks, inventedSlices } from '../helpers/invented-slices.js';

interface Golden {
  pushed: number[][];
  fills: { name: 'rectangle' | 'lost' | 'alone'; filled: number[][]; inside: number[][] }[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/inpainting.json'), 'utf8')) as Golden;
const [rows, columns] = [48, 64];

describe('the smooth fill', () => {
  it('carries what is known into what is not as PyTorch does, on odd sizes', () => {
    const values = Float32Array.from({ length: 21 * 13 }, (_, at) => Math.floor(at / 13) / 10 - (at % 13) / 7);
    const known = Float32Array.from(values, (_, at) => (at % 5 === 0 ? 1 : 0));
    const pushed = pulledAndPushed(values, known, 21, 13);
    golden.pushed.flat().forEach((value, at) => expect(pushed[at]).toBeCloseTo(value, 5));
  });

  it.each(golden.fills)('is that of the training package: $name', ({ name, ...wanted }) => {
    const all = new Uint8Array(rows * columns).fill(1);
    const masks = inventedMasks(rows, columns);
    if (name === 'lost') masks[2] = all;
    if (name === 'alone') masks.fill(all, 1, 4);
    const window = { rows, columns, slices: inventedSlices(rows, columns), masks };
    const found = { filled: fillSmoothly(window), inside: fillInside(window) };
    for (const kind of ['filled', 'inside'] as const) {
      wanted[kind].forEach((line, row) =>
        line.forEach((value, column) => expect(found[kind][4 * row * columns + 4 * column]).toBeCloseTo(value, 5)),
      );
    }
  });
});

describe('a mask', () => {
  let folder: string;
  let series: OpenSeries;
  const size = { columns: 5, rows: 4, slices: 3 };
  const spacing = [0.5, 0.5, 3] as const;
  const affine = centredAffine('SAGITTAL', [5, 4, 3], spacing);
  const volume = (changes: Partial<Volume> = {}): Volume => ({
    ...{ ...size, spacing, affine, placement: 'SCANNER', data: new Uint16Array(60) },
    ...changes,
  });
  const write = async (name: string, changes: Partial<Volume>) => {
    await writeFile(join(folder, name), await encodeNifti(volume(changes), ''));
    return join(folder, name);
  };
  /** Voxel (column 1, row 3, slice 2) of the series. */
  const place = { column: 1, row: 3, slice: 2 };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'osteograph-mask-'));
    series = await openSeries(await write('series.nii.gz', {}));
  });
  afterAll(async () => {
    await series.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Where a mask file hides something of the series: [slice, pixel]. */
  const hidden = async (path: string): Promise<number[][]> => {
    const mask = await openMask(path, series);
    try {
      const found: number[][] = [];
      for (let slice = 0; slice < size.slices; slice++) {
        (await mask.slice(slice))?.forEach((one, pixel) => one && found.push([slice, pixel]));
      }
      return found;
    } finally {
      await mask.close();
    }
  };

  it('on the grid of the series is taken as it is', async () => {
    const data = new Uint16Array(60);
    data[(place.slice * 4 + place.row) * 5 + place.column] = 7;
    expect(await hidden(await write('same.nii.gz', { data }))).toEqual([[2, 16]]);
  });

  it.each([
    ['rows', [false, true, false]],
    ['columns and slices', [true, false, true]],
    ['everything', [true, true, true]],
  ] as const)('whose %s run the other way, as other programs write it, hides the same places', async (_, [x, y, z]) => {
    const [a, b, c] = [
      x ? 4 - place.column : place.column,
      y ? 3 - place.row : place.row,
      z ? 2 - place.slice : place.slice,
    ];
    const data = new Uint16Array(60);
    data[(c * 4 + b) * 5 + a] = 1;
    const flipped = [0, 4, 8].flatMap((at) => {
      const [i, j, k, o] = [affine[at]!, affine[at + 1]!, affine[at + 2]!, affine[at + 3]!];
      return [x ? -i : i, y ? -j : j, z ? -k : k, o + (x ? 4 * i : 0) + (y ? 3 * j : 0) + (z ? 2 * k : 0)];
    }) as unknown as Affine;
    expect(await hidden(await write('flipped.nii.gz', { data, affine: flipped }))).toEqual([[2, 16]]);
  });

  it('whose rows are the columns of the series hides the same places', async () => {
    const data = new Uint16Array(60);
    data[(place.slice * 5 + place.column) * 4 + place.row] = 1;
    const turned = [0, 4, 8].flatMap((at) => [affine[at + 1]!, affine[at]!, affine[at + 2]!, affine[at + 3]!]);
    const changes = { data, columns: 4, rows: 5, affine: turned as unknown as Affine };
    expect(await hidden(await write('turned.nii.gz', changes))).toEqual([[2, 16]]);
  });

  it('that does not say where it lies goes by its size', async () => {
    const data = new Uint16Array(60);
    data[3] = 1;
    expect(await hidden(await write('nowhere.nii.gz', { data, placement: 'UNKNOWN' }))).toEqual([[0, 3]]);
  });

  it.each([
    [
      'of another size',
      { columns: 6, rows: 4, data: new Uint16Array(72) },
      'is 6 x 4 x 3 voxels and the series 5 x 4 x 3',
    ],
    ['of other slices', { slices: 2, data: new Uint16Array(40) }, 'is 5 x 4 x 2 voxels and the series 5 x 4 x 3'],
    [
      'a third of a voxel away',
      { affine: affine.map((value, at) => (at === 3 ? value + 1 : value)) as unknown as Affine },
      'lies elsewhere than the series',
    ],
  ] as const)('%s is refused', async (_, changes, sentence) => {
    await expect(openMask(await write('other.nii.gz', changes), series)).rejects.toThrow(sentence);
  });

  it('of which the slices are rows is refused, and told so', async () => {
    const turned = [0, 4, 8].flatMap((at) => [affine[at]!, affine[at + 2]!, affine[at + 1]!, affine[at + 3]!]);
    const changes = { data: new Uint16Array(60), rows: 3, slices: 4, affine: turned as unknown as Affine };
    await expect(openMask(await write('rows.nii.gz', changes), series)).rejects.toThrow(
      'rows.nii.gz has its axes in another order than the series, whose slices lie along its second axis; store it with the slices of the series as its slices.',
    );
  });

  it('is made of slices and boxes, too', async () => {
    const box = { firstSlice: 1, lastSlice: 2, left: 3, top: 1, columns: 2, rows: 2 };
    const mask = maskOfPlaces({ slices: [2], boxes: [box] }, series);
    expect(await mask.slice(0)).toBeNull();
    const some = [...(await mask.slice(1))!].flatMap((one, pixel) => (one ? [pixel] : []));
    expect(some).toEqual([8, 9, 13, 14]);
    expect([...(await mask.slice(2))!]).toEqual(new Array<number>(20).fill(1));
  });

  it.each([
    [{ slices: [], boxes: [] }, 'Nothing is hidden: give slices, boxes, masks or maskUploadId.'],
    [{ slices: [3], boxes: [] }, 'Slice 3 is not in the series, whose slices are 0 to 2.'],
    [{ slices: [-1], boxes: [] }, 'Slice -1 is not in the series, whose slices are 0 to 2.'],
    [
      { slices: [], boxes: [{ firstSlice: 0, lastSlice: 0, left: 4, top: 0, columns: 2, rows: 1 }] },
      'Box 0 does not lie in the series, which has 5 x 4 x 3 voxels.',
    ],
    [
      { slices: [], boxes: [{ firstSlice: 1, lastSlice: 0, left: 0, top: 0, columns: 1, rows: 1 }] },
      'Box 0 does not lie in the series, which has 5 x 4 x 3 voxels.',
    ],
    [
      { slices: [], boxes: [{ firstSlice: 0, lastSlice: 0, left: 0, top: 0, columns: 0, rows: 1 }] },
      'Box 0 does not lie in the series, which has 5 x 4 x 3 voxels.',
    ],
  ])('of places that do not lie in the series is refused: %j', (places, sentence) => {
    expect(faultOfPlaces(places, size)).toBe(sentence);
  });
});
