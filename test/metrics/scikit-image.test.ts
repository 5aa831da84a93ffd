import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { canny, correlation, edgeSsim, psnr, sobelDifference, ssim, type GreyImage } from '../../src/metrics/index.js';
import { patternImage } from './patterns.js';

interface GoldenPair {
  name: string;
  rows: number;
  columns: number;
  jointRow: number;
  psnr: number;
  ssim: number;
  ssimWang: number;
  edgeSsim: number;
  edgeSsimWang: number;
  correlation: number;
  sobelDifferenceMean: number;
  maskedPsnr: number;
  maskedSsim: number;
  maskedSsimWang: number;
  edgesReal: string;
  edgesGenerated: string;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/metrics.json'), 'utf8')) as {
  versions: Record<string, string>;
  pairs: GoldenPair[];
};

test('the golden values were made by scikit-image 0.26', () => {
  expect(golden.versions['scikit-image']).toMatch(/^0\.26\./);
  expect(golden.pairs.length).toBeGreaterThanOrEqual(6);
});

describe.each(golden.pairs)('on the pair $name ($columns x $rows)', (pair) => {
  const real = patternImage(pair.name, pair.rows, pair.columns, 0);
  const generated = patternImage(pair.name, pair.rows, pair.columns, 1);

  test('PSNR and SSIM in both modes equal scikit-image to 1e-6', () => {
    expectWithin(psnr(real, generated), pair.psnr, 1e-6);
    expectWithin(ssim(real, generated), pair.ssim, 1e-6);
    expectWithin(ssim(real, generated, 'wang'), pair.ssimWang, 1e-6);
  });

  test('PSNR and SSIM under a mask equal what numpy makes of the same pixels', () => {
    const mask = Uint8Array.from(real.data, (value) => (value > 0.3 ? 1 : 0));
    expectWithin(psnr(real, generated, mask), pair.maskedPsnr, 1e-6);
    expectWithin(ssim(real, generated, 'skimage', mask), pair.maskedSsim, 1e-6);
    expectWithin(ssim(real, generated, 'wang', mask), pair.maskedSsimWang, 1e-6);
  });

  test('Canny marks at least 99.9 % of the pixels as scikit-image does', () => {
    expect(agreement(canny(real), pair.edgesReal)).toBeGreaterThanOrEqual(0.999);
    expect(agreement(canny(generated), pair.edgesGenerated)).toBeGreaterThanOrEqual(0.999);
  });

  test('the SSIM of the edges around the joint row equals scikit-image', () => {
    const [a, b] = [canny(real), canny(generated)];
    expectWithin(edgeSsim(a, b, pair.jointRow), pair.edgeSsim, 1e-6);
    expectWithin(edgeSsim(a, b, pair.jointRow, 'wang'), pair.edgeSsimWang, 1e-6);
  });

  test('correlation and Sobel difference equal numpy and scipy', () => {
    expectWithin(correlation(real, generated), pair.correlation, 1e-9);
    const { data } = sobelDifference(real, generated);
    expectWithin(Array.from(data).reduce((sum, value) => sum + value, 0) / data.length, pair.sobelDifferenceMean, 1e-9);
  });
});

function expectWithin(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);
}

/** Share of pixels on which an edge image agrees with a base64 of numpy.packbits. */
function agreement(edges: GreyImage, packed: string): number {
  const bytes = Buffer.from(packed, 'base64');
  let equal = 0;
  edges.data.forEach((value, index) => {
    const bit = (bytes[index >> 3]! >> (7 - (index & 7))) & 1;
    if (bit === value) equal++;
  });
  return equal / edges.data.length;
}
