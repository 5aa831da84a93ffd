import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import {
  encodeRestoredFilm,
  enlarge,
  estimateNoise,
  finishFilm,
  prepareFilm,
  reduce,
} from '../../src/imaging/restoration/index.js';

interface Picture {
  rows: number;
  columns: number;
  image: number[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/restoration.json'), 'utf8')) as {
  cubic: Picture & { enlarged: number[]; reduced: number[] };
  noise: Picture & { sigma: number };
};

const WINDOW = [5, 99] as const;
const raster = ({ rows, columns, image }: Picture) => ({ rows, columns, data: Float32Array.from(image) });
/** Every grey from 1,000 to 50,999 once, in an order that jumps. */
const film = {
  rows: 200,
  columns: 250,
  data: Float32Array.from({ length: 50_000 }, (_, pixel) => 1_000 + ((pixel * 7_919) % 50_000)),
};

describe('cubic interpolation', () => {
  it('enlarges as PyTorch does', () => {
    const { data, rows, columns } = enlarge(raster(golden.cubic), 40, 62);
    expect([rows, columns]).toEqual([40, 62]);
    golden.cubic.enlarged.forEach((value, pixel) => expect(data[pixel]).toBeCloseTo(value, 5));
  });

  it('reduces as PyTorch does, without aliasing', () => {
    const { data } = reduce(raster(golden.cubic), 9, 12);
    golden.cubic.reduced.forEach((value, pixel) => expect(data[pixel]).toBeCloseTo(value, 5));
  });
});

describe('the noise of a film', () => {
  it('is estimated as scikit-image does', () => {
    expect(estimateNoise(raster(golden.noise)) / golden.noise.sigma).toBeCloseTo(1, 1);
  });

  it('is none on an even image', () => {
    expect(estimateNoise({ rows: 16, columns: 16, data: new Float32Array(256).fill(3) })).toBeCloseTo(0, 12);
  });
});

describe('a film on its way to the restorer and back', () => {
  it('keeps every one of its 50,000 greys', () => {
    const prepared = prepareFilm(film, { kind: 'DENOISE', sigma: 10 }, WINDOW);
    expect(new Set(finishFilm(prepared, prepared.data)).size).toBe(50_000);
    expect(finishFilm(prepared, prepared.data)).toEqual(Uint16Array.from(film.data));
  });

  it('has its noise estimated where nobody says it, in 1/255 of its window', () => {
    const { sigma, low, high } = prepareFilm(film, { kind: 'DENOISE' }, WINDOW);
    expect(sigma).toBeCloseTo((255 * estimateNoise(film)) / (high - low), 3);
  });

  it('is, when enlarged and reduced again, the film that was given', () => {
    const small = raster(golden.cubic);
    const prepared = prepareFilm(
      { ...small, data: small.data.map((value) => 20_000 * value) },
      { kind: 'UPSCALE', scale: 2 },
      WINDOW,
    );
    expect([prepared.rows, prepared.columns]).toEqual([46, 62]);
    const wrong = prepared.data.map((value, pixel) => value + 0.02 * Math.sin(pixel / 31));
    const { high, low } = prepared;
    const enlarged = { rows: 46, columns: 62, data: Float32Array.from(finishFilm(prepared, wrong)) };
    const again = reduce(enlarged, 23, 31);
    const squares = again.data.map((value, pixel) => ((value - 20_000 * small.data[pixel]!) / (high - low)) ** 2);
    expect(Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length)).toBeLessThan(0.5 / 255);
  });

  it('has the mean of what is seen where a mask hides it', () => {
    const mask = { rows: 2, columns: 2, data: Float32Array.of(0, 255, 0, 0) };
    const small = { rows: 2, columns: 2, data: Float32Array.of(0, 50, 100, 200) };
    const { data, low, high } = prepareFilm(small, { kind: 'INPAINT', mask }, [0, 100]);
    expect([low, high]).toEqual([0, 200]);
    expect([...data]).toEqual([0, expect.closeTo(0.5, 6), 0.5, 1]);
  });

  it('is refused with a mask of another size', () => {
    const mask = { rows: 3, columns: 2, data: new Float32Array(6) };
    expect(() => prepareFilm(film, { kind: 'INPAINT', mask }, WINDOW)).toThrow(
      'The mask is 2 x 3 pixels and the film 250 x 200; they must be of one size.',
    );
  });

  it('is refused before memory is taken for it where it would become too large', () => {
    const large = { rows: 3_000, columns: 3_000, data: film.data };
    expect(() => prepareFilm(large, { kind: 'UPSCALE', scale: 8 }, WINDOW)).toThrow(
      '24000 x 24000 pixels are more than the 67108864 that one image may have; enlarge it less.',
    );
  });

  it('cuts what lies beyond black and white', () => {
    const prepared = prepareFilm(film, { kind: 'DENOISE', sigma: 10 }, WINDOW);
    expect([...new Set(finishFilm(prepared, new Float32Array(50_000).fill(-5)))]).toEqual([0]);
    expect([...new Set(finishFilm(prepared, new Float32Array(50_000).fill(5)))]).toEqual([65_535]);
  });
});

it('a restored DICOM film is marked, keeps 16 bits and the size of its knee in mm, and says nothing of its patient', async () => {
  const source = {
    name: 'film.dcm',
    rows: 2,
    columns: 3,
    data: new Float32Array(6),
    pixelSpacing: [0.2, 0.2] as const,
    attributes: null,
  };
  const restored = { rows: 4, columns: 6, data: Uint16Array.from({ length: 24 }, (_, pixel) => pixel * 2_730) };
  const header = {
    bundle: { name: 'b', version: '1.0.0' },
    derivation: 'enlarged 2 times',
    createdAt: new Date('2026-11-28T00:00:00Z'),
    identity: ['film'],
  };
  const bytes = encodeRestoredFilm(source, restored, header);
  const { attributes, pixels } = await readDicom({ bytes, name: 'restored.dcm' });
  expect([...pixels]).toEqual([...restored.data]);
  expect(attributes).toMatchObject({ synthetic: true, pixelSpacing: [0.1, 0.1], patientId: null, modality: 'CR' });
});
