import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import type { InferenceHost } from '../../src/inference/index.js';
import type { RequestOf } from '../../src/inference/tasks/index.js';
import { startInferenceHost } from '../../src/inference/index.js';
import { tilesOf } from '../../src/inference/tiles.js';

interface Golden {
  rows: number;
  columns: number;
  film: number[];
  seed: number;
  means: Record<string, number[]>;
  sampled: Record<string, number[]>;
  mask: number[];
  filled: number[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/restoration.json'), 'utf8')) as Golden;
const bundleDir = join(packageRoot, 'test/golden/tiny-restorer-bundle');
const { rows, columns } = golden;
const film = Float32Array.from(golden.film);

describe('a restorer in the inference process', () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const restore = async (changes: Partial<RequestOf<'image-restoration'>> = {}) => {
    const request = { bundleDir, rows, columns, film, sigma: 20, impulses: 0.03, ...changes };
    const restored = new Float32Array(request.rows * request.columns);
    const progress: number[] = [];
    const summary = await host.run('image-restoration', request, {
      onProgress: ({ done, total }) => progress.push(done / total),
      onOutput: ({ top, left, pixels, ...size }) => {
        for (let row = 0; row < size.rows; row++) {
          const line = pixels.subarray(row * size.columns, (row + 1) * size.columns);
          restored.set(line, (top + row) * request.columns + left);
        }
      },
    });
    return { restored, progress, summary };
  };

  it.each(['1', '2', '4'])('gives the mean that PyTorch gives in %s steps', async (steps) => {
    const { restored, progress } = await restore({ steps: Number(steps) });
    expectClose(restored, golden.means[steps]!);
    expect(progress).toHaveLength(Number(steps));
    expect(progress.at(-1)).toBe(1);
  });

  it.each(['1', '2', '4'])('draws the film that PyTorch draws in %s steps', async (steps) => {
    expectClose((await restore({ steps: Number(steps), seed: golden.seed })).restored, golden.sampled[steps]!);
  });

  it('fills in what a mask hides, and leaves every other pixel exactly as it was', async () => {
    const mask = Float32Array.from(golden.mask);
    const { restored } = await restore({ sigma: 0, impulses: 0, mask });
    expectClose(restored, golden.filled);
    restored.forEach((value, pixel) => {
      if (mask[pixel] === 0) expect(value).toBe(film[pixel]);
    });
  });

  it.each([8, 16, 24, 64])('gives the same film by tiles of %i pixels', async (tile) => {
    const size = { rows: 211, columns: 317 };
    const wide = Float32Array.from({ length: 211 * 317 }, (_, pixel) => Math.sin(pixel / 9) / 2 + 0.5);
    const whole = await restore({ ...size, film: wide, tile: 1_000 });
    const tiled = await restore({ ...size, film: wide, tile: tile * 4, steps: 1 });
    expect(whole.summary.tiles).toBe(1);
    expect(tiled.summary.tiles).toBeGreaterThan(1);
    expectClose(tiled.restored, [...whole.restored], 1e-5);
  });

  it.each([
    ['more noise than it was trained for', { sigma: 90 }, 'The noise is 90; tiny-restorer was trained for 0 to 75.'],
    [
      'more enlargement than it was trained for',
      { scale: 16 },
      'The enlargement is 16; tiny-restorer was trained for 1 to 8.',
    ],
    [
      'more black and white pixels than it was trained for',
      { impulses: 0.5 },
      'The share of black and white pixels is 0.5; tiny-restorer was trained for 0 to 0.12.',
    ],
    ['a number of steps that it has not', { steps: 3 }, 'steps is 3; tiny-restorer restores in 1, 2, 4 steps.'],
    ['a film of another size than it says', { rows: 47 }, 'The film has 1920 values; 40 x 47 are needed.'],
    [
      'a mask of another size',
      { mask: new Float32Array(7) },
      'The mask has 7 pixels and the film 1920; they must be of one size.',
    ],
    ['a mask that hides nothing', { mask: new Float32Array(1920) }, 'The mask hides nothing.'],
    ['a mask that hides everything', { mask: new Float32Array(1920).fill(1) }, 'The mask hides the whole film.'],
  ])('refuses %s in one sentence', async (_, changes, sentence) => {
    await expect(restore(changes)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: sentence });
  });

  it('stops between two tiles when it is canceled', async () => {
    const abort = new AbortController();
    const request = { bundleDir, rows: 200, columns: 200, film: new Float32Array(40_000), tile: 32 };
    const run = host.run('image-restoration', request, {
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 2) abort.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
  });

  it('ends when it is canceled during the last evaluation, after which it has pixels to hand on', async () => {
    const abort = new AbortController();
    const request = { bundleDir, rows, columns, film, sigma: 20, impulses: 0.03, steps: 2 };
    const outputs: unknown[] = [];
    const run = host.run('image-restoration', request, {
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 1) abort.abort(new Error('enough'));
      },
      onOutput: (output) => void outputs.push(output),
    });
    await expect(run).rejects.toThrow('enough');
    expect(outputs).toEqual([]);
    expectClose((await restore({ steps: 2 })).restored, golden.means['2']!);
  });
});

test('the shipped restorer gives what PyTorch gives', async () => {
  const path = join(packageRoot, 'test/golden/restorer');
  const shipped = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as { bundle: string; restored: number[][] };
  const bytes = readFileSync(`${path}.bin`);
  const spoilt = Float32Array.from({ length: 48 * 64 }, (_, pixel) => bytes.readFloatLE(4 * pixel));
  const restored = new Float32Array(48 * 64);
  const host = await startInferenceHost({ device: 'cpu', threads: 1 });
  try {
    const bundle = join(packageRoot, 'models', ...shipped.bundle.split('@'));
    const request = { bundleDir: bundle, rows: 48, columns: 64, film: spoilt, sigma: 25 };
    await host.run('image-restoration', request, { onOutput: ({ pixels }) => restored.set(pixels) });
  } finally {
    await host.close();
  }
  shipped.restored.forEach((line, row) => {
    line.forEach((value, column) => expect(restored[row * 12 * 64 + column * 16]).toBeCloseTo(value, 3));
  });
});

describe('tiles', () => {
  it('cover every pixel once, with halos that end at the padded image', () => {
    const tiles = tilesOf(21, 37, { multipleOf: 8, haloPx: 8 }, 16);
    const counts = new Uint8Array(21 * 37);
    for (const { core, source } of tiles) {
      for (let row = 0; row < core.rows; row++) {
        for (let column = 0; column < core.columns; column++) counts[(core.top + row) * 37 + core.left + column]!++;
      }
      for (const size of Object.values(source)) expect(size % 8).toBe(0);
    }
    expect(counts.every((count) => count === 1)).toBe(true);
    expect(tiles[0]).toEqual({
      core: { top: 0, left: 0, rows: 16, columns: 16 },
      source: { top: 0, left: 0, rows: 24, columns: 24 },
    });
    expect(tiles.at(-1)).toEqual({
      core: { top: 16, left: 32, rows: 5, columns: 5 },
      source: { top: 8, left: 24, rows: 16, columns: 16 },
    });
  });
});

function expectClose(found: Float32Array, expected: readonly number[], tolerance = 1e-4): void {
  expect(found).toHaveLength(expected.length);
  const worst = Math.max(...expected.map((value, index) => Math.abs(value - found[index]!)));
  expect(worst).toBeLessThan(tolerance);
}
