import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { decodePng } from '../../src/imaging/png.js';
import {
  type CompartmentReading,
  type FilmJointLine,
  filmJointLine,
  type FilmJointSpace,
  greyImage,
  type GreyImage,
  readFilmJointSpace,
} from '../../src/metrics/index.js';

interface GoldenSpace {
  minimum: number;
  mean: number;
  columns: number[];
  femur: number[];
  tibia: number[];
}

interface GoldenFilm {
  file: string;
  side: 'R' | 'L';
  medial: GoldenSpace | string;
  lateral: GoldenSpace | string;
  line: FilmJointLine;
}

const folder = join(packageRoot, 'test/golden');
const golden = JSON.parse(readFileSync(join(folder, 'film-joint-space.json'), 'utf8')) as {
  synthetic: GoldenFilm[];
  real: GoldenFilm[];
};
const xrays = join(packageRoot, '../shared/data/xrays');
const withFilms = existsSync(xrays) ? describe : describe.skip;

describe('on films of synthetic knees', () => {
  test.each(golden.synthetic)('$file: widths and edges equal numpy', (wanted) => {
    expectEqual(readFilmJointSpace(readPng(join(folder, 'films', wanted.file)), wanted.side), wanted);
  });

  test('the other side swaps the compartments', () => {
    const film = readPng(join(folder, 'films/narrowed-L.png'));
    const [left, right] = [readFilmJointSpace(film, 'L'), readFilmJointSpace(film, 'R')];
    expect(right).toEqual({ medial: left.lateral, lateral: left.medial });
  });

  test('a mirror image has the same widths in the other compartment', () => {
    const film = readPng(join(folder, 'films/narrowed-L.png'));
    const { rows, columns, data } = film;
    const mirrored = { ...film, data: data.map((_, at) => data[at - 2 * (at % columns) + columns - 1]!) };
    expect(rows).toBe(136);
    const [there, here] = [readFilmJointSpace(mirrored, 'R'), readFilmJointSpace(film, 'L')];
    // Ties between equally good paths may fall otherwise.
    expect(there.medial.space!.minimum).toBeCloseTo(here.medial.space!.minimum, 1);
    expect(there.lateral.space!.minimum).toBeCloseTo(here.lateral.space!.minimum, 1);
  });

  test('a film stored as its negative is read alike', () => {
    const film = readPng(join(folder, 'films/negative-R.png'));
    const positive = { ...film, data: film.data.map((value) => 1 - value) };
    const [a, b] = [readFilmJointSpace(film, 'R'), readFilmJointSpace(positive, 'R')];
    expect(a.medial.space!.mean).toBeCloseTo(b.medial.space!.mean, 6);
  });
});

withFilms('on real films (skipped where ../shared/data is absent)', () => {
  test.each(golden.real)('$file: widths and edges equal numpy', (wanted) => {
    expectEqual(readFilmJointSpace(readPng(join(xrays, wanted.file)), wanted.side), wanted);
  });
});

test('a knee that leans towards its medial side has a positive obliquity, whichever side it is', () => {
  const compartment = (first: number, row: number) => {
    const columns = Float64Array.from({ length: 5 }, (_, index) => first + index);
    const at = (offset: number) => columns.map(() => row + offset);
    return { space: { minimum: 4, mean: 4, columns, femur: at(-2), tibia: at(2) }, reason: null } as const;
  };
  const [left, right] = [compartment(40, 100), compartment(140, 110)];
  // 10 rows in 100 columns.
  expect(filmJointLine({ medial: right, lateral: left }).obliquity).toBeCloseTo(5.7106, 4);
  expect(filmJointLine({ medial: left, lateral: right }).obliquity).toBeCloseTo(-5.7106, 4);
  expect(filmJointLine({ medial: left, lateral: right }).medial).toEqual({ column: 42, row: 100, slope: 0 });
});

test('without one of its compartments a film has no obliquity', () => {
  const unread = { space: null, reason: 'WEAK_EDGES' } as const;
  expect(filmJointLine({ medial: unread, lateral: unread })).toEqual({ medial: null, lateral: null, obliquity: null });
});

test('a film that shows nothing has no joint space, and says why', () => {
  const flat = { rows: 80, columns: 80, data: new Float64Array(6400).fill(0.5) };
  const unread = { space: null, reason: 'NO_EDGES' };
  expect(readFilmJointSpace(flat, 'R')).toEqual({ medial: unread, lateral: unread });
});

test('a crop under 64 pixels is too small', () => {
  const small = { rows: 63, columns: 100, data: new Float64Array(6300) };
  const unread = { space: null, reason: 'TOO_SMALL' };
  expect(readFilmJointSpace(small, 'L')).toEqual({ medial: unread, lateral: unread });
});

test('an edge that fades away is not taken for one', () => {
  // Dark above a bright plateau, with nothing of the femur: one edge where two are needed.
  const data = Float64Array.from({ length: 100 * 100 }, (_, at) => {
    const [row, column] = [Math.floor(at / 100), at % 100];
    return column < 6 || column >= 94 ? 0 : row < 60 ? 0.3 : 0.9;
  });
  const unread = { space: null, reason: 'WEAK_EDGES' };
  expect(readFilmJointSpace({ rows: 100, columns: 100, data }, 'R')).toEqual({ medial: unread, lateral: unread });
});

test('values that are no numbers are refused', () => {
  const broken = { rows: 80, columns: 80, data: new Float64Array(6400).fill(Number.NaN) };
  expect(() => readFilmJointSpace(broken, 'R')).toThrow('Metrics need finite pixel values');
});

function readPng(path: string): GreyImage {
  const { rows, columns, data } = decodePng(readFileSync(path), path);
  return greyImage(Uint8Array.from(data), { rows, columns });
}

function expectEqual(found: FilmJointSpace, wanted: GoldenFilm): void {
  expectCompartment(found.medial, wanted.medial);
  expectCompartment(found.lateral, wanted.lateral);
  const line = filmJointLine(found);
  expectNumber(line.obliquity, wanted.line.obliquity);
  for (const compartment of ['medial', 'lateral'] as const) {
    for (const figure of ['column', 'row', 'slope'] as const) {
      expectNumber(line[compartment]?.[figure] ?? null, wanted.line[compartment]?.[figure] ?? null);
    }
  }
}

function expectNumber(found: number | null, wanted: number | null): void {
  if (wanted === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(wanted, 8);
}

function expectCompartment(found: CompartmentReading, wanted: GoldenSpace | string): void {
  if (typeof wanted === 'string') {
    expect(found).toEqual({ space: null, reason: wanted });
    return;
  }
  expect(found.space!.minimum).toBeCloseTo(wanted.minimum, 8);
  expect(found.space!.mean).toBeCloseTo(wanted.mean, 8);
  for (const line of ['columns', 'femur', 'tibia'] as const) {
    expect(found.space![line]).toHaveLength(wanted[line].length);
    const furthest = Math.max(...wanted[line].map((value, index) => Math.abs(value - found.space![line][index]!)));
    expect(furthest).toBeLessThan(1e-8);
  }
}
