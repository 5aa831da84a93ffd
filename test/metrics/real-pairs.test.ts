import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { readDicom } from '../../src/imaging/dicom/read.js';
import { decodePng } from '../../src/imaging/png.js';
import {
  acutance,
  canny,
  correlation,
  edgeSsim,
  greyImage,
  multiScaleSsim,
  psnr,
  sobelDifference,
  ssim,
  type GreyImage,
} from '../../src/metrics/index.js';

interface RealPair {
  files: [string, string];
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
  multiScaleSsim: number;
  acutance: number | null;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/metrics.json'), 'utf8')) as {
  realPairs: RealPair[];
};
const data = join(packageRoot, '../shared/data');
const withData = existsSync(data) ? describe : describe.skip;

async function read(file: string): Promise<GreyImage> {
  const path = join(data, file);
  if (file.endsWith('.dcm')) {
    const { attributes, pixels } = await readDicom(path);
    // Fourteen of the sixteen bits are used.
    return greyImage(Uint16Array.from(pixels), attributes, 16383);
  }
  const { rows, columns, data: pixels } = decodePng(readFileSync(path), file);
  return greyImage(Uint8Array.from(pixels), { rows, columns });
}

withData('on real slices and radiographs (skipped where ../shared/data is absent)', () => {
  test.each(golden.realPairs)('$files.0 against $files.1: every metric equals its reference', async (pair) => {
    const [a, b] = [await read(pair.files[0]), await read(pair.files[1])];
    const mask = Uint8Array.from(a.data, (value) => (value > 0.2 ? 1 : 0));
    expectWithin(psnr(a, b), pair.psnr, 1e-9);
    expectWithin(ssim(a, b), pair.ssim, 1e-9);
    expectWithin(ssim(a, b, 'wang'), pair.ssimWang, 1e-9);
    expectWithin(psnr(a, b, mask), pair.maskedPsnr, 1e-9);
    expectWithin(ssim(a, b, 'skimage', mask), pair.maskedSsim, 1e-9);
    expectWithin(ssim(a, b, 'wang', mask), pair.maskedSsimWang, 1e-9);
    expectWithin(multiScaleSsim(a, b), pair.multiScaleSsim, 1e-9);
    const [edgesA, edgesB] = [canny(a), canny(b)];
    expectWithin(edgeSsim(edgesA, edgesB, pair.jointRow), pair.edgeSsim, 1e-6);
    expectWithin(edgeSsim(edgesA, edgesB, pair.jointRow, 'wang'), pair.edgeSsimWang, 1e-6);
    expectWithin(correlation(a, b), pair.correlation, 1e-9);
    const difference = Array.from(sobelDifference(a, b).data);
    expectWithin(difference.reduce((sum, value) => sum + value, 0) / difference.length, pair.sobelDifferenceMean, 1e-9);
    if (pair.acutance !== null) expectWithin(acutance(a, b), pair.acutance, 1e-9);
  });
});

function expectWithin(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);
}
