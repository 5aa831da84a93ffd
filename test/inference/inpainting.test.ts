import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { fillInside, fillSmoothly } from '../../src/imaging/inpainting/fill.js';
import { type InferenceHost, readBundleFor, startInferenceHost } from '../../src/inference/index.js';
import type { RequestOf } from '../../src/inference/tasks/index.js';
import { inventedMasks, inventedSlices } from '../helpers/invented-slices.js';

interface Golden {
  inpainted: { steps: number; clean: number[][] }[];
}

/** What `export-inpainter --golden` writes. */
interface Shipped {
  bundle: string;
  sha256: string;
  clean: number[][];
}

type Request = RequestOf<'mri-inpainting'>;

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/inpainting.json'), 'utf8')) as Golden;
const bundleDir = join(packageRoot, 'test/golden/tiny-inpaint-bundle');
const [rows, columns] = [48, 64];

function request(changes: Partial<Request> = {}): Request {
  const [height, width] = [changes.rows ?? rows, changes.columns ?? columns];
  const slices = inventedSlices(height, width);
  const masks = inventedMasks(height, width);
  const window = { rows: height, columns: width, slices, masks };
  const [filled, inside] = [fillSmoothly(window), fillInside(window)];
  const around = [0, 1, 3, 4];
  return {
    ...{ bundleDir, rows, columns, filled, inside, gap: 6.4, mask: Float32Array.from(masks[2]!) },
    neighbours: around.map((at) => slices[at]!.map((value, pixel) => (masks[at]?.[pixel] ? filled[pixel]! : value))),
    neighbourMasks: around.map((at) => Float32Array.from(masks[at] ?? new Uint8Array(height * width))),
    ...changes,
  };
}

describe('an inpainter in the inference process', () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const inpaint = async (changes: Partial<Request> = {}) => {
    const asked = request(changes);
    const made = new Float32Array(asked.rows * asked.columns);
    const progress: number[] = [];
    const summary = await host.run('mri-inpainting', asked, {
      onProgress: ({ done, total }) => progress.push(done / total),
      onOutput: ({ top, left, pixels, ...size }) => {
        for (let row = 0; row < size.rows; row++) {
          const line = pixels.subarray(row * size.columns, (row + 1) * size.columns);
          made.set(line, (top + row) * asked.columns + left);
        }
      },
    });
    return { asked, made, progress, summary };
  };

  it.each(golden.inpainted)('gives what PyTorch gives in $steps step(s)', async ({ steps, clean }) => {
    const { made, progress } = await inpaint({ steps });
    clean.forEach((line, row) =>
      line.forEach((value, column) => expect(made[5 * row * columns + 8 * column]).toBeCloseTo(value, 4)),
    );
    expect(progress).toHaveLength(steps);
  });

  it('leaves everything outside of the mask as it is, to the bit', async () => {
    const { asked, made } = await inpaint({ steps: 4 });
    const changed = made.filter((value, pixel) => value !== asked.filled[pixel]).length;
    expect(changed).toBe(20 * 31);
    made.forEach((value, pixel) => asked.mask[pixel] === 0 && expect(value).toBe(asked.filled[pixel]));
  });

  it.each([32, 96])('gives the same slice by tiles of %i pixels, for rows and columns that are odd', async (tile) => {
    const size = { rows: 211, columns: 317 };
    const mask = new Float32Array(size.rows * size.columns).fill(1);
    const whole = await inpaint({ ...size, mask, tile: 1_000 });
    const tiled = await inpaint({ ...size, mask, tile });
    expect([whole.summary.tiles, tiled.summary.tiles > 1]).toEqual([1, true]);
    let largest = 0;
    whole.made.forEach((value, pixel) => (largest = Math.max(largest, Math.abs(value - tiled.made[pixel]!))));
    expect(largest).toBeLessThanOrEqual(1e-5);
  });

  it('counts a distance of slices beyond those of its training as the nearest of them', async () => {
    const [far, farther] = [await inpaint({ gap: 8 }), await inpaint({ gap: 40 })];
    expect([...farther.made]).toEqual([...far.made]);
  });

  it.each<[string, Partial<Request>, string]>([
    ['steps that it has not', { steps: 3 }, 'steps is 3; tiny-inpaint works in 1, 2, 4 steps.'],
    ['a slice of another size', { rows: 41 }, 'The slice has 3072 values; 64 x 41 are needed.'],
    ['too few neighbours', { neighbours: [], neighbourMasks: [] }, '0 neighbours are given; tiny-inpaint sees 4.'],
    ['a mask that hides nothing', { mask: new Float32Array(rows * columns) }, 'The mask hides nothing.'],
    [
      'no numbers',
      { filled: new Float32Array(rows * columns).fill(NaN) },
      'The slice holds values that are not numbers.',
    ],
    ['slices on top of each other', { gap: 0 }, 'The slices lie 0 pixels apart; more than 0 is needed.'],
  ])('refuses %s', async (_, changes, message) => {
    const asked = { ...request(), ...changes };
    await expect(host.run('mri-inpainting', asked, {})).rejects.toThrow(message);
  });

  it('is what is shipped: the newest bundle gives what PyTorch gave at its export', async () => {
    const file = join(packageRoot, 'test/golden/inpainter.json');
    const shipped = JSON.parse(readFileSync(file, 'utf8')) as Shipped;
    const dir = join(packageRoot, 'models', ...shipped.bundle.split('@'));
    const { manifest } = await readBundleFor(dir, 'mri-inpainting');
    expect(manifest.graphs.inpainter.sha256).toBe(shipped.sha256);
    const { made } = await inpaint({ bundleDir: dir, steps: 1 });
    shipped.clean.forEach((line, row) =>
      line.forEach((value, column) => expect(made[(11 + 6 * row) * columns + 21 + 8 * column]).toBeCloseTo(value, 4)),
    );
  });
});
