import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import {
  dice,
  frechetDistance,
  greyImage,
  kernelDistance,
  psnr,
  regionMask,
  ssim,
  volumePsnr,
  volumeSsim,
  type GreyVolume,
} from '../../src/metrics/index.js';
import { hashed, patternImage } from './patterns.js';

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/metrics.json'), 'utf8')) as {
  volume: Record<'slices' | 'rows' | 'columns' | 'psnr' | 'ssim' | 'ssimWang', number> &
    Record<'maskedPsnr' | 'maskedSsim' | 'maskedSsimWang', number>;
  distances: { real: number; generated: number; dimensions: number; frechet: number; kernel: number }[];
};

function volume(variant: number): GreyVolume {
  const { slices, rows, columns } = golden.volume;
  const data = new Float64Array(slices * rows * columns);
  for (let slice = 0; slice < slices; slice++) {
    data.set(patternImage('bands', rows, columns, variant + 2 * slice).data, slice * rows * columns);
  }
  return { slices, rows, columns, data };
}

describe('volumes', () => {
  const [real, generated] = [volume(0), volume(1)];
  const mask = Uint8Array.from(real.data, (value) => (value > 0.3 ? 1 : 0));

  test('PSNR and SSIM with three-dimensional windows equal scikit-image, whole and under a mask', () => {
    const expected = golden.volume;
    expect(volumePsnr(real, generated)).toBeCloseTo(expected.psnr, 9);
    expect(volumeSsim(real, generated)).toBeCloseTo(expected.ssim, 9);
    expect(volumeSsim(real, generated, 'wang')).toBeCloseTo(expected.ssimWang, 9);
    expect(volumePsnr(real, generated, mask)).toBeCloseTo(expected.maskedPsnr, 9);
    expect(volumeSsim(real, generated, 'skimage', mask)).toBeCloseTo(expected.maskedSsim, 9);
    expect(volumeSsim(real, generated, 'wang', mask)).toBeCloseTo(expected.maskedSsimWang, 9);
  });

  test('what is no pair of volumes is refused with one sentence', () => {
    const shorter = { ...generated, slices: 13, data: generated.data.subarray(480) };
    expect(() => volumePsnr(real, shorter)).toThrow('Volumes of 14 and 13 slices cannot be compared');
    const thin = { slices: 6, rows: 24, columns: 20, data: new Float64Array(6 * 480) };
    expect(() => volumeSsim(thin, thin)).toThrow('needs at least 7 slices, rows and columns, not 6 x 24 x 20');
    expect(() => volumePsnr(real, generated, new Uint8Array(3))).toThrow(
      'A mask of 6720 pixels needs as many values, not 3',
    );
  });
});

describe('masks and regions', () => {
  const [real, generated] = [patternImage('bands', 128, 96, 0), patternImage('bands', 128, 96, 1)];

  test('a mask of everything changes nothing', () => {
    const all = new Uint8Array(128 * 96).fill(1);
    expect(psnr(real, generated, all)).toBe(psnr(real, generated));
    expect(ssim(real, generated, 'wang', all)).toBe(ssim(real, generated, 'wang'));
  });

  test('a region is the rectangle of rows and columns it names', () => {
    const mask = regionMask(real, { top: 10, bottom: 20, left: 3, right: 8 });
    expect(mask.reduce((sum, value) => sum + value, 0)).toBe(50);
    expect(mask[10 * 96 + 3]).toBe(1);
    expect(mask[20 * 96 + 3]).toBe(0);
    expect(() => regionMask(real, { top: 0, bottom: 129, left: 0, right: 5 })).toThrow(
      'The region of rows 0 to 129 and columns 0 to 5 lies outside an image of 96 x 128 pixels.',
    );
  });

  test('masks that mark nothing, or nothing with a whole window around it, are refused', () => {
    expect(() => psnr(real, generated, new Uint8Array(128 * 96))).toThrow('The mask marks no pixel');
    const corner = regionMask(real, { top: 0, bottom: 3, left: 0, right: 3 });
    expect(() => ssim(real, generated, 'skimage', corner)).toThrow('no pixel whose window of 7 lies inside');
  });

  test('Dice is twice the overlap over the sum, and not a number for two empty masks', () => {
    expect(dice(Uint8Array.of(1, 1, 0, 0), Uint8Array.of(1, 0, 0, 1))).toBe(0.5);
    expect(dice(Uint8Array.of(1, 2, 0), Uint8Array.of(5, 1, 0))).toBe(1);
    expect(dice(Uint8Array.of(0, 0), Uint8Array.of(0, 0))).toBeNaN();
    expect(() => dice(new Uint8Array(2), new Uint8Array(3))).toThrow('Masks of 2 and 3 pixels cannot be compared');
  });

  test('8- and 16-bit pixels become values between 0 and 1', () => {
    expect(greyImage(Uint8Array.of(0, 255), { rows: 1, columns: 2 }).data).toEqual(Float64Array.of(0, 1));
    expect(greyImage(Uint16Array.of(65535, 13107), { rows: 2, columns: 1 }).data).toEqual(Float64Array.of(1, 0.2));
    expect(greyImage(Uint16Array.of(4095), { rows: 1, columns: 1 }, 4095).data).toEqual(Float64Array.of(1));
    expect(() => greyImage(Uint16Array.of(5000), { rows: 1, columns: 1 }, 4095)).toThrow(
      'A pixel is 5000; the data range says at most 4095.',
    );
  });
});

describe('distances of two sets of images', () => {
  const rows = (count: number, dimensions: number, salt: number, shift: number) =>
    Array.from({ length: count }, (_, row) =>
      Float32Array.from(
        { length: dimensions },
        (_, at) => hashed(row, at, salt) + hashed(row, at + dimensions, salt) - 1 + shift * (at % 3),
      ),
    );

  test.each(golden.distances)(
    'FID and KID of $real and $generated images with $dimensions features equal scipy and numpy',
    ({ real, generated, dimensions, frechet, kernel }) => {
      const [a, b] = [rows(real, dimensions, 5, 0), rows(generated, dimensions, 6, 0.1)];
      // scipy's root of a singular product is good to six digits.
      expect(frechetDistance(a, b).value).toBeCloseTo(frechet, 6);
      expect(frechetDistance(b, a).value).toBeCloseTo(frechet, 6);
      expect(kernelDistance(a, b).value).toBeCloseTo(kernel, 9);
    },
  );

  test('FID warns below 2,048 images and KID does not', () => {
    const some = rows(4, 3, 1, 0);
    expect(frechetDistance(some, some).value).toBeCloseTo(0, 9);
    expect(frechetDistance(some, some).warning).toBe(
      'FID of 4 images is biased upwards; below 2048 images of each kind use KID instead.',
    );
    expect(frechetDistance(rows(2048, 2, 1, 0), rows(2048, 2, 2, 0)).warning).toBeNull();
    expect(kernelDistance(some, some).warning).toBeNull();
  });

  test('too few images and features of other lengths are refused', () => {
    expect(() => kernelDistance(rows(1, 3, 1, 0), rows(5, 3, 1, 0))).toThrow('there are 1 real and 5 generated');
    expect(() => frechetDistance(rows(3, 3, 1, 0), rows(3, 4, 1, 0))).toThrow('Features of 3 and 4 values');
  });
});
