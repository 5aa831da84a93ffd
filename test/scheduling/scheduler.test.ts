import { randomUUID } from 'node:crypto';
import { EVALUATION_PRIORITY } from '../../src/domain/batches.js';
import { Generation, type KneeExam } from '../../src/entities/index.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { positionsInLine, topUp } from '../../src/scheduling/index.js';
import { cancelBatch, pauseBatch, resumeBatch } from '../../src/services/batches/index.js';
import { findOrEnter, requestGeneration } from '../../src/services/generations/index.js';
import { batchOf } from '../helpers/batches.js';
import { factories } from '../helpers/factories.js';
import { createExam, type TestPlatform } from '../helpers/platform.js';
import { createPlatformOn, QUEUE_BACKENDS } from '../helpers/queues.js';

const nobody = { tokenId: null, role: 'ADMIN' } as const;

describe.each(QUEUE_BACKENDS)('with the queue on %s', (backend) => {
  let platform: TestPlatform;
  let knees: KneeExam[];
  let [ann, ben] = [0, 0];

  beforeAll(async () => {
    platform = await createPlatformOn(backend);
    knees = [];
    while (knees.length < 12) knees.push((await createExam(platform)).exam);
    const make = factories(platform.dataSource);
    ann = (await make.token({ name: 'Ann', role: 'OPERATOR' })).id;
    ben = (await make.token({ name: 'Ben', role: 'OPERATOR' })).id;
  });
  afterAll(() => platform.close());

  /** A worker that computes nothing: it claims what the queue hands out and calls it a success. */
  async function work(onStart: (id: string) => Promise<void> = () => Promise.resolve()) {
    const { dataSource, queue } = platform;
    const { manager } = dataSource;
    const started: string[] = [];
    const consumer = await queue.consume(async (id) => {
      const { attempt, state } = await manager.findOneByOrFail(Generation, { id });
      const seen = { id, state: 'QUEUED', attempt } as const;
      if (state === 'QUEUED' && (await advance(manager, GENERATION, seen, { to: 'RUNNING' })) !== undefined) {
        started.push(id);
        await topUp(dataSource, queue);
        await onStart(id);
        await advance(manager, GENERATION, { id, state: 'RUNNING', attempt: attempt + 1 }, { to: 'SUCCEEDED' });
      }
      await topUp(dataSource, queue);
    }, 1);
    return { started, close: () => consumer.close() };
  }

  /** Works until nothing waits any more; `until` is told how many have been started. */
  async function workAll(onStart: (count: number) => Promise<void> = () => Promise.resolve()): Promise<string[]> {
    const done = Promise.withResolvers<void>();
    let count = 0;
    const worker = await work(async () => {
      await onStart(++count);
      const waiting = await platform.dataSource.manager.countBy(Generation, { state: 'QUEUED' });
      if (waiting === 0) done.resolve();
    });
    await done.promise;
    await worker.close();
    return worker.started;
  }

  async function ownersOf(ids: string[]): Promise<(number | null)[]> {
    const rows = await platform.dataSource.getRepository(Generation).find();
    const owners = new Map(rows.map(({ id, requestedById }) => [id, requestedById]));
    return ids.map((id) => owners.get(id) ?? null);
  }

  test('two users with batches of one priority take turns, though one has asked later and for less', async () => {
    await batchOf(platform, knees, { seed: 1 }, ann);
    await batchOf(platform, knees.slice(0, 4), { seed: 2 }, ben);

    const owners = await ownersOf(await workAll());

    expect(owners).toHaveLength(16);
    // At most the two that were in the queue before Ben asked, and then one by one.
    expect(owners.slice(0, 10).filter((owner) => owner === ben)).toHaveLength(4);
    expect(owners.lastIndexOf(ben)).toBeLessThan(10);
  });

  test('a batch of a higher priority goes before one that was there first', async () => {
    await batchOf(platform, knees.slice(0, 6), { seed: 3, priority: -5 }, ann);
    let urgent = '';

    const started = await workAll(async (count) => {
      if (count === 2) urgent = (await batchOf(platform, knees.slice(0, 2), { seed: 4, priority: 5 }, ann)).id;
    });

    const rows = await platform.dataSource.getRepository(Generation).findBy({ batchId: urgent });
    const places = rows.map(({ id }) => started.indexOf(id));
    expect(places.sort()).toEqual([2, 3]);
  });

  test('a generation asked for by itself starts after at most the one that runs', async () => {
    await batchOf(platform, knees, { seed: 5, priority: 10 }, ann);
    let single = '';

    const started = await workAll(async (count) => {
      if (count === 3) {
        const request = { examId: knees[0]!.id, sliceCount: 2, steps: 1, seed: 6 };
        single = (await requestGeneration(platform, { tokenId: ben }, request)).id;
      }
    });

    expect(started.indexOf(single)).toBe(3);
  });

  test("an evaluation's volumes let those go first that its owner asks for by themselves, and urgent batches", async () => {
    const { dataSource, queue } = platform;
    for (const knee of knees.slice(0, 8)) {
      const request = { examId: knee.id, sliceCount: 2, steps: 1, seed: 20 };
      await dataSource.transaction((manager) => findOrEnter(manager, { tokenId: ann }, request, EVALUATION_PRIORITY));
    }
    await topUp(dataSource, queue);
    let [single, urgent] = ['', ''];

    const started = await workAll(async (count) => {
      if (count !== 2) return;
      const request = { examId: knees[0]!.id, sliceCount: 2, steps: 1, seed: 21 };
      single = (await requestGeneration(platform, { tokenId: ann }, request)).id;
      urgent = (await batchOf(platform, knees.slice(0, 1), { seed: 22, priority: 1 }, ann)).id;
    });

    const [member] = await dataSource.getRepository(Generation).findBy({ batchId: urgent });
    expect(started).toHaveLength(10);
    expect([started.indexOf(single), started.indexOf(member!.id)]).toEqual([2, 3]);
  });

  test('a paused batch is not handed out, though the queue has some of it; resumed, it goes on', async () => {
    const { dataSource } = platform;
    const paused = await batchOf(platform, knees.slice(0, 3), { seed: 7 }, ann);
    await pauseBatch(platform, nobody, paused.id);
    const other = await batchOf(platform, knees.slice(0, 1), { seed: 8, priority: -10 }, ben);
    const went = Promise.withResolvers<void>();
    const worker = await work(() => Promise.resolve(went.resolve()));
    await went.promise;
    await worker.close();

    const [first] = await dataSource.getRepository(Generation).findBy({ batchId: other.id });
    expect(worker.started).toEqual([first!.id]);
    const waiting = await dataSource.getRepository(Generation).findBy({ batchId: paused.id });
    expect(waiting.map(({ state }) => state)).toEqual(['QUEUED', 'QUEUED', 'QUEUED']);
    expect(await positionsInLine(dataSource, [waiting[0]!.id])).toEqual([null]);

    await resumeBatch(platform, nobody, paused.id);
    expect(await workAll()).toHaveLength(3);
  });

  test('the place in the line counts by priority and turn', async () => {
    const { dataSource } = platform;
    const ofAnn = await batchOf(platform, knees.slice(0, 3), { seed: 9 }, ann);
    const ofBen = await batchOf(platform, knees.slice(0, 2), { seed: 10 }, ben);
    const generations = dataSource.getRepository(Generation);
    const order = { batchPosition: 'ASC' } as const;
    const ids = async (batchId: string) => (await generations.find({ where: { batchId }, order })).map(({ id }) => id);

    expect(await positionsInLine(dataSource, await ids(ofAnn.id))).toEqual([1, 3, 4]);
    expect(await positionsInLine(dataSource, await ids(ofBen.id))).toEqual([0, 2]);
    expect(await positionsInLine(dataSource, [randomUUID()])).toEqual([null]);

    for (const { id } of [ofAnn, ofBen]) await cancelBatch(platform, nobody, id);
    expect(await positionsInLine(dataSource, await ids(ofAnn.id))).toEqual([null, null, null]);
  });
});
