import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SquareBox } from '../../src/domain/knee-box.js';
import { packageRoot } from '../../src/domain/package.js';
import type { Side } from '../../src/domain/participants.js';
import { kneeBox, loadRadiograph, type Film } from '../../src/imaging/radiograph/index.js';
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
  const [version] = await readdir(join(packageRoot, 'models/knee-detector'));
  detector = await openDetector(host, join(packageRoot, 'models/knee-detector', version!));
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
