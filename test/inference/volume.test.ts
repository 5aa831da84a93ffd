import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Grades } from '../../src/domain/features.js';
import type { NoiseMode } from '../../src/domain/generations.js';
import { loadBundle } from '../../src/inference/bundles/load.js';
import type { LoadedBundle } from '../../src/inference/bundles/load.js';
import { featureVector } from '../../src/inference/tasks/xray-to-mri/conditioning.js';
import { gaussianNoise } from '../../src/inference/noise.js';
import type { GeneratedSlice, StepProgress, VolumeRequest } from '../../src/inference/tasks/xray-to-mri/request.js';
import { applyStep, planSampler } from '../../src/inference/sampler.js';
import type { SamplerName } from '../../src/inference/sampler.js';
import { samplingGrid } from '../../src/inference/schedule.js';
import { generateVolume } from '../../src/inference/tasks/xray-to-mri/volume.js';
import { noiseRadiograph, TINY_BUNDLE, TINY_CONTEXT_BUNDLE, tinyRequest } from '../helpers/tiny-bundle.js';

interface GoldenCase {
  name: string;
  sampler: SamplerName;
  eta: number;
  noise: NoiseMode;
  seed: number;
  steps: number;
  sliceCount: number;
  grades: Grades;
  gradeGuidance?: number;
  /** Byte offset and shape in golden.bin. */
  images: number[];
  firstStep: number[];
}

describe.each([TINY_BUNDLE, TINY_CONTEXT_BUNDLE])('PyTorch agrees: %s', (dir) => {
  const { cases } = JSON.parse(readFileSync(join(dir, 'golden.json'), 'utf8')) as { cases: GoldenCase[] };
  const binary = readFileSync(join(dir, 'golden.bin'));
  let loaded: LoadedBundle;
  beforeAll(async () => {
    loaded = (await loadBundle(dir, { device: 'cpu', threads: 1 })) as LoadedBundle;
  });
  afterAll(() => loaded.release());

  it.each(cases.filter((golden) => golden.gradeGuidance === undefined))(
    'on the latents after one step of $name',
    async (golden) => {
      const { manifest, sessions } = loaded;
      const dims = [1, 4, 32, 32];
      const { latent, ...context } = await sessions.xrayEncoder.run({
        xray: { data: noiseRadiograph(), dims: [1, 1, 256, 256] },
      });
      const condition = latent!.data.map((value) => value * manifest.latent.conditionScale);
      const grid = samplingGrid(manifest.schedule, golden.steps);
      const step = planSampler(golden.sampler, grid, manifest.schedule.predictionType, golden.eta)[0]!;
      const features = featureVector(manifest.conditioning.features, golden.grades);
      for (let index = 0; index < golden.sliceCount; index++) {
        const key = golden.noise === 'SHARED' ? 0 : index;
        const sample = gaussianNoise(golden.seed, key, 0, 4096);
        const { prediction } = await sessions.denoiser.run({
          sample: { data: sample, dims },
          timestep: { data: new Float32Array([step.timestep]), dims: [1] },
          xray_latent: { data: condition, dims },
          depth: { data: new Float32Array([index / (golden.sliceCount - 1)]), dims: [1] },
          features: { data: features, dims: [1, features.length] },
          ...context,
        });
        applyStep(step, sample, prediction!.data, undefined, gaussianNoise(golden.seed, key, 1, 4096));
        const thinned = sample.filter((_, position) => position % 8 === 0);
        expect(largestDifference(thinned, goldenValues(binary, golden.firstStep, index))).toBeLessThan(1e-3);
      }
    },
  );

  it.each(cases)('on the whole volume of $name', async (golden) => {
    const { sampler, eta, noise, seed, steps, sliceCount, grades, gradeGuidance = 1 } = golden;
    const { slices } = await generate({ sampler, eta, noise, seed, steps, sliceCount, grades, gradeGuidance }, loaded);
    for (const { index, image } of slices) {
      const thinned = image.filter((_, position) => position % 4 === 0 && Math.floor(position / 256) % 4 === 0);
      const expected = goldenValues(binary, golden.images, index);
      expect(largestDifference(thinned, expected)).toBeLessThan(1e-3);
      expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.2);
    }
    expect(slices).toHaveLength(sliceCount);
  });
});

let bundle: LoadedBundle;
beforeAll(async () => {
  bundle = (await loadBundle(TINY_BUNDLE, { device: 'cpu', threads: 1 })) as LoadedBundle;
});
afterAll(() => bundle.release());

describe('a volume', () => {
  it.each(['SHARED', 'PER_SLICE'] as const)('is the same for every batch size (%s noise)', async (noise) => {
    const changes = { noise, eta: 0.5, sampler: 'DDIM' } as const;
    const reference = await slicesOf({ ...changes, batchSize: 1 });
    for (const batchSize of [2, 3, 7, 20]) {
      expect(digests(await slicesOf({ ...changes, batchSize }))).toEqual(digests(reference));
    }
  });

  it('computes only the missing slices when resumed, with the same result', async () => {
    const whole = await generate({ noise: 'PER_SLICE' });
    const resumed = await generate({ noise: 'PER_SLICE', skip: [0, 1, 4] });
    const missing = whole.slices.filter(({ index }) => ![0, 1, 4].includes(index));
    expect(digests(resumed.slices)).toEqual(digests(missing));
    expect(resumed.summary.computedSlices).toBe(4);
  });

  it('runs nothing when no slice is missing', async () => {
    const { slices, steps, summary } = await generate({ skip: [0, 1, 2, 3, 4, 5, 6] });
    expect([slices, steps, summary.computedSlices]).toEqual([[], [], 0]);
  });

  it('reports every step of every batch, and true evaluation counts', async () => {
    const { steps, summary } = await generate({ batchSize: 4 });
    expect(steps).toEqual(
      [
        [0, 3],
        [4, 6],
      ].flatMap(([firstSlice, lastSlice]) => [1, 2, 3, 4].map((step) => ({ firstSlice, lastSlice, step, steps: 4 }))),
    );
    expect(summary).toMatchObject({ device: 'cpu', denoiserEvaluations: 4, computedSlices: 7 });
  });

  it('lies posterior to anterior and depends on depth, grades, seed and radiograph', async () => {
    const { slices } = await generate({});
    expect(slices.map(({ depth }) => depth)).toEqual([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1]);
    expect(digest(slices[0]!)).not.toBe(digest(slices[6]!));
    for (const changes of [{ grades: { XRKL: 3 } }, { seed: 8 }, { xray: new Float32Array(65_536) }]) {
      const other = await slicesOf(changes);
      expect(digest(other[0]!)).not.toBe(digest(slices[0]!));
    }
  });

  it('knows no grade at guidance 0, and goes beyond the grades above 1', async () => {
    const graded = await slicesOf({ grades: { XRKL: 3 } });
    const ungraded = await slicesOf({ grades: {} });
    expect(digests(await slicesOf({ grades: { XRKL: 3 }, gradeGuidance: 1 }))).toEqual(digests(graded));
    expect(digests(await slicesOf({ grades: { XRKL: 3 }, gradeGuidance: 0 }))).toEqual(digests(ungraded));
    const beyond = await slicesOf({ grades: { XRKL: 3 }, gradeGuidance: 2 });
    expect(digest(beyond[0]!)).not.toBe(digest(graded[0]!));
  });

  it('uses one latent for every depth with SHARED noise only', async () => {
    const steps = 1;
    const shared = await slicesOf({ steps, noise: 'SHARED' });
    const own = await slicesOf({ steps, noise: 'PER_SLICE' });
    expect(digest(own[0]!)).toBe(digest(shared[0]!));
    expect(digest(own[1]!)).not.toBe(digest(shared[1]!));
  });

  it('hands out a batch only after the batch before is taken', async () => {
    const log: string[] = [];
    await generateVolume(bundle, tinyRequest({ batchSize: 3 }), {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onOutputs: async ([first]) => {
        log.push(`given ${first!.index}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
        log.push(`taken ${first!.index}`);
      },
    });
    expect(log).toEqual(['given 0', 'taken 0', 'given 3', 'taken 3', 'given 6', 'taken 6']);
  });

  it('stops between two steps when it is cancelled', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const run = generateVolume(bundle, tinyRequest(), {
      signal: abort.signal,
      onProgress: ({ step }) => {
        seen.push(step);
        if (step === 2) abort.abort(new Error('enough'));
      },
      onOutputs: () => Promise.resolve(),
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toEqual([1, 2]);
  });
});

describe('a request is refused in one sentence', () => {
  const withNaN = noiseRadiograph();
  withNaN[40_000] = Number.NaN;
  it.each<[string, Partial<VolumeRequest>]>([
    ['sliceCount is 0; it must be a whole number from 2 to 500.', { sliceCount: 0 }],
    ['sliceCount is 100000; it must be a whole number from 2 to 500.', { sliceCount: 100_000 }],
    ['steps is 0; it must be a whole number from 1 to 2000.', { steps: 0 }],
    ['steps is 2001; it must be a whole number from 1 to 2000.', { steps: 2001 }],
    [`seed is -1; it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`, { seed: -1 }],
    ['batchSize is 0; it must be a whole number from 1 to 64.', { batchSize: 0 }],
    ['A skipped slice is 7; it must be a whole number from 0 to 6.', { skip: [7] }],
    ['eta is 2; it must be a number from 0 to 1.', { eta: 2 }],
    ['The radiograph has 10 values; 256 x 256 = 65536 are needed.', { xray: new Float32Array(10) }],
    ['The radiograph has a value that is not a number from -1 to 1.', { xray: withNaN }],
    ['The grade 5 of XRKL is not one of its grades 0-4.', { grades: { XRKL: 5 } }],
    ["'KL' is not a radiographic feature; accepted: XRKL, ", { grades: { KL: 1 } as Grades }],
    ['gradeGuidance is 5.5; it must be a number from 0 to 5.', { gradeGuidance: 5.5 }],
    ['gradeGuidance is NaN; it must be a number from 0 to 5.', { gradeGuidance: Number.NaN }],
    ["noise is 'WHITE'; accepted: SHARED, PER_SLICE.", { noise: 'WHITE' as NoiseMode }],
    ["sampler is 'EULER'; accepted: DDIM, DPMPP_2M.", { sampler: 'EULER' as SamplerName }],
  ])('%s', async (sentence, changes) => {
    const run = generate(changes);
    await expect(run).rejects.toMatchObject({ name: 'UserError', code: 'BAD_USER_INPUT' });
    await expect(run).rejects.toThrow(sentence);
  });
});

async function generate(changes: Partial<VolumeRequest>, from = bundle) {
  const slices: GeneratedSlice[] = [];
  const steps: StepProgress[] = [];
  const summary = await generateVolume(from, tinyRequest(changes), {
    signal: new AbortController().signal,
    onProgress: (progress) => steps.push(progress),
    onOutputs: (batch) => {
      slices.push(...batch);
      return Promise.resolve();
    },
  });
  return { slices, steps, summary };
}

async function slicesOf(changes: Partial<VolumeRequest>): Promise<GeneratedSlice[]> {
  return (await generate(changes)).slices;
}

/** A slice's identity, so that a difference is not reported as 65,536 numbers. */
function digest({ index, image }: GeneratedSlice): string {
  return `${index} ${createHash('sha256').update(new Uint8Array(image.buffer)).digest('hex')}`;
}

function digests(slices: GeneratedSlice[]): string[] {
  return slices.map(digest);
}

/** One item of an array in golden.bin. */
function goldenValues(binary: Buffer, [offset = 0, , ...shape]: number[], index: number): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  const start = offset + index * length * 4;
  return Float32Array.from({ length }, (_, position) => binary.readFloatLE(start + position * 4));
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0);
}
