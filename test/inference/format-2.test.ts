import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { openGraph } from '../../src/inference/backend.js';
import { tryGraphs } from '../../src/inference/bundles/graph-checks.js';
import { loadBundle } from '../../src/inference/bundles/load.js';
import { readBundle } from '../../src/inference/bundles/read.js';
import { type GeneratedSlice, type InferenceHost, startInferenceHost } from '../../src/inference/index.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';

const GOLDEN = join(packageRoot, 'test/golden');
const FORMAT_2 = join(GOLDEN, 'tiny-format2-bundle');
const READER = join(GOLDEN, 'tiny-reader-bundle');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-format2-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A copy of a bundle with another manifest. */
async function changed(source: string, change: (manifest: Record<string, unknown>) => unknown): Promise<string> {
  await cp(source, folder, { recursive: true });
  const path = join(folder, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
  return folder;
}

describe('a generator of format 2', () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  const film = gaussianNoise(5, 0, 0, 96 * 64).map((value) => Math.min(Math.max(value / 3, -1), 1));
  const request = { bundleDir: FORMAT_2, grades: {}, sliceCount: 2, seed: 7, noise: 'SHARED' } as const;

  it('takes a film and its mask of 96 x 64 and gives slices of 128 x 128, as PyTorch does', async () => {
    const xray = new Float32Array(2 * 96 * 64).fill(1);
    xray.set(film);
    const slices: GeneratedSlice[] = [];
    await host.run('xray-to-mri', { ...request, xray }, { onOutput: (slice) => void slices.push(slice) });
    expect(slices.map(({ size, image }) => [size, image.length])).toEqual([
      [128, 16384],
      [128, 16384],
    ]);
    const bytes = readFileSync(join(FORMAT_2, 'golden.bin'));
    const golden = new Float32Array(bytes.buffer, bytes.byteOffset, 2 * 32 * 32);
    const worst = golden.reduce((most, value, at) => {
      const [slice, row, column] = [Math.floor(at / 1024), Math.floor((at % 1024) / 32), at % 32];
      return Math.max(most, Math.abs(value - slices[slice]!.image[4 * row * 128 + 4 * column]!));
    }, 0);
    expect(worst).toBeLessThan(2e-5);
  });

  it('refuses a film of another size in one sentence', async () => {
    await expect(host.run('xray-to-mri', { ...request, xray: new Float32Array(65536) })).rejects.toThrow(
      'The radiograph has 65536 values; 2 x 96 x 64 = 12288 are needed.',
    );
  });

  it('warms up with a request of its own shape', async () => {
    expect(await host.warm(FORMAT_2)).toMatchObject({ device: 'cpu', manifest: { name: 'tiny-format2-bundle' } });
  });
});

describe('what format 2 adds', () => {
  it('is kept with the manifest', async () => {
    const additions = {
      sizes: { multipleOf: 8, haloPx: 40 },
      ranges: { sigma: [0, 50], scale: [2, 8], spacingMm: [0.1, 1] },
      bitDepth: 16,
      teacher: { name: 'big', version: '2.0.0', sha256: 'a'.repeat(64) },
    };
    const dir = await changed(FORMAT_2, (manifest) => Object.assign(manifest, additions));
    expect((await readBundle(dir)).manifest).toMatchObject(additions);
  });

  it.each<[string, (manifest: Record<string, unknown>) => unknown, string]>([
    [
      'open sizes',
      (m) => (m['sizes'] = { multipleOf: 8, haloPx: 40 }),
      'sizes is what only osteograph-bundle/2 may say',
    ],
    ['a bit depth', (m) => (m['bitDepth'] = 16), 'bitDepth is what only osteograph-bundle/2 may say'],
    [
      'another size of slices',
      (m) => (m['image'] = { size: 128, channels: 1, valueRange: [-1, 1] }),
      'image.size is what only',
    ],
    ['a film of its own size', (m) => (m['xray'] = { rows: 256, columns: 256, channels: 1 }), 'xray is what only'],
  ])('is refused in format 1: %s', async (_name, change, sentence) => {
    await expect(readBundle(await changed(TINY_BUNDLE, change))).rejects.toThrow(sentence);
  });

  it.each<[string, (manifest: Record<string, unknown>) => unknown, string]>([
    [
      'a range that ends before it starts',
      (m) => (m['ranges'] = { sigma: [50, 0] }),
      'ranges.sigma is an interval whose end',
    ],
    ['a bit depth of 20', (m) => (m['bitDepth'] = 20), 'bitDepth is 20'],
    [
      'a teacher without a digest',
      (m) => (m['teacher'] = { name: 'big', version: '1.0.0' }),
      'teacher.sha256 is missing',
    ],
    [
      'a kind of schedule that its task does not take',
      (m) => (m['schedule'] = { kind: 'flow' }),
      'schedule.kind is "flow"',
    ],
  ])('is checked: %s', async (_name, change, sentence) => {
    await expect(readBundle(await changed(FORMAT_2, change))).rejects.toThrow(sentence);
  });
});

describe('a reader of radiographs', () => {
  it('needs format 2', async () => {
    const dir = await changed(READER, (manifest) => (manifest['format'] = 'osteograph-bundle/1'));
    await expect(readBundle(dir)).rejects.toThrow(
      'format is not osteograph-bundle/2, which the task radiograph-reading needs',
    );
  });

  it('is refused when its graph takes films of another size', async () => {
    const dir = await changed(READER, (manifest) => Object.assign(manifest['film'] as object, { size: 256 }));
    await expect(loadBundle(dir, { device: 'cpu', threads: 1 })).rejects.toThrow(
      "the manifest's input of the grader graph 'film' is float32 [B, 1, 224, 224] instead of float32 [B, 1, 256, 256]",
    );
  });

  it('grades knees in their order, beside a generator in the same process', async () => {
    const host = await startInferenceHost({ device: 'cpu', threads: 1 });
    try {
      await host.describe(TINY_BUNDLE);
      const { pid } = host;
      const films = [70, 190].map((grey) => new Float32Array(224 * 224).fill(grey));
      const [dim, bright] = await host.run('radiograph-reading', { bundleDir: READER, films });
      // Softmax of -(mean - centre)^2 / 400 over centres 30, 70, ... 190, by hand.
      expect(dim!.chances.map((chance) => Number(chance.toFixed(4)))).toEqual([0.0177, 0.9647, 0.0177, 0, 0]);
      expect(bright!.chances.map((chance) => Number(chance.toFixed(4)))).toEqual([0, 0, 0, 0.018, 0.982]);
      expect([dim!.distance, bright!.distance]).toEqual([40, 80]);
      await expect(host.run('radiograph-reading', { bundleDir: READER, films: [new Float32Array(3)] })).rejects.toThrow(
        'The film has 3 values; 224 x 224 are needed.',
      );
      expect(host.pid).toBe(pid);
    } finally {
      await host.close();
    }
  });

  it('loads by itself', async () => {
    const loaded = await loadBundle(READER, { device: 'auto', threads: 1 });
    await loaded.release();
    expect(loaded).toMatchObject({ device: 'cpu', manifest: { reading: { farthest: 60 } } });
  });
});

describe('the trial run', () => {
  const tensors = {
    restorer: {
      inputs: [{ name: 'image', type: 'float32' as const, shape: ['B', 1, 'H', 'W'] }],
      outputs: [{ name: 'restored', type: 'float32' as const, shape: ['B', 1, 'H', 'W'] }],
    },
  };
  const graph = { file: 'strided.onnx', sha256: '0'.repeat(64), precision: 'fp32' as const, ...tensors.restorer };

  it.each([8, 24, 128])('gives a strided network sizes that it takes: multiples of %d', async (multipleOf) => {
    const restorer = await openGraph(join(GOLDEN, 'strided.onnx'), { device: 'cpu', threads: 1 });
    const manifest = { sizes: { multipleOf, haloPx: 0 }, graphs: { restorer: graph } };
    await tryGraphs({ dir: GOLDEN, manifest }, tensors, { restorer }, 'cpu');
    await restorer.release();
  });

  it('refuses a network that does not take the multiples it names', async () => {
    const restorer = await openGraph(join(GOLDEN, 'strided.onnx'), { device: 'cpu', threads: 1 });
    const manifest = { sizes: { multipleOf: 65, haloPx: 0 }, graphs: { restorer: graph } };
    await expect(tryGraphs({ dir: GOLDEN, manifest }, tensors, { restorer }, 'cpu')).rejects.toThrow(
      'its restorer graph strided.onnx cannot be run (',
    );
    await restorer.release();
  });
});
