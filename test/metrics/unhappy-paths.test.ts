import {
  adjacentCorrelation,
  canny,
  correlation,
  findJointRow,
  psnr,
  quartiles,
  rssim,
  ssim,
  VolumeScorer,
  type GreyImage,
} from '../../src/metrics/index.js';
import { patternImage } from './patterns.js';

const image = patternImage('bands', 128, 96, 0);
const other = patternImage('bands', 128, 96, 1);
const flat: GreyImage = { rows: 128, columns: 96, data: new Float32Array(128 * 96).fill(0.5) };

/** A coronal slice: dark femur and tibia between bright muscles, a bright joint band of 4 % of the height at `row`. */
function knee(row: number): GreyImage {
  const data = Float32Array.from({ length: 256 * 256 }, (_, index) => {
    const [y, x] = [Math.floor(index / 256), index % 256];
    if (x < 40 || x > 215) return 0;
    if (x < 75 || x > 180) return 0.6;
    return Math.abs(y - row) < 5 ? 0.9 : 0.08;
  });
  return { rows: 256, columns: 256, data };
}

test('identical images score infinite PSNR and 1 in both similarities', () => {
  expect(psnr(image, image)).toBe(Infinity);
  expect(ssim(image, image)).toBeCloseTo(1, 12);
  expect(rssim(image, image)).toBeCloseTo(1, 12);
});

test('RSSIM compares the edges around the joint row of the real slice only', () => {
  const real = knee(130);
  const farAway = { ...real, data: real.data.map((value, index) => (index < 30 * 256 ? 1 - value : value)) };
  const atJoint = knee(150);
  expect(findJointRow(real)).toBe(130);
  expect(rssim(real, farAway)).toBeGreaterThan(0.98);
  expect(rssim(real, atJoint)).toBeLessThan(0.9);
  expect(rssim(real, atJoint, { jointRow: 130 })).toBe(rssim(real, atJoint));
  expect(rssim(real, atJoint, { jointRow: 130, mode: 'wang' })).not.toBe(rssim(real, atJoint));
});

test('a constant image has no edges and no correlation', () => {
  expect(canny(flat).data.some((value) => value !== 0)).toBe(false);
  expect(correlation(flat, image)).toBeNaN();
  expect(adjacentCorrelation([image, flat, other, other])).toBeCloseTo(1, 12);
  expect(adjacentCorrelation([image])).toBeNaN();
});

test('quartiles follow numpy, leave out what is not a number, and keep infinities', () => {
  // numpy.percentile([1, 2, 3, 10], [25, 50, 75]) = 1.75, 2.5, 4.75
  expect(quartiles([3, NaN, 1, 10, 2])).toEqual({ lower: 1.75, median: 2.5, upper: 4.75 });
  expect(quartiles([Infinity, Infinity, Infinity]).median).toBe(Infinity);
  expect(quartiles([])).toEqual({ lower: NaN, median: NaN, upper: NaN });
});

describe('what cannot be compared is refused', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'different sizes',
      () => psnr(image, { ...image, rows: 96, columns: 128 }),
      /cannot be compared; their sizes must be equal/,
    ],
    ['data of another length', () => ssim(image, { ...image, data: new Float32Array(5) }), /needs 12288 values, not 5/],
    ['NaN', () => psnr(image, { ...image, data: image.data.map(() => NaN) }), /finite pixel values/],
    ['infinity', () => canny({ ...image, data: image.data.map(() => -Infinity) }), /finite pixel values/],
    ['images below the window', () => ssim(tiny(6), tiny(6)), /at least 7 x 7 pixels, not 6 x 6/],
    ['images below the Gaussian', () => ssim(tiny(10), tiny(10), 'wang'), /at least 11 x 11 pixels/],
    [
      'a slice the real volume lacks',
      () => new VolumeScorer([image]).score(1, image),
      /has 1 slices; there is no slice 1/,
    ],
  ])('%s', (_, compare, message) => {
    expect(compare).toThrow(message);
  });
});

function tiny(side: number): GreyImage {
  return { rows: side, columns: side, data: new Float32Array(side * side) };
}
