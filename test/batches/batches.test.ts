import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Batch,
  BatchMember,
  Generation,
  GenerationSlice,
  type KneeExam,
  Radiograph,
} from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { type RunningWorker } from '../../src/scheduling/index.js';
import { startWorker } from '../../src/server/worker.js';
import {
  type BatchPace,
  batchPaces,
  cancelBatch,
  pauseBatch,
  resumeBatch,
  retryBatch,
} from '../../src/services/batches/index.js';
import { batchOf, followBatch } from '../helpers/batches.js';
import { upTo } from '../helpers/events.js';
import { createExam, silent, type TestPlatform } from '../helpers/platform.js';
import { createPlatformOn, QUEUE_BACKENDS } from '../helpers/queues.js';

describe.each(QUEUE_BACKENDS)('with the queue on %s', (backend) => {
  let platform: TestPlatform;
  let hub: EventHub;
  let worker: RunningWorker;

  beforeAll(async () => {
    platform = await createPlatformOn(backend);
    const { dataSource, url: databaseUrl, queueUrl, store } = platform;
    hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
    worker = await startWorker({
      dataSource,
      databaseUrl,
      queueUrl,
      store,
      devices: ['cpu'],
      threads: 1,
      logger: silent,
    });
  });
  afterAll(async () => {
    await worker.close();
    await hub.close();
    await platform.close();
  });

  async function exams(count: number): Promise<KneeExam[]> {
    const made: KneeExam[] = [];
    while (made.length < count) made.push((await createExam(platform)).exam);
    return made;
  }

  test('the time left of a batch is known from its first end on, and never negative', async () => {
    const { dataSource } = platform;
    const { id } = await batchOf(platform, await exams(4), { sliceCount: 10, steps: 5 });
    const paces: { before: number; after: number; left: number; pace: BatchPace }[] = [];
    for await (const event of hub.batches.subscribe(id, 0)) {
      if (event.type !== 'GENERATION_FINISHED') continue;
      const batch = await dataSource.getRepository(Batch).findOneByOrFail({ id });
      const before = Date.now();
      const [pace] = await batchPaces(dataSource, [batch]);
      paces.push({ before, after: Date.now(), left: batch.waiting + batch.running, pace: pace! });
    }
    const ended = await dataSource.getRepository(Batch).findOneByOrFail({ id });

    // A batch that has ended meanwhile has no time left.
    const running = paces.filter(({ pace }) => pace.estimatedEnd !== null);
    expect(running.length).toBeGreaterThan(0);
    for (const { before, after, left, pace } of running) {
      expect(pace.perHour).toBeGreaterThan(0);
      // What is left at the pace so far: a time that has not passed.
      const hours = left / pace.perHour!;
      expect(pace.estimatedEnd!.getTime()).toBeGreaterThanOrEqual(before + 3_600_000 * hours - 1);
      expect(pace.estimatedEnd!.getTime()).toBeLessThanOrEqual(after + 3_600_000 * hours + 1);
    }
    expect(await batchPaces(dataSource, [ended])).toEqual([{ perHour: null, estimatedEnd: null }]);
  }, 300_000);

  test('a batch makes a volume of every exam, uses what is there, and lists what is not possible', async () => {
    const { dataSource } = platform;
    const knees = await exams(4);
    const filmless = knees[3]!;
    await dataSource.getRepository(Radiograph).update({ examId: filmless.id }, { assetId: null });
    const before = await batchOf(platform, knees.slice(0, 1));
    await followBatch(hub, before.id);

    const batch = await batchOf(platform, knees);
    expect(batch).toMatchObject({ state: 'QUEUED', waiting: 2, reused: 1, impossible: 1, seed: 0, lastSeq: 1 });
    const events = await followBatch(hub, batch.id);

    expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
    expect(events.map(({ type }) => type)).toEqual([
      ...['STATE_CHANGED', 'STATE_CHANGED', 'GENERATION_FINISHED', 'GENERATION_FINISHED', 'COMPLETED', 'STATE_CHANGED'],
    ]);
    const counters = { waiting: 0, running: 0, succeeded: 2, reused: 1, failed: 0, canceled: 0, impossible: 1 };
    expect(events.at(-1)).toMatchObject({ payload: { state: 'PARTIAL', counters } });
    const members = await dataSource.getRepository(BatchMember).find({
      where: { batchId: batch.id },
      order: { position: 'ASC' },
      relations: { generation: true },
    });
    expect(members.map(({ examId, reused }) => [examId, reused])).toEqual([
      [knees[0]!.id, true],
      [knees[1]!.id, false],
      [knees[2]!.id, false],
      [filmless.id, false],
    ]);
    expect(members.slice(0, 3).map(({ generation }) => generation!.state)).toEqual(Array(3).fill('SUCCEEDED'));
    expect(members[0]!.generation!.batchId).toBe(before.id);
    expect(members[3]).toMatchObject({
      generationId: null,
      reason: expect.stringContaining('no radiograph with pixels'),
    });
    const own = await dataSource.getRepository(Generation).findBy({ batchId: batch.id });
    expect(new Set(own.map(({ key }) => key)).size).toBe(1);
  });

  /** Slow enough to be caught in the middle. */
  const SLOW = { sliceCount: 12, steps: 60 } as const;
  const nobody = { tokenId: null, role: 'ADMIN' } as const;

  /** Waits until some generation of the batch has finished a slice. */
  async function sliceOf(batchId: string): Promise<void> {
    const generations = platform.dataSource.getRepository(Generation);
    for await (const { payload } of hub.batches.subscribe(batchId, 0)) if (payload.counters.running > 0) break;
    const { id } = await generations.findOneByOrFail({ batchId, state: 'RUNNING' });
    for await (const { type } of hub.subscribe(id, 0)) if (type === 'SLICE_COMPLETED') return;
  }

  test('a running batch is paused: what runs ends, nothing else starts until it is resumed', async () => {
    const batch = await batchOf(platform, await exams(2), SLOW);
    await sliceOf(batch.id);
    await pauseBatch(platform, nobody, batch.id);
    await followBatch(hub, batch.id, ({ type }) => type === 'GENERATION_FINISHED');

    const states = async () => {
      const rows = await platform.dataSource.getRepository(Generation).findBy({ batchId: batch.id });
      return rows.map(({ state }) => state).sort();
    };
    // Something else that is asked for later is made meanwhile, so the worker was free to take more of it.
    const other = await batchOf(platform, await exams(1));
    await followBatch(hub, other.id);
    expect(await states()).toEqual(['QUEUED', 'SUCCEEDED']);
    await resumeBatch(platform, nobody, batch.id);
    expect((await followBatch(hub, batch.id)).at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED' } });
  });

  test('a running batch is canceled within a step, and retried without computing a finished slice again', async () => {
    const { dataSource } = platform;
    const batch = await batchOf(platform, await exams(2), SLOW);
    await sliceOf(batch.id);
    await cancelBatch(platform, nobody, batch.id);
    const canceled = await followBatch(hub, batch.id);

    expect(canceled.at(-1)).toMatchObject({ payload: { state: 'CANCELED', counters: { canceled: 2 } } });
    const slices = dataSource.getRepository(GenerationSlice);
    const kept = await slices.find({ order: { generationId: 'ASC', index: 'ASC' }, relations: { generation: true } });
    const before = kept.filter(({ generation }) => generation.batchId === batch.id);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(2 * SLOW.sliceCount);

    await retryBatch(platform, nobody, batch.id);
    const events = await followBatch(hub, batch.id);

    expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', counters: { succeeded: 2 } } });
    expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
    const own = await dataSource.getRepository(Generation).findBy({ batchId: batch.id });
    // Every slice was computed once.
    expect(own.map(({ denoiserEvaluations }) => denoiserEvaluations)).toEqual(Array(2).fill(12 * 60));
  });

  test('where the bundle is broken, the batch stops itself after five and says why', async () => {
    const batch = await batchOf(platform, await exams(7), { seed: 4 });
    await pauseBatch(platform, nobody, batch.id);
    await rm(join(platform.modelsDir, 'tiny-bundle'), { recursive: true });
    await worker.close();
    const { dataSource, url: databaseUrl, queueUrl, store } = platform;
    worker = await startWorker({
      dataSource,
      databaseUrl,
      queueUrl,
      store,
      devices: ['cpu'],
      threads: 1,
      logger: silent,
    });
    await resumeBatch(platform, nobody, batch.id);

    const events = await followBatch(
      hub,
      batch.id,
      ({ type, payload }) => type === 'STATE_CHANGED' && 'message' in payload && payload.message !== null,
    );

    expect(events.at(-1)).toMatchObject({ payload: { state: 'PAUSED', counters: { failed: 5, waiting: 2 } } });
    expect(events.at(-1)!.payload).toHaveProperty(
      'message',
      expect.stringMatching(/^Its first 5 generations all failed for the same reason: The bundle in .* is refused/),
    );
  });
});
