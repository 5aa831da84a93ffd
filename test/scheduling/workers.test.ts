import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../src/domain/package.js';
import { Bundle, Generation, Worker } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { type RunningWorker } from '../../src/scheduling/index.js';
import { startWorker, type GenerationWorkerOptions } from '../../src/server/worker.js';
import { chooseGeneration, MAX_SKIPPED, waitingGeneration } from '../../src/scheduling/choose.js';
import { registerBundles } from '../../src/services/bundles/registry.js';
import { cancelGeneration, type GenerationRequest, requestGeneration } from '../../src/services/generations/index.js';
import { listWorkers } from '../../src/scheduling/workers.js';
import { runCommand } from '../helpers/command.js';
import { addTinyBundle } from '../helpers/tiny-bundle.js';
import { collect, upTo, waitForEvent } from '../helpers/events.js';
import { createExam, silent, type TestPlatform } from '../helpers/platform.js';
import { createPlatformOn, QUEUE_BACKENDS } from '../helpers/queues.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

const nobody = { tokenId: null, role: 'ADMIN' } as const;

describe.each(QUEUE_BACKENDS)('with the queue on %s', (backend) => {
  let platform: TestPlatform;
  let hub: EventHub;
  const started: RunningWorker[] = [];

  beforeAll(async () => {
    platform = await createPlatformOn(backend);
    hub = await openEventHub({ dataSource: platform.dataSource, databaseUrl: platform.url, logger: silent });
  });
  afterAll(async () => {
    await hub.close();
    await platform.close();
  });
  afterEach(async () => {
    for (const worker of started.splice(0)) await worker.close();
    await platform.dataSource.query('DELETE FROM worker');
  });

  async function start(changes: Partial<GenerationWorkerOptions> = {}): Promise<RunningWorker> {
    const { dataSource, url: databaseUrl, queueUrl, store } = platform;
    const options = { dataSource, databaseUrl, queueUrl, store, devices: ['cpu'] as const, threads: 1, logger: silent };
    const worker = await startWorker({ ...options, ...changes });
    started.push(worker);
    return worker;
  }

  async function request(changes: Partial<GenerationRequest> = {}): Promise<string> {
    const { exam } = await createExam(platform);
    return (
      await requestGeneration(platform, nobody, { examId: exam.id, sliceCount: 2, steps: 1, seed: 3, ...changes })
    ).id;
  }

  const workers = () => listWorkers(platform.dataSource);
  const isSlice = ({ type }: { type: string }) => type === 'SLICE_COMPLETED';

  describe('a worker in the registry', () => {
    it('loads and runs its model before it is READY, and says what it computes', async () => {
      const worker = await start({ warm: platform.bundle, concurrency: 2 });
      // Long enough to be seen at work; it is canceled below.
      const id = await request({ sliceCount: 500, steps: 2000 });
      await waitForEvent(hub, id, ({ type }) => type === 'STEP_PROGRESS');
      const [entry] = await until(workers, ([first]) => (first?.slots ?? []).some(({ fraction }) => fraction !== null));
      expect(entry).toMatchObject({ state: 'READY', pid: process.pid, version: expect.any(String) });
      expect(entry!.slots.map(({ bundle, provider }) => ({ bundle, provider }))).toEqual([
        { bundle: 'tiny-bundle@1.0.0', provider: 'cpu' },
        { bundle: 'tiny-bundle@1.0.0', provider: 'cpu' },
      ]);
      expect(entry!.slots.map(({ generationId }) => generationId).sort()).toEqual([id, null].sort());
      const generation = await platform.dataSource.manager.findOneByOrFail(Generation, { id });
      expect(generation.worker).toBe(entry!.name);

      const { stdout } = await runCommand(['workers'], { DATABASE_URL: platform.url });
      expect(stdout).toMatch(/^READY +\S+/);
      expect(stdout).toMatch(/cpu {2}tiny-bundle@1\.0\.0 {2}\S+ \d+ %/);
      expect(stdout).toContain('idle  0 done');

      await cancelGeneration(platform, nobody, id);
      await collect(hub.subscribe(id, 0));
      await worker.close();
      expect(await workers()).toMatchObject([{ state: 'GONE', name: entry!.name }]);
    });

    it('is GONE when it falls silent, by the clock of the database, and forgotten after a day', async () => {
      const { dataSource } = platform;
      const worker = await start();
      const age = (interval: string) =>
        dataSource.query(`UPDATE worker SET seen_at = now() - $1::interval`, [interval]);
      const copy = {
        ...(await until(workers, ([first]) => first?.state === 'READY'))[0]!,
        id: crypto.randomUUID(),
        name: 'lost:1-0000',
      };
      await dataSource.manager.insert(Worker, copy as object);
      await dataSource.query(`UPDATE worker SET seen_at = now() - interval '16 s' WHERE name = 'lost:1-0000'`);
      expect((await workers()).map(({ name, state }) => [name === copy.name, state])).toEqual([
        [false, 'READY'],
        [true, 'GONE'],
      ]);
      await worker.close();
      await age('25 hours');
      expect(await workers()).toEqual([]);
      const next = await start();
      await until(workers, (list) => list.length > 0);
      expect(await dataSource.manager.count(Worker)).toBe(1);
      await next.close();
    });

    it('is not started on a device that is not there', async () => {
      const starting = start({ devices: ['cuda:1'], warm: platform.bundle });
      await expect(starting).rejects.toMatchObject({
        name: 'UserError',
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^The device cuda:1 cannot run on this machine: .+\.$/),
      });
    });

    it('starts without a model when the one to load is damaged, and refuses its generations alone', async () => {
      const worker = await start({ warm: { ...platform.bundle, directory: '/nowhere' } });
      const id = await request();
      expect((await collect(hub.subscribe(id, 0))).at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED' } });
      await worker.close();
    });
  });

  describe('with two models waiting', () => {
    let other: Bundle;
    const ids: string[] = [];

    beforeAll(async () => {
      await addTinyBundle(platform.modelsDir, 'other-bundle');
      await registerBundles(platform.dataSource, platform.modelsDir);
      other = await platform.dataSource.manager.findOneByOrFail(Bundle, { name: 'other-bundle' });
      // In turns, as two batches would be.
      for (const bundle of ['other-bundle', 'tiny-bundle', 'other-bundle', 'tiny-bundle', 'other-bundle']) {
        ids.push(await request({ bundle }));
      }
    });

    it('a slot keeps the model it has, but puts others off eight times in a row at most', async () => {
      const { dataSource, bundle } = platform;
      const given = await waitingGeneration(dataSource, ids[0]!);
      const choose = (slot: { bundle: Bundle | undefined; skipped: number }, taken: string[] = []) =>
        chooseGeneration(dataSource, given, slot, (id) => !taken.includes(id));
      expect(await choose({ bundle, skipped: MAX_SKIPPED - 1 })).toMatchObject({ id: ids[1], skips: true });
      expect(await choose({ bundle, skipped: MAX_SKIPPED })).toEqual({ id: ids[0], bundleId: other.id });
      expect(await choose({ bundle: undefined, skipped: 0 })).toMatchObject({ id: ids[0] });
      expect(await choose({ bundle, skipped: 0 }, [ids[1]!, ids[3]!])).toMatchObject({ id: ids[0] });
      expect(await choose({ bundle: other, skipped: 0 }, [ids[0]!])).toMatchObject({ id: ids[2] });
    });

    it('a worker loads each once', async () => {
      await start({ warm: platform.bundle });
      await Promise.all(ids.map((id) => collect(hub.subscribe(id, 0))));
      const order = (await platform.dataSource.query(
        `SELECT bundle_id AS bundle FROM generation WHERE id = ANY($1) ORDER BY started_at`,
        [ids],
      )) as { bundle: number }[];
      expect(order.map(({ bundle }) => bundle === other.id)).toEqual([false, false, true, true, true]);
    });
  });

  describe('an inference process', () => {
    it.each([
      ['after its number of generations', { recycleAfter: 2 }, 2, 2],
      ['when its memory passes the limit', { memoryLimit: 1 }, 1, 4],
    ])('is replaced %s, between generations, and nothing is lost', async (_when, options, each, processes) => {
      await start({ ...options, warm: platform.bundle });
      const pids = new Set(
        (await until(workers, ([first]) => first?.state === 'READY')).map(({ slots }) => slots[0]!.pid!),
      );
      for (let turn = 0; turn < 3; turn++) {
        const id = await request({ bundle: 'tiny-bundle' });
        const events = await collect(hub.subscribe(id, 0));
        expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', attempt: 1 } });
        const [entry] = await until(workers, ([first]) => {
          const slot = first!.slots[0]!;
          return slot.pid !== null && slot.generationId === null && slot.generations === (turn + 1) % each;
        });
        pids.add(entry!.slots[0]!.pid!);
      }
      expect(pids.size).toBe(processes);
    });
  });

  describe('a worker that is told to stop', () => {
    it('ends what it computes when the deadline allows, and takes nothing more', async () => {
      const worker = await start();
      const id = await request({ sliceCount: 30, steps: 40 });
      await waitForEvent(hub, id, isSlice);
      const next = await request();
      await worker.close(60_000);
      const [done, waiting] = await Promise.all([id, next].map((one) => find(one)));
      expect(done).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
      expect(waiting).toMatchObject({ state: 'QUEUED', attempt: 0 });
      const heir = await start();
      await collect(hub.subscribe(next, 0));
      await heir.close();
    });

    it('hands back the rest at the deadline, with its finished slices', async () => {
      const worker = await start();
      const id = await request({ sliceCount: 30, steps: 400 });
      await waitForEvent(hub, id, isSlice);
      await worker.close(1);
      expect(await find(id)).toMatchObject({ state: 'QUEUED', attempt: 1, attemptLimit: 6 });
      await cancelGeneration(platform, nobody, id);
    });

    it('drains on SIGTERM, is DRAINING meanwhile, and stops at once on the second', async () => {
      const worker = await startWorkerProcess(platform, { flags: ['--drain', '600'] });
      try {
        const id = await request({ sliceCount: 30, steps: 1000 });
        await waitForEvent(hub, id, ({ type }) => type === 'STEP_PROGRESS');
        worker.kill('SIGTERM');
        await until(workers, ([first]) => first?.state === 'DRAINING');
        const { lastSeq } = await find(id);
        await waitForEvent(hub, id, ({ seq, type }) => seq > lastSeq && type === 'STEP_PROGRESS');
        worker.kill('SIGTERM');
        expect(await worker.ended()).toEqual({ code: 0, signal: null });
        expect(await find(id)).toMatchObject({ state: 'QUEUED', attempt: 1, attemptLimit: 6 });
        expect(await workers()).toMatchObject([{ state: 'GONE' }]);
        const events = await platform.dataSource.query(
          `SELECT seq FROM generation_event WHERE generation_id = $1 ORDER BY seq`,
          [id],
        );
        expect((events as { seq: number }[]).map(({ seq }) => seq)).toEqual(upTo((events as unknown[]).length));
        await cancelGeneration(platform, nobody, id);
      } finally {
        await worker.dispose();
      }
    });
  });

  describe('a worker whose clock jumps by days', () => {
    it('takes nothing from others, loses nothing to them, and writes no time of its own', async () => {
      const [before] = (await platform.dataSource.query('SELECT now() AS at')) as [{ at: Date }];
      await start();
      const clock = pathToFileURL(join(packageRoot, 'test/helpers/jumping-clock.js')).href;
      const jumping = await startWorkerProcess(platform, { env: { NODE_OPTIONS: `--import ${clock}` } });
      try {
        const ids = await Promise.all([1, 2, 3, 4].map(() => request({ sliceCount: 20, steps: 20 })));
        for (const id of ids) {
          const events = await collect(hub.subscribe(id, 0));
          expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
          expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', attempt: 1 } });
          const times = events.map(({ at }) => at.getTime());
          expect(times).toEqual([...times].sort((a, b) => a - b));
          expect(times[0]).toBeGreaterThanOrEqual(before.at.getTime());
          expect(times.at(-1)! - times[0]!).toBeLessThan(3_600_000);
        }
        const names = new Set(await Promise.all(ids.map(async (id) => (await find(id)).worker)));
        expect(names.size).toBe(2);
        expect((await workers()).map(({ state }) => state)).toEqual(['READY', 'READY']);
      } finally {
        await jumping.dispose();
      }
    });
  });

  function find(id: string): Promise<Generation> {
    return platform.dataSource.manager.findOneByOrFail(Generation, { id });
  }
});

/** Reads until what is read is as wanted. */
async function until<T>(read: () => Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
