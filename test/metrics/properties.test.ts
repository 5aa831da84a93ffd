import fc from 'fast-check';
import {
  acutance,
  correlation,
  edgeSsim,
  canny,
  multiScaleSsim,
  psnr,
  sobelDifference,
  ssim,
  type GreyImage,
} from '../../src/metrics/index.js';
import { patternImage } from './patterns.js';

/** Pictures of all kinds: a pattern, with noise of its own and a share of another. */
const picture = fc
  .record({
    name: fc.constantFrom('rings', 'discs', 'bands', 'noise', 'corner', 'ramp'),
    variant: fc.integer({ min: 0, max: 9 }),
    gain: fc.double({ min: 0.2, max: 1, noNaN: true }),
  })
  .map(({ name, variant, gain }): GreyImage => {
    const { rows, columns, data } = patternImage(name, 64, 64, variant);
    return { rows, columns, data: data.map((value) => value * gain) };
  });

const runs = { numRuns: 25 };

test('an image is as like itself as can be', () => {
  fc.assert(
    fc.property(picture, (image) => {
      expect(psnr(image, image)).toBe(Infinity);
      expect(ssim(image, image)).toBeCloseTo(1, 9);
      expect(ssim(image, image, 'wang')).toBeCloseTo(1, 9);
      expect(correlation(image, image)).toBeCloseTo(1, 9);
      expect(acutance(image, image)).toBeCloseTo(1, 9);
      expect(sobelDifference(image, image).data.every((value) => value === 0)).toBe(true);
      const edges = canny(image);
      expect(edgeSsim(edges, edges, 32)).toBeCloseTo(1, 9);
    }),
    runs,
  );
});

test('which of two images is the first makes no difference, but to acutance', () => {
  fc.assert(
    fc.property(picture, picture, (a, b) => {
      expect(psnr(a, b)).toBe(psnr(b, a));
      expect(ssim(a, b)).toBeCloseTo(ssim(b, a), 12);
      expect(ssim(a, b, 'wang')).toBeCloseTo(ssim(b, a, 'wang'), 12);
      expect(correlation(a, b)).toBeCloseTo(correlation(b, a), 12);
      expect(edgeSsim(canny(a), canny(b), 30)).toBeCloseTo(edgeSsim(canny(b), canny(a), 30), 12);
    }),
    runs,
  );
});

test('every score keeps to its range', () => {
  fc.assert(
    fc.property(picture, picture, (a, b) => {
      expect(psnr(a, b)).toBeGreaterThanOrEqual(0);
      for (const value of [ssim(a, b), ssim(a, b, 'wang'), correlation(a, b), edgeSsim(canny(a), canny(b), 30)]) {
        expect(value).toBeGreaterThanOrEqual(-1 - 1e-12);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
      }
      expect(acutance(a, b)).toBeGreaterThanOrEqual(0);
    }),
    runs,
  );
});

test('a shift of both images by the same pixels changes no score by more than its rim', () => {
  // On a field that repeats, cutting elsewhere is shifting: both crops hold the same values in another place.
  const field = (phase: number, dx: number): GreyImage => ({
    rows: 192,
    columns: 192,
    data: Float64Array.from({ length: 192 * 192 }, (_, index) => {
      const [y, x] = [Math.floor(index / 192), (index % 192) + dx];
      return 0.5 + 0.2 * Math.sin((2 * Math.PI * (x + phase)) / 16) + 0.2 * Math.sin((2 * Math.PI * y) / 24);
    }),
  });
  const here = [field(0, 0), field(3, 0)] as const;
  const there = [field(0, 16), field(3, 16)] as const;
  for (const score of [psnr, ssim, correlation, multiScaleSsim]) {
    expect(score(...there)).toBeCloseTo(score(...here), 9);
  }
});

test('a shift of one image alone costs similarity, and hardly any acutance; a blur costs acutance', () => {
  const sharp = patternImage('noise', 64, 64, 0);
  const moved = { ...sharp, data: sharp.data.map((_, index) => sharp.data[(index + 5) % sharp.data.length]!) };
  const blurred = {
    ...sharp,
    data: sharp.data.map((value, index) => (value + sharp.data[(index + 1) % sharp.data.length]!) / 2),
  };
  expect(ssim(sharp, moved)).toBeLessThan(0.1);
  expect(acutance(sharp, moved)).toBeGreaterThan(0.95);
  expect(acutance(sharp, blurred)).toBeLessThan(0.95);
});

test('acutance and multi-scale SSIM say which sizes they take', () => {
  const odd = patternImage('ramp', 160, 200, 0);
  expect(() => acutance(odd, odd)).toThrow('whose side is a power of two (such as 256 x 256), not 200 x 160');
  expect(() => multiScaleSsim(odd, odd)).toThrow('at least 161 x 161 pixels, not 200 x 160');
});
