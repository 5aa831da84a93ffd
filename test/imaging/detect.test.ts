import {
  detectKnee,
  detectKnees,
  detectorInput,
  type Film,
  filmView,
  kneeBox,
  kneesOn,
} from '../../src/imaging/radiograph/index.js';
import type { FoundKnee, KneeDetector, SeenView } from '../../src/inference/index.js';
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
    look: async () => ({ knees: found.sort((a, b) => b.confidence - a.confidence), view: null }),
  };
}

/** A detector that is sure of a frontal, upright film but for what it is told. */
function seeing(view: Partial<SeenView>, ...found: FoundKnee[]): KneeDetector {
  const upright = {
    shows: 'BILATERAL',
    showsChance: 0.99,
    frontalChance: 0.99,
    turned: 0,
    turnedChance: 0.99,
    invertedChance: 0.01,
  } as const;
  return { ...detector(), look: async () => ({ knees: found, view: { ...upright, ...view } }) };
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
  const look = () => Promise.reject(new Error('asked'));
  expect(await kneeBox(film, { side: 'LEFT', box, detector: { ...detector(), look } })).toBe(box);
});

describe('whether a film shows both legs', () => {
  const strip: Film = {
    ...film,
    name: 'strip.png',
    rows: 162,
    columns: 300,
    data: film.data.subarray(0, 162 * 300),
    pixelSpacing: null,
  };
  const middle: FoundKnee = { column: 131, row: 96, side: 110, confidence: 0.9 };

  test('is told by a pair of knees or one in the middle, whatever the shape of the film', async () => {
    expect(await filmView(strip)).toBe('BILATERAL');
    expect(await filmView(strip, detector(middle))).toBe('SINGLE');
    const tall = { ...strip, rows: 300, columns: 162 };
    expect(await filmView(tall)).toBe('SINGLE');
    expect(await filmView(tall, detector(right, left))).toBe('BILATERAL');
  });

  test('is told by its shape where no knee is found, or one at a side', async () => {
    expect(await filmView(strip, detector())).toBe('BILATERAL');
    expect(await filmView(strip, detector(right))).toBe('BILATERAL');
    expect(await filmView(strip, detector({ ...middle, confidence: 0.39 }))).toBe('BILATERAL');
  });

  test('is not asked of a tight crop', async () => {
    const crop = { ...strip, rows: 162, columns: 162 };
    expect(await filmView(crop, detector(right, left))).toBe('SINGLE');
  });

  test('takes one look at a film, however many knees are asked for', async () => {
    let asked = 0;
    const once = detector(right, left);
    const look = (input: Float32Array) => ((asked += 1), once.look(input));
    const found = await kneesOn({ ...film }, { laterality: null, detector: { ...once, look } });
    expect(found.knees.map(({ side }) => side)).toEqual(['RIGHT', 'LEFT']);
    expect(asked).toBe(1);
  });
});

describe('a film that is surely no upright film from the front', () => {
  const named = { ...film, name: 'film.dcm', pixelSpacing: null };

  test.each([
    [
      { shows: 'LATERAL', frontalChance: 0.01 },
      'film.dcm shows a knee from the side (lateral); a film from the front (PA or AP) is needed.',
    ],
    [
      { shows: 'SKYLINE', frontalChance: 0.01 },
      'film.dcm shows a knee from above (skyline); a film from the front (PA or AP) is needed.',
    ],
    [
      { shows: 'NONE', frontalChance: 0.01 },
      'film.dcm does not show knees from the front; a film from the front (PA or AP) is needed.',
    ],
    [{ turned: 1 }, 'film.dcm lies on its side; turn it a quarter turn to the left.'],
    [{ turned: 2 }, 'film.dcm is upside down; turn it by half a turn.'],
    [{ turned: 3 }, 'film.dcm lies on its side; turn it a quarter turn to the right.'],
    [{ invertedChance: 0.9 }, 'film.dcm shows bone dark: its greys are inverted; invert them.'],
  ] as const)('%j is refused, even where something on it looks like a pair of knees', async (view, sentence) => {
    const refused = { code: 'FILE_REFUSED', message: sentence };
    await expect(kneeBox({ ...named }, { side: 'LEFT', detector: seeing(view, right, left) })).rejects.toMatchObject(
      refused,
    );
    const found = await kneesOn({ ...named }, { laterality: null, detector: seeing(view, right, left) });
    expect(found).toMatchObject({ knees: [], problems: [sentence] });
  });

  test.each([
    { shows: 'LATERAL', showsChance: 0.7, frontalChance: 0.3 },
    { turned: 2, turnedChance: 0.7 },
    { invertedChance: 0.7 },
  ] as const)('%j is looked at: the detector is not sure', async (view) => {
    const box = await kneeBox({ ...named }, { side: 'LEFT', detector: seeing(view, right, left) });
    expect(box.side).toBeCloseTo(58 * pitch, 6);
  });
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
