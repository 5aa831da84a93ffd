import { detectKnee, detectKnees, detectorInput, kneeBox, type Film } from '../../src/imaging/radiograph/index.js';
import type { FoundKnee, KneeDetector } from '../../src/inference/index.js';
import { drawFilm } from './drawn-films.js';

const { film } = drawFilm(2);

/** A detector of the shipped one's shape that always finds these. */
function detector(...found: FoundKnee[]): KneeDetector {
  return {
    rows: 192,
    columns: 256,
    window: [2, 98],
    threshold: 0.4,
    name: 'knee-detector@1.0.0',
    find: async () => found.sort((a, b) => b.confidence - a.confidence),
  };
}

const right: FoundKnee = { column: 70, row: 96, side: 56, confidence: 0.9 };
const left: FoundKnee = { column: 186, row: 98, side: 58, confidence: 0.8 };

/** Film pixels per pixel of the detector's input. */
const pitch = Math.max(film.columns / 256, film.rows / 192);

describe('the knees of a bilateral film', () => {
  test('are the pair found, the right one on the left of the image, in film pixels', async () => {
    const { RIGHT, LEFT } = await detectKnees(film, detector(right, left), ['RIGHT', 'LEFT']);
    expect(RIGHT.box.side).toBeCloseTo(56 * pitch, 6);
    expect(RIGHT.box.left + RIGHT.box.side / 2).toBeCloseTo(film.columns / 2 + (70 - 128) * pitch, 6);
    expect(LEFT.box.top + LEFT.box.side / 2).toBeCloseTo(film.rows / 2 + (98 - 96) * pitch, 6);
    expect([RIGHT.confidence, LEFT.confidence]).toEqual([0.9, 0.8]);
  });

  test('are a pair alike, even where something else looks more like a knee', async () => {
    const marker: FoundKnee = { column: 128, row: 20, side: 30, confidence: 0.95 };
    const { RIGHT, LEFT } = await detectKnees(film, detector(marker, right, left), ['RIGHT', 'LEFT']);
    expect([RIGHT.confidence, LEFT.confidence]).toEqual([0.9, 0.8]);
  });

  test('are refused below the threshold, in a sentence that says how sure the knee detector was and what to do', async () => {
    const unsure = { ...left, confidence: 0.31 };
    await expect(detectKnees({ ...film, name: 'film.dcm' }, detector(right, unsure), ['LEFT'])).rejects.toThrow(
      'film.dcm shows no left knee that could be found (the best guess of knee-detector@1.0.0 has confidence 0.31, and 0.4 is needed); give the crop of one knee or its box.',
    );
    expect((await detectKnees(film, detector(right, unsure), ['RIGHT'])).RIGHT.confidence).toBe(0.9);
  });

  test('are refused where there is nothing', async () => {
    await expect(detectKnees(film, detector(), ['RIGHT'])).rejects.toMatchObject({ code: 'FILE_REFUSED' });
  });
});

test('the one knee of a loose crop is the surest', async () => {
  expect((await detectKnee(film, detector(left, right))).confidence).toBe(0.9);
  await expect(detectKnee(film, detector({ ...right, confidence: 0.2 }))).rejects.toThrow(/confidence 0\.20/);
});

test('a box that the caller gives is taken, and the knee detector not asked', async () => {
  const box = { left: 10, top: 20, side: 100 };
  const find = () => Promise.reject(new Error('asked'));
  expect(await kneeBox(film, { side: 'LEFT', box, detector: { ...detector(), find } })).toBe(box);
});

test('the detector sees the whole film, its 2nd to 98th percentile as -1 to 1, its edges repeated beside it', () => {
  const tall: Film = {
    ...film,
    rows: 400,
    columns: 200,
    data: Float32Array.from({ length: 400 * 200 }, (_, index) => index % 200),
  };
  const { input, window } = detectorInput(tall, detector());
  expect(window.height).toBe(400);
  expect(window.left).toBeCloseTo(-(window.width - 200) / 2, 6);
  const row = input.subarray(96 * 256, 97 * 256);
  expect([row[0], row[40], row[255]]).toEqual([-1, -1, 1]);
  expect(row[128]).toBeCloseTo(0, 1);
});
