import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { decodePng } from '../../src/imaging/png.js';
import {
  adjacentCorrelation,
  canny,
  correlation,
  edgeSsim,
  findJointRows,
  psnr,
  quartiles,
  ssim,
  VolumeScorer,
  type GreyImage,
} from '../../src/metrics/index.js';

interface PaperScores {
  psnr: number;
  ssim: number;
  ssimWang: number;
  edgeSsim: number;
  edgeSsimWang: number;
  correlation: number;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/metrics.json'), 'utf8')) as {
  paperCase: {
    medians: PaperScores & { edgeSsimWhole: number };
    adjacentCorrelation: [number, number, number];
    wrapped: { order: number[]; medians: [number, number] };
    slices: (PaperScores & { index: number; edgeRowCounts: number[]; edgeColumnCounts: number[] })[];
  };
};
const folder = join(packageRoot, '../shared/data/paper-case');
const withCase = existsSync(folder) ? describe : describe.skip;

function stack(name: string): GreyImage[] {
  const files = readdirSync(join(folder, name)).sort();
  return files.map((file) => {
    const { rows, columns, data } = decodePng(readFileSync(join(folder, name, file)), file);
    return { rows, columns, data: Float64Array.from(data, (value) => value / 255) };
  });
}

withCase("the paper's own example (skipped where ../shared/data/paper-case is absent)", () => {
  const real = existsSync(folder) ? stack('real') : [];
  const generated = existsSync(folder) ? stack('generated') : [];
  const { medians, slices } = golden.paperCase;

  test('single slices score as with scikit-image', () => {
    for (const expected of slices) {
      const [a, b] = [real[expected.index]!, generated[expected.index]!];
      expect(Math.abs(psnr(a, b) - expected.psnr)).toBeLessThanOrEqual(1e-6);
      expect(Math.abs(ssim(a, b) - expected.ssim)).toBeLessThanOrEqual(1e-6);
      expect(Math.abs(ssim(a, b, 'wang') - expected.ssimWang)).toBeLessThanOrEqual(1e-6);
      expect(Math.abs(correlation(a, b) - expected.correlation)).toBeLessThanOrEqual(1e-9);
    }
  });

  test('real slices have the edges that scikit-image finds', () => {
    for (const { index, edgeRowCounts, edgeColumnCounts } of slices) {
      const { rows, columns, data } = canny(real[index]!);
      const rowCounts = new Array<number>(rows).fill(0);
      const columnCounts = new Array<number>(columns).fill(0);
      data.forEach((edge, pixel) => {
        rowCounts[Math.floor(pixel / columns)]! += edge;
        columnCounts[pixel % columns]! += edge;
      });
      expect(rowCounts).toEqual(edgeRowCounts);
      expect(columnCounts).toEqual(edgeColumnCounts);
    }
  });

  test('the table of its NOTICE comes out: 15.58 dB, SSIM 0.339 / 0.356, edges 0.633 / 0.578 / 0.524', () => {
    const edges = real.map((slice, index) => [canny(slice), canny(generated[index]!)] as const);
    const median = (values: number[]) => quartiles(values).median;
    const pairs = real.map((slice, index) => [slice, generated[index]!] as const);
    expect(median(pairs.map(([a, b]) => psnr(a, b)))).toBeCloseTo(15.58, 2);
    expect(median(pairs.map(([a, b]) => ssim(a, b)))).toBeCloseTo(0.339, 3);
    expect(median(pairs.map(([a, b]) => ssim(a, b, 'wang')))).toBeCloseTo(0.356, 3);
    expect(median(edges.map(([a, b]) => ssim(a, b)))).toBeCloseTo(0.633, 3);
    expect(median(edges.map(([a, b]) => edgeSsim(a, b, 128)))).toBeCloseTo(0.578, 3);
    expect(median(edges.map(([a, b]) => edgeSsim(a, b, 128, 'wang')))).toBeCloseTo(0.524, 3);
    expect(median(pairs.map(([a, b]) => psnr(a, b)))).toBeCloseTo(medians.psnr, 9);
  });

  test('differences of bytes that wrap around give its 29.63 dB, and 29.41 with the slices shuffled: docs/metrics.md', () => {
    const { order, medians } = golden.paperCase.wrapped;
    const bytes = (slice: GreyImage) => Uint8Array.from(slice.data, (value) => Math.round(255 * value));
    const wrapped = (a: GreyImage, b: GreyImage) => {
      const [x, y] = [bytes(a), bytes(b)];
      // numpy subtracts and squares in uint8: both wrap.
      const squares = x.map((value, at) => (value - y[at]!) ** 2);
      return 10 * Math.log10(255 ** 2 / (squares.reduce((sum, value) => sum + value, 0) / squares.length));
    };
    const median = (others: GreyImage[]) => quartiles(real.map((slice, at) => wrapped(slice, others[at]!))).median;
    expect([median(generated), median(order.map((at) => generated[at]!))].map((value) => value.toFixed(2))).toEqual([
      '29.63',
      '29.41',
    ]);
    expect(median(generated)).toBeCloseTo(medians[0], 9);
  });

  test('adjacent slices correlate as the NOTICE says: 0.852 real, 0.778 generated, 0.783 interpolated', () => {
    const values = [real, generated, stack('interpolated')].map(adjacentCorrelation);
    expect(values.map((value) => value.toFixed(3))).toEqual(['0.852', '0.778', '0.783']);
    values.forEach((value, index) => expect(value).toBeCloseTo(golden.paperCase.adjacentCorrelation[index]!, 9));
  });

  test('the joint row lies on the cartilage band wherever a slice shows the joint', () => {
    const rows = findJointRows(real);
    // Read off the images: from the femoral condyles (slice 15) to the front of the tibia (slice 36) the band is at rows 145-165.
    for (const row of rows.slice(15, 37)) {
      expect(row).toBeGreaterThanOrEqual(140);
      expect(row).toBeLessThanOrEqual(170);
    }
  });

  test('a black volume has a higher RSSIM than the generated one: docs/metrics.md', () => {
    const scorer = new VolumeScorer(real);
    const medianOf = (slices: GreyImage[]) =>
      quartiles(slices.map((slice, index) => scorer.score(index, slice).rssim)).median;
    const black = real.map(({ rows, columns, data }) => ({ rows, columns, data: new Float64Array(data.length) }));
    expect([medianOf(generated), medianOf(black)].map((value) => value.toFixed(2))).toEqual(['0.58', '0.71']);
  });

  test('a scorer gives every slice finite scores', () => {
    const scorer = new VolumeScorer(real);
    const scores = generated.map((slice, index) => scorer.score(index, slice));
    for (const score of scores) expect(Object.values(score).every(Number.isFinite)).toBe(true);
    expect(quartiles(scores.map((score) => score.psnr)).median).toBeCloseTo(15.58, 2);
    expect(() => scorer.score(50, generated[0]!)).toThrow(/there is no slice 50/);
  });
});
