import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SquareBox } from '../../src/domain/knee-box.js';
import { packageRoot } from '../../src/domain/package.js';
import type { Side } from '../../src/domain/participants.js';
import { type Film, filmView, kneeBox, kneesOn, loadRadiograph, resample } from '../../src/imaging/radiograph/index.js';
import { type InferenceHost, type KneeDetector, openDetector, startInferenceHost } from '../../src/inference/index.js';
import { writeRelease } from '../../src/oai/synthetic/release.js';

/** A film of people that the shipped knee detector was not trained on, with the true squares. */
interface TrueFilm {
  film: Film;
  boxes: Map<Side, SquareBox>;
}

let home: string;
let host: InferenceHost;
let detector: KneeDetector;
let films: TrueFilm[];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'osteograph-films-'));
  const coarse = { participants: 3, imageParticipants: 3, seed: 31, visits: ['V00'], compact: true } as const;
  await writeRelease({ ...coarse, filmsOnly: true, filmPixel: 0.8 }, { out: home });
  films = await readFilms(home);
  host = await startInferenceHost({ device: 'cpu' });
  detector = await openDetector(host, join(packageRoot, 'models/knee-detector/2.0.0'));
});
afterAll(async () => {
  await host.close();
  await rm(home, { recursive: true, force: true });
});

test('the shipped knee detector frames knees it has never seen with a mean overlap (IoU) of at least 0.85', async () => {
  const overlaps: number[] = [];
  for (const { film, boxes } of films) {
    for (const [side, truth] of boxes) overlaps.push(overlap(await kneeBox(film, { side, detector }), truth));
  }
  expect(overlaps).toHaveLength(6);
  expect(overlaps.reduce((sum, value) => sum + value) / overlaps.length).toBeGreaterThanOrEqual(0.85);
});

test('a film without knees is refused, and taken with a box', async () => {
  const [{ film }] = films as [TrueFilm];
  const shafts = { ...film, name: 'shafts.dcm', rows: 100, data: film.data.subarray(0, 100 * film.columns) };
  await expect(kneeBox(shafts, { side: 'LEFT', detector })).rejects.toThrow(
    /^shafts\.dcm shows no left knee that could be found \(the best guess of knee-detector@.* is needed\); give/,
  );
  const box = { left: 20, top: 10, side: 80 };
  expect(await kneeBox(shafts, { side: 'LEFT', detector, box })).toBe(box);
});

test('phantom films are what they are: both knees, upright, bone bright', async () => {
  for (const { film } of films) {
    expect(await kneesOn(film, { laterality: null, detector })).toMatchObject({ view: 'BILATERAL', problems: [] });
  }
});

test('no knee is taken from a film that shows bone dark, and each is told why', async () => {
  for (const { film } of films) {
    const most = film.data.reduce((high, value) => Math.max(high, value), 0);
    const negative = { ...film, data: film.data.map((value) => most - value) };
    const { knees, problems } = await kneesOn(negative, { laterality: null, detector });
    expect(knees).toEqual([]);
    for (const problem of problems) expect(problem).toMatch(/greys are inverted; invert them\.$|that could be found/);
  }
});

test('no knee is found on a phantom film that lies on its side', async () => {
  for (const { film } of films) {
    const turned = turnedClockwise(film);
    for (const onItsSide of [turned, turnedClockwise(turnedClockwise(turned))]) {
      expect(await kneesOn(onItsSide, { laterality: null, detector })).toMatchObject({ knees: [] });
    }
  }
});

const xrays = join(packageRoot, '../shared/data/xrays');
const withFilms = existsSync(xrays) ? describe : describe.skip;

/** Both knees of people of the part "test" of training/splits/films.csv: no detector was trained on them. */
const PEOPLE = ['kl0/05c5eb2e10', 'kl2/025759caa3', 'kl3/48efb21e15'];

withFilms('real knees (skipped where ../shared/data is absent)', () => {
  test.each(PEOPLE)('%s: a strip of both is bilateral, both joints are found, each in its place', async (person) => {
    const strip = beside(await crop(`${person}R.png`), await crop(`${person}L.png`));
    const { view, knees } = await kneesOn(strip, { laterality: null, detector });
    expect(view).toBe('BILATERAL');
    expect(knees.map(({ side }) => side)).toEqual(['RIGHT', 'LEFT']);
    knees.forEach(({ box }, index) => {
      // The collection's crops hold a joint in the middle of their width, and 53 to 62 % down.
      expect(Math.abs(box.left + box.side / 2 - (132 + index * 264))).toBeLessThan(20);
      expect(box.top + box.side / 2).toBeGreaterThan(108);
      expect(box.top + box.side / 2).toBeLessThan(150);
    });
  });

  test.each(PEOPLE)('%s: a strip of one, 300 x 162, is of one knee, whatever its shape says', async (person) => {
    const strip = inStrip(await crop(`${person}R.png`), 300, 162);
    expect(await filmView(strip)).toBe('BILATERAL');
    const { view, knees } = await kneesOn(strip, { laterality: 'RIGHT', detector });
    expect([view, knees.length]).toEqual(['SINGLE', 1]);
    const [{ box }] = knees as [(typeof knees)[number]];
    expect(Math.abs(box.left + box.side / 2 - 150)).toBeLessThan(15);
    expect(box.top + box.side / 2).toBeGreaterThan(78);
    expect(box.top + box.side / 2).toBeLessThan(109);
  });
});

function turnedClockwise({ rows, columns, data, ...film }: Film): Film {
  const turned = data.map((_, index) => data[(rows - 1 - (index % rows)) * columns + Math.floor(index / rows)]!);
  return { ...film, rows: columns, columns: rows, data: turned };
}

async function crop(file: string): Promise<Film> {
  return loadRadiograph(join(xrays, file));
}

/** Two crops side by side with air around them. */
function beside(right: Film, left: Film): Film {
  const [rows, columns] = [264, 528];
  const data = new Float32Array(rows * columns);
  [right, left].forEach((knee, index) => {
    for (let row = 0; row < knee.rows; row++) {
      data.set(knee.data.subarray(row * knee.columns, (row + 1) * knee.columns), row * columns + 20 + index * 264);
    }
  });
  return { ...right, name: 'strip.png', rows, columns, data };
}

/** A crop as high as a strip, in its middle, air beside it. */
function inStrip(knee: Film, columns: number, rows: number): Film {
  const { data: small } = resample(knee, { left: 0, top: 0, width: knee.columns, height: knee.rows }, rows, rows);
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    data.set(small.subarray(row * rows, (row + 1) * rows), row * columns + (columns - rows) / 2);
  }
  return { ...knee, name: 'strip.png', rows, columns, data };
}

async function readFilms(root: string): Promise<TrueFilm[]> {
  const [, ...listed] = (await readFile(join(root, '00m/contents.csv'), 'utf8')).trim().split(/\r?\n/);
  const [, ...truth] = (await readFile(join(root, 'synthetic-truth.csv'), 'utf8')).trim().split(/\r?\n/);
  return Promise.all(
    listed.map(async (line) => {
      const [folder, id] = line.split(',');
      const rows = truth.map((row) => row.split(',')).filter((row) => row[0] === id);
      const boxes = rows.map((row): [Side, SquareBox] => {
        const [left, top, side] = row.slice(8).map(Number);
        return [row[2] as Side, { left: left!, top: top!, side: side! }];
      });
      return { film: await loadRadiograph(join(root, '00m', folder!, '001')), boxes: new Map(boxes) };
    }),
  );
}

function overlap(a: SquareBox, b: SquareBox): number {
  const width = Math.max(0, Math.min(a.left + a.side, b.left + b.side) - Math.max(a.left, b.left));
  const height = Math.max(0, Math.min(a.top + a.side, b.top + b.side) - Math.max(a.top, b.top));
  return (width * height) / (a.side ** 2 + b.side ** 2 - width * height);
}
