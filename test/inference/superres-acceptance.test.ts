import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import type { InferenceHost } from '../../src/inference/index.js';
import { startInferenceHost } from '../../src/inference/index.js';
import { enlarge, estimateNoise, reduce } from '../../src/imaging/restoration/index.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import { keepTaken } from '../../src/imaging/superres/keep-taken.js';

/** What users of such tools complain of elsewhere, tried on the shipped networks. */
const bundleDir = join(packageRoot, 'models/knee-mri-sr/0.10.0');
const { abs, hypot, max, sqrt } = Math;

/** A knee of sorts without noise, white 1: two bones, cartilage between them, a border of air. */
function knee(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, pixel) => {
    const [x, y] = [(pixel % columns) / columns - 0.5, Math.floor(pixel / columns) / rows - 0.5];
    const line = 0.02 * Math.sin(9 * x);
    const gap = abs(y - line);
    const edge = (distance: number, width: number) => 1 / (1 + Math.exp(distance / width));
    const leg = edge(hypot(x, y) - 0.44, 0.006);
    const bone = edge(abs(x) - 0.3, 0.006) * edge(0.05 - gap, 0.004);
    const cartilage = edge(abs(x) - 0.3, 0.006) * edge(abs(gap - 0.035) - 0.012, 0.003);
    return leg * (0.45 - 0.3 * bone + 0.5 * cartilage);
  });
}

describe.each(['student', 'teacher'] as const)('the shipped %s', (network) => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const fine = async (coarse: Float32Array, rows: number, columns: number, scale: number, tile?: number) => {
    const [fineRows, fineColumns] = [Math.round(rows * scale), Math.round(columns * scale)];
    const enlarged = enlarge({ rows, columns, data: coarse }, fineRows, fineColumns).data;
    const data = new Float32Array(fineRows * fineColumns);
    const request = { bundleDir, rows: fineRows, columns: fineColumns, enlarged, scale, network, steps: 1 };
    await host.run('mri-super-resolution', tile === undefined ? request : { ...request, tile }, {
      onOutput: ({ top, left, pixels, ...size }) => {
        for (let row = 0; row < size.rows; row++) {
          const line = pixels.subarray(row * size.columns, (row + 1) * size.columns);
          data.set(line, (top + row) * fineColumns + left);
        }
      },
    });
    return keepTaken(
      { rows: fineRows, columns: fineColumns, data },
      { rows, columns, enlarged, noise: estimateNoise({ rows, columns, data: coarse }) },
    );
  };

  it('gives the same slice whatever the tiles, for 211 x 317 pixels, and shows no seam', async () => {
    const coarse = knee(106, 159);
    const whole = await fine(coarse, 106, 159, 2, 1_000);
    const tiled = await fine(coarse, 106, 159, 2, 64);
    expect(largestDifference(whole.data, tiled.data)).toBeLessThanOrEqual(1e-5);
    const seams = meanStep(tiled, (row) => row % 64 === 0);
    const same = meanStep(whole, (row) => row % 64 === 0);
    expect(seams / same).toBeLessThanOrEqual(1.02);
  });

  it('gives a slice that, reduced, is the one that was given; white stays white and air dark', async () => {
    const coarse = reduce({ rows: 256, columns: 256, data: knee(256, 256) }, 128, 128).data;
    const made = await fine(coarse, 128, 128, 2);
    const again = reduce(made, 128, 128).data;
    const squares = again.reduce((sum, value, pixel) => sum + (value - coarse[pixel]!) ** 2, 0);
    expect(255 * sqrt(squares / coarse.length)).toBeLessThanOrEqual(0.5);
    expect(abs(max(...made.data) - max(...coarse))).toBeLessThanOrEqual(0.06);
    expect(abs(made.data[0]!)).toBeLessThanOrEqual(0.02);
  });

  it('adds no noise to flat tissue', async () => {
    const noise = gaussianNoise(3, 0, 0, 96 * 96);
    const coarse = Float32Array.from(noise, (value) => 0.5 + 0.02 * value);
    const enlarged = enlarge({ rows: 96, columns: 96, data: coarse }, 192, 192).data;
    const made = await fine(coarse, 96, 96, 2);
    expect(deviation(made.data)).toBeLessThanOrEqual(1.1 * deviation(enlarged));
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, pixel) => max(most, abs(value - b[pixel]!)), 0);
}

/** Mean absolute step from the row before, over the rows that are chosen. */
function meanStep(
  { rows, columns, data }: { rows: number; columns: number; data: Float32Array },
  chosen: (row: number) => boolean,
): number {
  let [sum, count] = [0, 0];
  for (let row = 1; row < rows; row++) {
    if (!chosen(row)) continue;
    for (let column = 0; column < columns; column++) {
      sum += abs(data[row * columns + column]! - data[(row - 1) * columns + column]!);
      count++;
    }
  }
  return sum / count;
}

function deviation(data: Float32Array): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
}
