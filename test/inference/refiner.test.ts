import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Grades } from '../../src/domain/features.js';
import { packageRoot } from '../../src/domain/package.js';
import { loadBundle } from '../../src/inference/bundles/load.js';
import { readBundle } from '../../src/inference/bundles/read.js';
import { type GeneratedSlice, type InferenceHost, startInferenceHost } from '../../src/inference/index.js';
import type { BundleManifest } from '../../src/inference/tasks/index.js';
import { TINY_BUNDLE } from '../helpers/tiny-bundle.js';

const GOLDEN = join(packageRoot, 'test/golden');
const UNREFINED = join(GOLDEN, 'tiny-format2-bundle');
/** A film whose mean is 0.25 in both channels. */
const XRAY = new Float32Array(2 * 96 * 64).fill(0.25);

let refined: string;
beforeEach(async () => {
  refined = await mkdtemp(join(tmpdir(), 'osteograph-refiner-'));
  await withRefiner(UNREFINED, () => undefined);
});
afterEach(() => rm(refined, { recursive: true, force: true }));

/** A copy of a bundle with the tiny refiner beside its graphs. */
async function withRefiner(source: string, change: (manifest: BundleManifest) => unknown): Promise<void> {
  await cp(source, refined, { recursive: true });
  const onnx = await readFile(join(GOLDEN, 'tiny-refiner.onnx'));
  await writeFile(join(refined, 'refiner.onnx'), onnx);
  const manifest = JSON.parse(await readFile(join(refined, 'bundle.json'), 'utf8')) as BundleManifest;
  const float = (name: string, shape: (number | string)[]) => ({ name, type: 'float32' as const, shape });
  const image = ['B', 1, 128, 128];
  manifest.graphs.refiner = {
    file: 'refiner.onnx',
    sha256: createHash('sha256').update(onnx).digest('hex'),
    precision: 'fp32',
    inputs: [
      float('image', image),
      float('xray', ['B', 2, 96, 64]),
      float('depth', ['B']),
      float('features', ['B', 65]),
    ],
    outputs: [float('refined', image)],
  };
  change(manifest);
  await writeFile(join(refined, 'bundle.json'), JSON.stringify(manifest));
}

describe('a generator with a refiner', () => {
  let host: InferenceHost;
  beforeAll(async () => {
    host = await startInferenceHost({ device: 'cpu', threads: 1 });
  });
  afterAll(() => host.close());

  it.each<[string, number | undefined, number]>([
    ['as trained', undefined, 1],
    ['without grades', 0, 0],
    ['pulled twice as strongly', 2, 2],
  ])('hands it decoded slices, film, depth and grades: %s', async (_name, gradeGuidance, pull) => {
    // KL 1 and lateral tibial attrition 3 are the numbers 1 and 64 of the feature vector.
    const grades = { XRKL: 1, XRATTL: 3 };
    const options = gradeGuidance === undefined ? {} : { gradeGuidance };
    const decoded = await volume(UNREFINED, grades, options);
    const gone = await volume(refined, grades, options);
    for (const [index, { image }] of gone.entries()) {
      const before = decoded[index]!.image;
      let worst = 0;
      image.forEach((value, pixel) => {
        const slice = 2 * before[pixel]! - 1;
        const expected = 0.5 * slice + 0.1 * 0.25 + 0.2 * index + pull * 0.01 * (1 + 64);
        worst = Math.max(worst, Math.abs(value - Math.min((expected + 1) / 2, 1)));
      });
      expect(worst).toBeLessThan(1e-5);
    }
  });

  it('says how long it took, which a generator without one does not', async () => {
    const timings = async (bundleDir: string) => (await host.run('xray-to-mri', request(bundleDir, {}))).timings;
    expect((await timings(refined)).refiner).toBeGreaterThan(0);
    expect(await timings(UNREFINED)).not.toHaveProperty('refiner');
  });

  async function volume(
    bundleDir: string,
    grades: Grades,
    options: { gradeGuidance?: number },
  ): Promise<GeneratedSlice[]> {
    const slices: GeneratedSlice[] = [];
    const onOutput = (slice: GeneratedSlice) => void slices.push(slice);
    await host.run('xray-to-mri', { ...request(bundleDir, grades), ...options }, { onOutput });
    return slices;
  }

  function request(bundleDir: string, grades: Grades) {
    return { bundleDir, xray: XRAY, grades, sliceCount: 2, steps: 1, seed: 7, noise: 'SHARED' as const };
  }
});

describe('a bundle with a refiner', () => {
  it('has another identity than the one without, and counts its file', async () => {
    const [plain, whole] = [await readBundle(UNREFINED), await readBundle(refined)];
    expect(whole.sha256).not.toBe(plain.sha256);
    expect(whole.bytes - plain.bytes).toBe((await readFile(join(refined, 'refiner.onnx'))).length);
  });

  it('loads, with its four graphs tried', async () => {
    const loaded = await loadBundle(refined, { device: 'cpu', threads: 1 });
    await loaded.release();
    expect(Object.keys(loaded.sessions)).toEqual(['xrayEncoder', 'denoiser', 'decoder', 'refiner']);
  });

  it('is refused in format 1', async () => {
    await withRefiner(TINY_BUNDLE, () => undefined);
    await expect(readBundle(refined)).rejects.toThrow('graphs.refiner is what only osteograph-bundle/2 may say');
  });

  it('is refused when the file is missing', async () => {
    await unlink(join(refined, 'refiner.onnx'));
    await expect(readBundle(refined)).rejects.toThrow('its refiner graph refiner.onnx cannot be read (ENOENT)');
  });

  it('is refused when the refiner takes slices of another size', async () => {
    await withRefiner(UNREFINED, ({ graphs }) => (graphs.refiner!.inputs[0]!.shape[3] = 64));
    await expect(loadBundle(refined, { device: 'cpu', threads: 1 })).rejects.toThrow(
      "the manifest's input of the refiner graph 'image' is float32 [B, 1, 128, 64] instead of float32 [B, 1, 128, 128]",
    );
  });
});
