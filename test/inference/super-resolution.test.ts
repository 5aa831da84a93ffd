import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import type { InferenceHost } from '../../src/inference/index.js';
import { planSuperres, thinned, thinSlices } from '../../src/imaging/superres/index.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { inventedKnee } from '../helpers/invented-slices.js';
import { readBundleFor, startInferenceHost } from '../../src/inference/index.js';
import type { RequestOf } from '../../src/inference/tasks/index.js';

interface Golden {
  fine: { network: 'student' | 'teacher'; steps: number; fine: number[][] }[];
  thin: number[][][];
}

/** What `export-superres --golden` writes. */
interface Shipped {
  bundle: string;
  sha256: Record<'student' | 'teacher', string>;
  fine: Record<'student' | 'teacher', number[][]>;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/superres.json'), 'utf8')) as Golden;
const bundleDir = join(packageRoot, 'test/golden/tiny-superres-bundle');
const [rows, columns] = [40, 48];

/** The picture of test/golden/superres.py and of `export-superres`. */
function invented(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / columns), pixel % columns];
    return 0.5 + 0.3 * Math.sin(row / 5) * Math.cos(column / 7);
  });
}

/** The knee of test/golden/superres.py as a series in memory. */
function kneeSeries() {
  const slices = inventedKnee();
  return {
    ...{ name: 'knee', rows, columns, slices: slices.length, placement: 'SCANNER' as const },
    affine: centredAffine('SAGITTAL', [columns, rows, slices.length], [0.5, 0.5, 3]),
    ...{ spacing: [0.5, 0.5, 3] as const, dicom: null, nifti: null, rescaleOf: () => null },
    read: (index: number) => Promise.resolve(slices[index]!),
    close: () => Promise.resolve(),
  };
}

const request = (changes: Partial<RequestOf<'mri-super-resolution'>> = {}) => {
  const enlarged = invented(changes.rows ?? rows, changes.columns ?? columns);
  return {
    ...{ bundleDir, rows, columns, enlarged, scale: 2, network: 'student' as const },
    jacobian: enlarged.map((value) => 1 + 0.1 * (value - 0.5)),
    logBias: enlarged.map((value) => 0.2 * (0.5 - value)),
    ...changes,
  };
};

describe('a super-resolver in the inference process', () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const fine = async (changes: Partial<RequestOf<'mri-super-resolution'>> = {}) => {
    const asked = request(changes);
    const made = new Float32Array(asked.rows * asked.columns);
    const progress: number[] = [];
    const summary = await host.run('mri-super-resolution', asked, {
      onProgress: ({ done, total }) => progress.push(done / total),
      onOutput: ({ top, left, pixels, ...size }) => {
        for (let row = 0; row < size.rows; row++) {
          const line = pixels.subarray(row * size.columns, (row + 1) * size.columns);
          made.set(line, (top + row) * asked.columns + left);
        }
      },
    });
    return { made, progress, summary };
  };

  it.each(golden.fine)('gives what PyTorch gives: the $network in $steps step(s)', async ({ fine: rows, ...asked }) => {
    const { made, progress } = await fine(asked);
    rows.forEach((line, row) =>
      line.forEach((value, column) => expect(made[5 * row * columns + 8 * column]).toBeCloseTo(value, 4)),
    );
    expect(progress).toHaveLength(asked.steps);
    expect(progress.at(-1)).toBe(1);
  });

  it('makes twice as many slices as PyTorch does, each half a slice where it lay', async () => {
    const series = kneeSeries();
    const thin = await thinSlices(series, { host, bundleDir, network: 'teacher', steps: 1, white: 2400 });
    expect([thin.slices, ...thin.spacing]).toEqual([12, 0.5, 0.5, 1.5]);
    // Both halves have their middle where the slice had it.
    const middle = (place: number, grid: typeof thin | typeof series) => grid.affine[2] * place + grid.affine[3];
    expect((middle(4, thin) + middle(5, thin)) / 2).toBeCloseTo(middle(2, series), 6);
    for (const [index, lines] of golden.thin.entries()) {
      const found = await thin.read(index);
      lines.forEach((line, row) =>
        line.forEach((value, column) => expect(found[8 * row * columns + 8 * column]! / 2400).toBeCloseTo(value, 3)),
      );
    }
  });

  it('sees the planes across the slices as they were taken, whether or not the bias of the coil is taken out afterwards', async () => {
    const { manifest } = await readBundleFor(bundleDir, 'mri-super-resolution');
    const made = async (bias: boolean) => {
      const plan = await planSuperres(kneeSeries(), { scale: 2, throughPlane: true, bias }, manifest);
      return thinned(plan, manifest, { host, bundleDir, network: 'student' });
    };
    const [kept, corrected] = [await made(false), await made(true)];
    expect(corrected.series.slices).toBe(12);
    expect(await corrected.series.read(5)).toEqual(await kept.series.read(5));
  });

  it.each([32, 64, 96, 256])(
    'gives the same slice by tiles of %i pixels, for rows and columns that are odd',
    async (tile) => {
      const size = { rows: 211, columns: 317 };
      const whole = await fine({ ...size, tile: 1_000 });
      const tiled = await fine({ ...size, tile });
      expect(whole.summary.tiles).toBe(1);
      expect(tiled.summary.tiles).toBeGreaterThan(1);
      let largest = 0;
      whole.made.forEach((value, pixel) => (largest = Math.max(largest, Math.abs(value - tiled.made[pixel]!))));
      expect(largest).toBeLessThanOrEqual(1e-5);
    },
  );

  it.each([
    ['a scale out of range', { scale: 6 }, 'The scale is 6; tiny-superres was trained for 1.5 to 4.'],
    ['steps that it has not', { steps: 4 }, 'steps is 4; the student of tiny-superres works in 1 steps.'],
    ['a slice of another size', { rows: 41 }, 'The Jacobian has 1968 values; 48 x 40 are needed.'],
    [
      'no numbers',
      { logBias: new Float32Array(rows * columns).fill(NaN) },
      'The bias holds values that are not numbers.',
    ],
  ])('refuses %s in one sentence', async (what, changes, sentence) => {
    const asked = what === 'a slice of another size' ? { jacobian: invented(41, 48) } : changes;
    await expect(fine(asked)).rejects.toThrow(sentence);
  });

  it.each(['student', 'teacher'] as const)('gives what PyTorch gives with the shipped %s', async (network) => {
    const shipped = JSON.parse(readFileSync(join(packageRoot, 'test/golden/superresolver.json'), 'utf8')) as Shipped;
    const bundleDir = join(packageRoot, 'models', ...shipped.bundle.split('@'));
    const { manifest } = await readBundleFor(bundleDir, 'mri-super-resolution');
    expect(manifest.graphs[network].sha256).toBe(shipped.sha256[network]);
    const { made } = await fine({ bundleDir, network, rows: 48, columns: 64, steps: 1 });
    shipped.fine[network].forEach((line, row) =>
      line.forEach((value, column) => expect(made[12 * row * 64 + 16 * column]).toBeCloseTo(value, 4)),
    );
  });
});
