import { type CuttableProxy, startProxy } from '../../bench/faults/proxy.js';
import { Generation, GenerationSlice } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { type RunningWorker } from '../../src/scheduling/index.js';
import { startWorker } from '../../src/server/worker.js';
import { requestGeneration, retryGeneration } from '../../src/services/generations/index.js';
import { checkBlobs, sweepBlobs, withQuota } from '../../src/storage/index.js';
import { collect, isState, waitForEvent } from '../helpers/events.js';
import { createExam, createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';
import { impatientStore, pythonWithMoto, startS3, type TestS3 } from '../helpers/s3.js';

const nobody = { tokenId: null, role: 'ADMIN' } as const;

let platform: TestPlatform;
let hub: EventHub;
let worker: RunningWorker | undefined;
let s3: TestS3 | undefined;
let proxy: CuttableProxy | undefined;

async function start(blobUrl?: string): Promise<void> {
  platform = await createTestPlatform({ blobUrl });
  const { dataSource, url: databaseUrl } = platform;
  hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
}

async function work(store = platform.store): Promise<void> {
  const { dataSource, url: databaseUrl } = platform;
  worker = await startWorker({ dataSource, databaseUrl, store, devices: ['cpu'], threads: 1, logger: silent });
}

afterEach(async () => {
  await worker?.close();
  worker = undefined;
  await hub.close();
  await platform.close();
  await proxy?.close();
  proxy = undefined;
  await s3?.stop();
  s3 = undefined;
});

(pythonWithMoto ? test : test.skip).each(['refuse', 'cut'] as const)(
  'a bucket that is away while a generation runs (%s) costs neither a slice nor an attempt',
  async (takeAway) => {
    s3 = await startS3();
    proxy = await startProxy(Number(new URL(s3.endpoint).port));
    const blobUrl = (await s3.blobUrl()).replace(s3.endpoint, `http://127.0.0.1:${proxy.port}`);
    await start(blobUrl);
    const { dataSource, store } = platform;
    const { exam } = await createExam(platform, { mri: true });
    await work(impatientStore(blobUrl));
    const { id } = await requestGeneration(platform, nobody, { examId: exam.id, sliceCount: 30, steps: 2, seed: 5 });
    await waitForEvent(hub, id, ({ type }) => type === 'SLICE_COMPLETED');

    proxy[takeAway]();
    await waitForEvent(
      hub,
      id,
      ({ type, payload }) =>
        type === 'STATE_CHANGED' && 'message' in payload && /blob store/.test(payload.message ?? ''),
    );
    proxy.heal();
    const events = await collect(hub.subscribe(id, 0));

    const generation = await dataSource.manager.findOneByOrFail(Generation, { id });
    expect(generation).toMatchObject({ state: 'SUCCEEDED', sliceCount: 30 });
    // No start that the store cut short counts towards the limit of attempts.
    expect(generation.attemptLimit - generation.attempt).toBe(4);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(await dataSource.manager.countBy(GenerationSlice, { generationId: id })).toBe(30);
    expect((await checkBlobs(dataSource, store)).bad).toEqual([]);
    expect(await sweepBlobs({ dataSource, store, graceMs: -60_000, dryRun: true })).toMatchObject({ missing: [] });
  },
);

test('a generation that would pass the quota fails before anything is computed, and can be retried when there is room', async () => {
  await start();
  const { dataSource, store } = platform;
  const { exam } = await createExam(platform);
  await work(withQuota(store, dataSource, 4_000_000));
  const { id } = await requestGeneration(platform, nobody, { examId: exam.id, sliceCount: 30, steps: 1, seed: 5 });
  await waitForEvent(hub, id, isState('FAILED'));

  const failed = (await collect(hub.subscribe(id, 0))).at(-1)!;

  expect(failed.payload).toMatchObject({
    message: expect.stringMatching(
      /^The blob store holds [\d.]+ kB of the 4 MB that OSTEOGRAPH_BLOB_QUOTA allows; 7.9 MB more do not fit\.$/,
    ) as string,
  });
  expect(await dataSource.manager.countBy(GenerationSlice, { generationId: id })).toBe(0);

  await worker!.close();
  await work(withQuota(store, dataSource, 400_000_000));
  await retryGeneration(platform, nobody, id);
  await waitForEvent(hub, id, ({ type }) => type === 'SLICE_COMPLETED');
});
