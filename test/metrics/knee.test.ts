import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import {
  boneDice,
  boneMask,
  edgeF1,
  greyImage,
  type GreyImage,
  retrieval,
  rssim,
  sharpnessRatio,
} from '../../src/metrics/index.js';
import { limitsOfAgreement } from '../../src/metrics/statistics/index.js';

interface GoldenPair {
  name: string;
  pixels: string;
  bone: string;
  edgeF1: number;
  boneDice: number;
  sharpness: number;
}

interface GoldenAgreement {
  first: number[];
  second: number[];
  bias: number;
  deviation: number;
  lower: number;
  upper: number;
  biasError: number;
  limitError: number;
  correlation: number;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/knee-metrics.json'), 'utf8')) as {
  rows: number;
  columns: number;
  spacing: number;
  jointRow: number;
  real: string;
  pairs: GoldenPair[];
  agreement: GoldenAgreement;
};
const { jointRow, spacing } = golden;
const imageOf = (pixels: string): GreyImage => greyImage(Uint8Array.from(Buffer.from(pixels, 'base64')), golden);
const real = imageOf(golden.real);
const named = (name: string): GreyImage => imageOf(golden.pairs.find((pair) => pair.name === name)!.pixels);

describe.each(golden.pairs)('against a knee $name', (pair) => {
  const generated = imageOf(pair.pixels);

  test('edge F1 and sharpness equal scipy and scikit-image', () => {
    expect(edgeF1(real, generated, jointRow, spacing)).toBeCloseTo(pair.edgeF1, 10);
    expect(sharpnessRatio(real, generated)).toBeCloseTo(pair.sharpness, 10);
  });

  test('the bones are the pixels that scipy marks, and their Dice coefficient is its', () => {
    const marked = Buffer.from(pair.bone, 'base64');
    const bits = Array.from(boneMask(generated), (_, index) => (marked[index >> 3]! >> (7 - (index & 7))) & 1);
    expect([...boneMask(generated)]).toEqual(bits);
    expect(boneDice(real, generated, jointRow, spacing)).toBeCloseTo(pair.boneDice, 10);
  });
});

test('a black image is worth nothing here, where RSSIM takes it for a fair one', () => {
  const black = named('black');
  expect(edgeF1(real, black, jointRow, spacing)).toBe(0);
  expect(boneDice(real, black, jointRow, spacing)).toBe(0);
  expect(sharpnessRatio(real, black)).toBe(0);
  expect(rssim(real, black, { jointRow })).toBeGreaterThan(0.3);
});

test('a real slice that shows nothing has no figure, rather than a good or a bad one', () => {
  const black = named('black');
  expect(edgeF1(black, real, jointRow, spacing)).toBeNull();
  expect(boneDice(black, real, jointRow, spacing)).toBeNull();
  expect(sharpnessRatio(black, real)).toBeNull();
});

test('images of different sizes are refused', () => {
  const small = { rows: 2, columns: 2, data: new Float64Array(4) };
  for (const figure of [
    () => edgeF1(real, small, jointRow, spacing),
    () => boneDice(real, small, jointRow, spacing),
    () => sharpnessRatio(real, small),
  ]) {
    expect(figure).toThrow('Images of 120 x 104 and 2 x 2 pixels cannot be compared; their sizes must be equal.');
  }
});

describe('retrieval', () => {
  const people = ['ann', 'ann', 'bob', 'cid'];

  test('counts knees whose own is the nearest, and holds no two knees of one person against each other', () => {
    const scores = [
      // Nearer to the other knee of the same person than to its own, which does not count.
      [0.8, 0.9, 0.1, 0.2],
      [0.1, 0.7, 0.9, 0.2],
      [0.1, 0.2, 0.5, 0.5],
      [0, 0, 0, 1],
    ];
    // Won: 2 of 2, 1 of 2, 2 of 3 and a tie, 3 of 3.
    expect(retrieval(scores, people)).toEqual({ first: 0.5, pairs: 8.5 / 10, others: 2.5 });
  });

  test('of images that are all alike nobody is first, and half the pairs are won', () => {
    expect(retrieval(Array(4).fill([0, 0, 0, 0]) as number[][], people)).toEqual({ first: 0, pairs: 0.5, others: 2.5 });
  });

  test('needs a square of scores and two people', () => {
    expect(() => retrieval([[1]], ['ann', 'bob'])).toThrow(
      'Retrieval of 2 knees needs as many rows and columns of scores.',
    );
    expect(() => retrieval([[1]], ['ann'])).toThrow('Retrieval needs the knees of at least two people.');
  });
});

describe('limits of agreement', () => {
  test('equal numpy and scipy', () => {
    const { first, second, ...wanted } = golden.agreement;
    const found = limitsOfAgreement(first, second);
    expect(found.pairs).toBe(40);
    for (const [name, value] of Object.entries(wanted))
      expect(found[name as keyof typeof wanted]).toBeCloseTo(value, 10);
  });

  test('have no correlation where one of the two never varies', () => {
    expect(limitsOfAgreement([1, 1, 1], [1, 2, 3])).toMatchObject({ bias: 1, correlation: null });
  });

  test('need three pairs', () => {
    expect(() => limitsOfAgreement([1, 2], [1, 2])).toThrow('at least three pairs, not 2 and 2');
  });
});
