import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { codeVersion } from '../../src/domain/package.js';
import { Asset, Generation, GenerationSlice, MriSeries } from '../../src/entities/index.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { mirrorColumns } from '../../src/imaging/normalise.js';
import { decodePng } from '../../src/imaging/png.js';
import { kneeBox, loadRadiograph, radiographInput } from '../../src/imaging/radiograph/index.js';
import { startInferenceHost } from '../../src/inference/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { provenanceOf } from '../../src/services/generations/index.js';
import { type RunningWorker } from '../../src/scheduling/index.js';
import { startWorker } from '../../src/server/worker.js';
import { requestGeneration } from '../../src/services/generations/index.js';
import { readAsset } from '../../src/storage/index.js';
import { collect, upTo } from '../helpers/events.js';
import { createExam, createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';

const nobody = { tokenId: null };

let platform: TestPlatform;
let hub: EventHub;
let worker: RunningWorker;

beforeAll(async () => {
  platform = await createTestPlatform();
  const { dataSource, url: databaseUrl, store } = platform;
  hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
  worker = await startWorker({ dataSource, databaseUrl, store, devices: ['cpu'], threads: 1, logger: silent });
});
afterAll(async () => {
  await worker.close();
  await hub.close();
  await platform.close();
});

describe('a worker', () => {
  it('makes a volume, scores it, and tells of it in order', async () => {
    const { dataSource, store } = platform;
    const { exam } = await createExam(platform, { mri: true });
    const request = { examId: exam.id, sliceCount: 12, steps: 3, seed: 5 };
    const { id } = await requestGeneration(platform, nobody, request);
    const events = await collect(hub.subscribe(id, 0));

    expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
    const states = events.flatMap((event) => (event.type === 'STATE_CHANGED' ? [event.payload.state] : []));
    expect(states).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(events.at(-2)?.type).toBe('COMPLETED');
    const slices = events.flatMap((event) => (event.type === 'SLICE_COMPLETED' ? [event.payload] : []));
    expect(slices.map(({ slice }) => slice.index)).toEqual(upTo(12).map((n) => n - 1));
    expect(slices.map(({ completed }) => completed)).toEqual(upTo(12));
    const steps = events.flatMap((event) => (event.type === 'STEP_PROGRESS' ? [event.payload] : []));
    const lastSteps = steps.filter(({ step, steps: all }) => step === all);
    expect(lastSteps.map(({ fraction }) => fraction)).toEqual([0.5, 1]);
    expect(steps.map(({ fraction }) => fraction)).toEqual(
      [...steps].map(({ fraction }) => fraction).sort((a, b) => a - b),
    );

    const generation = await dataSource.manager.findOneByOrFail(Generation, { id });
    expect(generation).toMatchObject({ state: 'SUCCEEDED', attempt: 1, device: 'cpu', denoiserEvaluations: 36 });
    const rows = await dataSource.manager.find(GenerationSlice, {
      where: { generationId: id },
      order: { index: 'ASC' },
    });
    const psnrs = rows.map(({ psnr }) => psnr!).sort((a, b) => a - b);
    expect(generation.psnr).toBeCloseTo((psnrs[5]! + psnrs[6]!) / 2, 12);
    expect(rows.every(({ ssim, rssim }) => ssim !== null && rssim !== null)).toBe(true);

    const series = await dataSource.manager.findOneOrFail(MriSeries, {
      where: { generationId: id },
      relations: { asset: true },
    });
    expect(series).toMatchObject({ synthetic: true, sliceCount: 12, rows: 256, columns: 256, examId: exam.id });
    const { volume, description } = await decodeNifti(await readAsset(store, series.asset!));
    expect(description).toContain('SYNTHETIC');
    expect(volume.spacing[2]).toBeCloseTo(73.5 / 11, 4);
    expect(new Set(volume.data).size).toBeGreaterThan(100);
  });

  it('mirrors a left knee back to the side of the patient it is on', async () => {
    const { dataSource, store, bundle } = platform;
    const { exam, radiograph } = await createExam(platform, { side: 'LEFT' });
    const request = { examId: exam.id, sliceCount: 2, steps: 2, seed: 9 };
    const { id } = await requestGeneration(platform, nobody, request);
    const events = await collect(hub.subscribe(id, 0));
    expect(events.at(-2)).toMatchObject({ type: 'COMPLETED', payload: { psnr: null, ssim: null, rssim: null } });

    const film = await dataSource.manager.query(`SELECT storage_key AS "storageKey" FROM asset WHERE id = $1`, [
      radiograph.assetId,
    ]);
    const bytes = await readAsset(store, (film as { storageKey: string }[])[0]!);
    const read = await loadRadiograph({ bytes, name: 'film' });
    const xray = radiographInput(read, await kneeBox(read, { side: 'LEFT', reframe: true }), 'LEFT');
    const host = await startInferenceHost({ device: 'cpu', threads: 1 });
    const expected: Float32Array[] = [];
    try {
      const { sliceCount, steps, seed } = request;
      const grades = { XRKL: 2 };
      await host.run(
        'xray-to-mri',
        { bundleDir: bundle.directory, xray, grades, sliceCount, steps, seed, noise: 'SHARED' },
        { onOutput: ({ image }) => void expected.push(mirrorColumns(image, 256)) },
      );
    } finally {
      await host.close();
    }
    const [row] = await dataSource.manager.find(GenerationSlice, {
      where: { generationId: id, index: 0 },
      relations: { asset: true },
    });
    const stored = decodePng(await readAsset(store, row!.asset)).data;
    expect(stored.every((value, pixel) => value === Math.round(expected[0]![pixel]! * 65_535))).toBe(true);
  });

  it('keeps where a volume comes from, and writes into the volume what decides its voxels', async () => {
    const { dataSource, store, bundle } = platform;
    const { exam, radiograph } = await createExam(platform, { mri: true });
    const features = [{ feature: 'XRKL', grade: 3 }] as const;
    const request = { examId: exam.id, sliceCount: 2, steps: 2, seed: 77, features };
    const { id } = await requestGeneration(platform, nobody, request);
    await collect(hub.subscribe(id, 0));

    const generation = await dataSource.manager.findOneByOrFail(Generation, { id });
    const provenance = provenanceOf(generation, bundle);
    const film = await readAsset(store, await assetOf(radiograph.assetId!));
    expect(provenance).toMatchObject({
      generation: id,
      synthetic: true,
      bundle: { name: 'tiny-bundle', version: '1.0.0', sha256: bundle.sha256 },
      code: codeVersion(),
      film: { sha256: createHash('sha256').update(film).digest('hex') },
      kneeDetector: null,
      features: { XRKL: 3 },
      featureOverrides: { XRKL: 3 },
      seed: 77,
      sampler: 'DDIM',
      steps: 2,
      device: 'cpu',
      attempts: [{ attempt: 1, worker: generation.worker, computedSlices: 2, device: 'cpu' }],
    });
    expect(provenance.reference?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(provenance.box).not.toBeNull();
    expect(provenance.attempts[0]!.timings!.total).toBeGreaterThan(0);

    const { assetId } = await dataSource.manager.findOneByOrFail(MriSeries, { generationId: id });
    const file = gunzipSync(await readAsset(store, await assetOf(assetId!)));
    const size = file.readInt32LE(352);
    expect([file[348], file.readInt32LE(356), size % 16, file.readFloatLE(108)]).toEqual([1, 6, 0, 352 + size]);
    const recipe = JSON.parse(file.toString('utf8', 360, 352 + size).replace(/\0+$/, '')) as Record<string, unknown>;
    expect(recipe).toMatchObject({
      synthetic: true,
      seed: 77,
      device: 'cpu',
      film: provenance.film,
      box: provenance.box,
    });
    expect(Object.keys(recipe)).not.toContain('attempts');
  });

  it('takes up a generation that the queue has lost', async () => {
    const { exam } = await createExam(platform);
    const lossy = { dataSource: platform.dataSource, queue: { enqueue: () => Promise.resolve() } };
    const { id } = await requestGeneration(lossy, nobody, { examId: exam.id, sliceCount: 2, steps: 1 });
    expect((await collect(hub.subscribe(id, 0))).at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED' } });
  });
});

function assetOf(id: number): Promise<Asset> {
  return platform.dataSource.manager.findOneByOrFail(Asset, { id });
}
