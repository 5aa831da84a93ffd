import type { SquareBox } from '../../src/domain/knee-box.js';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { encodeDicom } from '../../src/imaging/dicom/write.js';
import { encodePng } from '../../src/imaging/png.js';
import {
  filmView,
  findKnee,
  kneeBox,
  loadRadiograph,
  locateKnees,
  radiographInput,
  resample,
  type Film,
} from '../../src/imaging/radiograph/index.js';
import { drawFilm, type DrawnKnee } from './drawn-films.js';

const crops = join(packageRoot, '../shared/data/xrays');

describe('finding knees on bilateral films', () => {
  test('50 drawn knees are framed with a mean overlap (IoU) of at least 0.8', () => {
    const overlaps = overlapsOf(0, 25, null);
    expect(overlaps).toHaveLength(50);
    expect(mean(overlaps)).toBeGreaterThanOrEqual(0.8);
    expect(Math.min(...overlaps)).toBeGreaterThanOrEqual(0.5);
  });

  test('a known pixel size serves as well', () => {
    expect(mean(overlapsOf(25, 29, [0.78, 0.78]))).toBeGreaterThanOrEqual(0.8);
  });

  test("the patient's right knee is the one on the image's left", () => {
    const { RIGHT, LEFT } = locateKnees(drawFilm(3).film);
    expect(RIGHT.centreColumn).toBeLessThan(LEFT.centreColumn);
  });

  test('a film without knees is refused with one sentence', () => {
    const { film } = drawFilm(0);
    const stripes = film.data.map((_, index) => 1000 + (index % film.columns));
    expect(() => locateKnees({ ...film, name: 'hands.dcm', data: stripes })).toThrow(
      /^hands\.dcm shows no right knee that could be found; give the crop of one knee or its box\.$/,
    );
  });

  (existsSync(crops) ? test : test.skip)(
    'the joint line of real single-knee films is found (skipped without ../shared)',
    async () => {
      const files = readdirSync(crops, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.png'));
      const sample = files.sort().filter((_, index) => index % 40 === 0);
      let good = 0;
      for (const file of sample) {
        const film = await loadRadiograph(join(crops, file));
        // A crop of 224 pixels shows about 95 mm; its joint line lies at or just below the middle.
        const place = findKnee({ ...film, pixelSpacing: [0.424, 0.424] });
        if (place && place.centreRow > 95 && place.centreRow < 160 && Math.abs(place.plateauWidth - 190) < 35) good++;
      }
      expect(sample.length).toBeGreaterThanOrEqual(25);
      expect(good / sample.length).toBeGreaterThanOrEqual(0.9);
    },
  );
});

describe('what a film shows', () => {
  const shape = (columns: number, rows: number, spacing: number | null): Film => ({
    name: 'film',
    rows,
    columns,
    data: new Float32Array(0),
    pixelSpacing: spacing === null ? null : [spacing, spacing],
    attributes: null,
  });

  test.each([
    ['a wide film', 2000, 1600, null, 'BILATERAL'],
    ['a square crop', 224, 224, null, 'SINGLE'],
    ['a portrait film of 350 mm', 1750, 2150, 0.2, 'BILATERAL'],
    ['a wide film of one knee, 180 mm', 900, 700, 0.2, 'SINGLE'],
  ] as const)('%s', async (_, columns, rows, spacing, view) => {
    expect(await filmView(shape(columns, rows, spacing))).toBe(view);
  });
});

describe('the model input', () => {
  const ramp: Film = {
    name: 'crop.png',
    rows: 224,
    columns: 224,
    data: Float32Array.from({ length: 224 * 224 }, (_, index) => index % 224),
    pixelSpacing: null,
    attributes: null,
  };

  test('of a single-knee crop is the whole image, its 5th to 99th percentile as -1 to 1', async () => {
    const input = radiographInput(ramp, await kneeBox(ramp, { side: 'RIGHT' }), 'RIGHT');
    expect(input).toHaveLength(256 * 256);
    expect(await kneeBox(ramp, { side: 'RIGHT' })).toEqual({ left: 0, top: 0, side: 224 });
    expect([Math.min(...input), Math.max(...input)]).toEqual([-1, 1]);
    // The columns 0 to 223 are uniform: the percentiles lie near 11 and 221, and model column 128 shows film column 111.94.
    expect(input[128 * 256 + 128]).toBeCloseTo((2 * (111.9375 - 11)) / (221 - 11) - 1, 1);
  });

  test('of a left knee is mirrored to look like a right one', () => {
    const whole = { left: 0, top: 0, side: 224 };
    const right = radiographInput(ramp, whole, 'RIGHT');
    const left = radiographInput(ramp, whole, 'LEFT');
    expect(left[0]).toBe(right[255]);
    expect(left[100]).toBe(right[155]);
  });

  test('has a mask of where sizes are known, for models that take one, and the rows and columns that they take', () => {
    const size = { rows: 96, columns: 64, channels: 2 } as const;
    const beside = { left: -112, top: 0, side: 224 };
    const known = radiographInput({ ...ramp, pixelSpacing: [0.5, 0.5] }, beside, 'RIGHT', size);
    expect(known).toHaveLength(2 * 96 * 64);
    const mask = known.subarray(96 * 64);
    // Half the window lies left of the film; 1.5 x as high as wide, it ends 56 pixels (16 rows) above and below.
    expect([mask[48 * 64 + 31], mask[48 * 64 + 32], mask[15 * 64 + 40], mask[16 * 64 + 40]]).toEqual([0, 1, 0, 1]);
    const mirrored = radiographInput({ ...ramp, pixelSpacing: [0.5, 0.5] }, beside, 'LEFT', size).subarray(96 * 64);
    expect([mirrored[48 * 64 + 31], mirrored[48 * 64 + 32]]).toEqual([1, 0]);
    expect(
      radiographInput(ramp, beside, 'RIGHT', size)
        .subarray(96 * 64)
        .every((value) => value === 0),
    ).toBe(true);
  });

  test('of a bilateral film is centred on the knee of the side that was asked for', async () => {
    const { film, knees } = drawFilm(5);
    for (const side of ['RIGHT', 'LEFT'] as const) {
      const box = await kneeBox(film, { side });
      expect(overlap(box, trueBox(knees[side]))).toBeGreaterThan(0.8);
      expect(radiographInput(film, box, side).every((value) => value >= -1 && value <= 1)).toBe(true);
    }
  });

  describe('of a crop whose joint lies below the middle', () => {
    const { film, knees } = drawFilm(8);
    const { column, row, plateau } = knees.RIGHT;

    /** A tight crop with the joint at this share of its height. */
    const cropWith = (jointAt: number): Film => {
      const side = Math.round(1.2 * plateau);
      const [left, top] = [Math.round(column - side / 2), Math.round(row - jointAt * side)];
      const { data } = resample(film, { left, top, width: side, height: side }, side, side);
      return { ...film, rows: side, columns: side, data };
    };

    test('is the whole crop, unless it is to be framed as generators know knees', async () => {
      const crop = cropWith(0.6);

      expect(await kneeBox(crop, { side: 'RIGHT' })).toEqual({ left: 0, top: 0, side: crop.rows });
      const framed = await kneeBox(crop, { side: 'RIGHT', reframe: true });

      expect(framed).toMatchObject({ left: 0, side: crop.rows });
      expect(Math.abs((0.6 * crop.rows - framed.top) / framed.side - 0.49)).toBeLessThan(0.02);
    });

    test('stays as it is where the joint is in its place already, or cannot be traced', async () => {
      const centred = cropWith(0.49);
      expect(await kneeBox(centred, { side: 'RIGHT', reframe: true })).toEqual({ left: 0, top: 0, side: centred.rows });

      const shaft = { ...centred, data: centred.data.map((_, index) => index % centred.columns) };
      expect(await kneeBox(shaft, { side: 'RIGHT', reframe: true })).toEqual({ left: 0, top: 0, side: centred.rows });
    });
  });

  test('can be cut by a given box, which may reach over the border', async () => {
    const box = { left: -20, top: 10, side: 120 };
    expect(await kneeBox(ramp, { side: 'RIGHT', box })).toBe(box);
    expect(radiographInput(ramp, box, 'RIGHT').every(Number.isFinite)).toBe(true);
  });

  test.each([
    ['a box off the film', { left: 500, top: 0, side: 100 }],
    ['a box without size', { left: 10, top: 10, side: 0 }],
    ['a box that is not a number', { left: NaN, top: 10, side: 50 }],
  ])('%s is refused', async (_, box) => {
    await expect(kneeBox(ramp, { side: 'RIGHT', box })).rejects.toThrow(
      /^crop\.png has 224 x 224 pixels, which the box .* does not fit\.$/,
    );
  });

  test('of an even crop is refused', () => {
    const even = { ...ramp, data: ramp.data.map((_, index) => (index === 0 ? 1 : 7)) };
    expect(() => radiographInput(even, { left: 0, top: 0, side: 224 }, 'RIGHT')).toThrow(/no contrast/);
  });
});

describe('loading a film', () => {
  const pixels = Uint16Array.from({ length: 100 * 80 }, (_, index) => index % 4096);

  test('from PNG and from DICOM gives the same bright bone, with its spacing', async () => {
    const png = await loadRadiograph({ bytes: encodePng({ rows: 80, columns: 100, data: pixels }), name: 'a.png' });
    const dicom = await loadRadiograph({
      bytes: film(
        'MONOCHROME1',
        pixels.map((value) => 4095 - value),
      ),
      name: 'a.dcm',
    });
    expect(dicom.data).toEqual(png.data);
    expect(dicom.pixelSpacing).toEqual([0.2, 0.2]);
    expect(png.pixelSpacing).toBeNull();
  });

  test.each([
    ['a text file', Buffer.from('no film'), /is no DICOM, PNG, TIFF or JPEG file/],
    ['an empty film', encodePng({ rows: 80, columns: 100, data: new Uint8Array(8000) }), /shows nothing/],
    [
      'a stamp',
      encodePng({ rows: 10, columns: 10, data: Uint8Array.from({ length: 100 }, (_, i) => i) }),
      /at least 64 x 64/,
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(loadRadiograph({ bytes, name: 'x' })).rejects.toThrow(message);
  });

  test.each([
    [
      'a file that is not there',
      join(packageRoot, 'no-such-film.png'),
      /^no-such-film\.png cannot be read: there is no such file\.$/,
    ],
    ['a folder', join(packageRoot, 'src'), /^src cannot be read: it is a folder\.$/],
  ])('%s is refused', async (_, path, message) => {
    await expect(loadRadiograph(path)).rejects.toThrow(message);
  });

  function film(photometric: 'MONOCHROME1' | 'MONOCHROME2', data: Uint16Array): Uint8Array {
    return encodeDicom({
      pixels: data,
      rows: 80,
      columns: 100,
      photometric,
      bitsStored: 12,
      sopClass: 'CR',
      sopInstanceUid: '2.25.5',
      elements: { ImagerPixelSpacing: [0.2, 0.2] },
    });
  }
});

test('resampling keeps the mean when it shrinks, and is linear when it grows', () => {
  const image = { rows: 4, columns: 6, data: Float32Array.from({ length: 24 }, (_, index) => index) };
  const small = resample(image, { left: 0, top: 0, width: 6, height: 4 }, 2, 2);
  expect(Array.from(small.data)).toEqual([4, 7, 16, 19]);
  const large = resample(image, { left: 1, top: 1, width: 2, height: 2 }, 4, 4);
  expect(large.data[5]! - large.data[4]!).toBeCloseTo(0.5, 6);
});

/** Overlap of what is found with the truth, for both knees of each film. */
function overlapsOf(from: number, to: number, pixelSpacing: Film['pixelSpacing']): number[] {
  const overlaps: number[] = [];
  for (let index = from; index < to; index++) {
    const { film, knees } = drawFilm(index, pixelSpacing);
    const found = locateKnees(film);
    for (const side of ['RIGHT', 'LEFT'] as const) overlaps.push(overlap(found[side].box, trueBox(knees[side])));
  }
  return overlaps;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function trueBox({ column, row, plateau }: DrawnKnee): SquareBox {
  const side = 1.22 * plateau;
  return { left: column - side / 2, top: row - side / 2, side };
}

function overlap(a: SquareBox, b: SquareBox): number {
  const width = Math.max(0, Math.min(a.left + a.side, b.left + b.side) - Math.max(a.left, b.left));
  const height = Math.max(0, Math.min(a.top + a.side, b.top + b.side) - Math.max(a.top, b.top));
  return (width * height) / (a.side ** 2 + b.side ** 2 - width * height);
}
