import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Generation, GenerationSlice, MriSeries, Radiograph } from '../../src/entities/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { type LoggedEvent } from '../../src/services/generations/index.js';
import { type RunningWorker } from '../../src/scheduling/index.js';
import { startWorker } from '../../src/server/worker.js';
import {
  cancelGeneration,
  type GenerationRequest,
  requestGeneration,
  retryGeneration,
} from '../../src/services/generations/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { collect, isState, upTo, waitForEvent } from '../helpers/events.js';
import { createExam, silent, type TestPlatform } from '../helpers/platform.js';
import { createPlatformOn, QUEUE_BACKENDS } from '../helpers/queues.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

const nobody = { tokenId: null, role: 'ADMIN' } as const;

/** Three batches of ten slices, slow enough to be caught in the middle. */
const SLOW = { sliceCount: 30, steps: 40, seed: 3 } as const;

describe.each(QUEUE_BACKENDS)('with the queue on %s', (backend) => {
  let platform: TestPlatform;
  let hub: EventHub;

  beforeAll(async () => {
    platform = await createPlatformOn(backend);
    hub = await openEventHub({ dataSource: platform.dataSource, databaseUrl: platform.url, logger: silent });
  });
  afterAll(async () => {
    await hub.close();
    await platform.close();
  });

  async function request(changes: Partial<GenerationRequest> = {}): Promise<string> {
    const { exam } = await createExam(platform);
    return (await requestGeneration(platform, nobody, { examId: exam.id, ...SLOW, ...changes })).id;
  }

  function startHere(): Promise<RunningWorker> {
    const { dataSource, url: databaseUrl, queueUrl, store } = platform;
    return startWorker({ dataSource, databaseUrl, queueUrl, store, devices: ['cpu'], threads: 1, logger: silent });
  }

  function findGeneration(id: string): Promise<Generation> {
    return platform.dataSource.manager.findOneByOrFail(Generation, { id });
  }

  function slicesIn(events: readonly LoggedEvent[]): number[] {
    return events.flatMap((event) => (event.type === 'SLICE_COMPLETED' ? [event.payload.slice.index] : []));
  }

  /** Content of the volume that a generation ended in: equal volumes are one asset. */
  async function volumeOf(generationId: string): Promise<number | null> {
    return (await platform.dataSource.manager.findOneByOrFail(MriSeries, { generationId })).assetId;
  }

  const isSlice = (event: LoggedEvent) => event.type === 'SLICE_COMPLETED';
  const isStep = (event: LoggedEvent) => event.type === 'STEP_PROGRESS';

  describe('a worker that is killed', () => {
    it('loses no finished slice: the next one computes only what is missing, with the same result', async () => {
      const id = await request();
      const subscription = collect(hub.subscribe(id, 0));
      const first = await startWorkerProcess(platform);
      await waitForEvent(hub, id, isSlice);
      first.kill('SIGKILL');
      await first.ended();
      const kept = await platform.dataSource.manager.countBy(GenerationSlice, { generationId: id });
      expect(kept).toBeGreaterThan(0);

      const second = await startWorkerProcess(platform);
      try {
        const events = await subscription;
        expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
        expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', attempt: 2 } });
        expect(slicesIn(events)).toEqual(upTo(30).map((n) => n - 1));
        const generation = await findGeneration(id);
        expect(generation).toMatchObject({ attempt: 2, attemptLimit: 5, denoiserEvaluations: 30 * 40 });

        const undisturbed = await request();
        await collect(hub.subscribe(undisturbed, 0));
        expect(await volumeOf(id)).toBe(await volumeOf(undisturbed));
      } finally {
        second.kill('SIGTERM');
        expect(await second.ended()).toEqual({ code: 0, signal: null });
      }
    });
  });

  describe('a worker that is told to stop', () => {
    it('hands its generation back with the slices it has, and that does not count as a crash', async () => {
      const first = await startHere();
      const id = await request();
      await waitForEvent(hub, id, isSlice);
      await first.close();
      expect(await findGeneration(id)).toMatchObject({ state: 'QUEUED', attempt: 1, attemptLimit: 6, worker: null });
      const second = await startHere();
      try {
        const events = await collect(hub.subscribe(id, 0));
        expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED' } });
        expect(slicesIn(events)).toEqual(upTo(30).map((n) => n - 1));
      } finally {
        await second.close();
      }
    });
  });

  describe('with a worker running', () => {
    let worker: RunningWorker;

    beforeAll(async () => {
      worker = await startHere();
    });
    afterAll(() => worker.close());

    it('a running generation is canceled between steps, and can be taken up again', async () => {
      const id = await request({ steps: 400 });
      await waitForEvent(hub, id, isStep);
      await cancelGeneration(platform, nobody, id);
      const events = await collect(hub.subscribe(id, 0));
      expect(events.at(-1)).toMatchObject({ payload: { state: 'CANCELED' } });
      expect(slicesIn(events)).toEqual([]);
      await cancelGeneration(platform, nobody, id);
      expect((await findGeneration(id)).lastSeq).toBe(events.length);

      await retryGeneration(platform, nobody, id);
      await waitForEvent(hub, id, (event) => event.seq > events.length && isState('RUNNING')(event));
      await cancelGeneration(platform, nobody, id);
      expect((await collect(hub.subscribe(id, events.length))).at(-1)).toMatchObject({
        payload: { state: 'CANCELED' },
      });
    });

    it('a waiting generation is canceled at once and never starts', async () => {
      const busy = await request({ steps: 400 });
      const id = await request();
      await cancelGeneration(platform, nobody, id);
      expect((await collect(hub.subscribe(id, 0))).map(({ seq }) => seq)).toEqual([1, 2]);
      await cancelGeneration(platform, nobody, busy);
      await collect(hub.subscribe(busy, 0));
      const after = await request({ sliceCount: 2, steps: 1 });
      await collect(hub.subscribe(after, 0));
      expect(await findGeneration(id)).toMatchObject({ state: 'CANCELED', attempt: 0 });
    });

    it('a killed inference process is replaced and the generation goes on', async () => {
      const id = await request();
      await waitForEvent(hub, id, isSlice);
      for (const pid of await inferenceProcesses()) process.kill(pid, 'SIGKILL');
      const events = await collect(hub.subscribe(id, 0));
      const states = events.flatMap((event) => (event.type === 'STATE_CHANGED' ? [event.payload.state] : []));
      expect(states).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
      expect(slicesIn(events)).toEqual(upTo(30).map((n) => n - 1));
    });

    it('a generation is not taken from a worker that was too busy to send heartbeats', async () => {
      const id = await request();
      for await (const event of hub.subscribe(id, 0)) {
        if (!isSlice(event)) continue;
        await platform.dataSource.query(
          `UPDATE generation SET heartbeat_at = now() - interval '1 minute' WHERE id = $1 AND state = 'RUNNING'`,
          [id],
        );
      }
      expect(await findGeneration(id)).toMatchObject({ state: 'SUCCEEDED', attempt: 1 });
    });

    it('a generation survives the loss of every connection to the database', async () => {
      const id = await request();
      await waitForEvent(hub, id, isSlice);
      const killed = (await platform.dataSource.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )) as unknown[];
      expect(killed.length).toBeGreaterThan(3);
      const events = await collect(hub.subscribe(id, 0));
      expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
      expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED' } });
      expect(slicesIn(events)).toEqual(upTo(30).map((n) => n - 1));
    });

    it('files that are no longer the registered bundle are refused', async () => {
      const copy = join(platform.modelsDir, 'tiny-bundle', '1.0.0', 'bundle.json');
      const manifest = await readFile(copy, 'utf8');
      await writeFile(copy, manifest.replace('for tests', 'for tests, changed'));
      try {
        const id = await request();
        expect((await collect(hub.subscribe(id, 0))).at(-1)).toMatchObject({
          payload: {
            state: 'FAILED',
            message: expect.stringContaining('is not the tiny-bundle 1.0.0 that was registered'),
          },
        });
      } finally {
        await writeFile(copy, manifest);
      }
    });

    it('a fault of the input fails the generation at once, with its sentence', async () => {
      const { manager } = platform.dataSource;
      const { exam, radiograph } = await createExam(platform);
      const letter = await storeAsset(manager, platform.store, Buffer.from('Dear radiologist,'), 'image/png');
      await manager.update(Radiograph, { id: radiograph.id }, { assetId: letter.id });
      const { id } = await requestGeneration(platform, nobody, { examId: exam.id, sliceCount: 2 });
      const events = await collect(hub.subscribe(id, 0));
      expect(events.at(-1)).toMatchObject({
        payload: { state: 'FAILED', attempt: 1, message: expect.stringContaining('no DICOM, PNG, TIFF or JPEG file') },
      });
      expect((await findGeneration(id)).error).toContain('no DICOM, PNG, TIFF or JPEG file');
    });
  });

  describe('a generation whose worker has been silent for long', () => {
    /** As a killed worker leaves it. */
    async function abandoned(changes: { attempt: number; cancelRequested?: boolean }): Promise<string> {
      const lossy = { dataSource: platform.dataSource, queue: { enqueue: () => Promise.resolve() } };
      const { exam } = await createExam(platform);
      const { id } = await requestGeneration(lossy, nobody, { examId: exam.id, sliceCount: 2, steps: 1 });
      await platform.dataSource.query(
        `UPDATE generation SET state = 'RUNNING', attempt = $2, cancel_requested = $3, heartbeat_at = now() - interval '1 minute',
           started_at = now() - interval '2 minutes' WHERE id = $1`,
        [id, changes.attempt, changes.cancelRequested ?? false],
      );
      return id;
    }

    it.each([
      ['is tried again', { attempt: 4 }, 'SUCCEEDED'],
      ['fails when this was its last attempt', { attempt: 5 }, 'FAILED'],
      ['is canceled when that was asked for', { attempt: 1, cancelRequested: true }, 'CANCELED'],
    ] as const)('%s', async (_what, changes, state) => {
      const id = await abandoned(changes);
      const worker = await startHere();
      try {
        expect((await collect(hub.subscribe(id, 0))).at(-1)).toMatchObject({ payload: { state } });
      } finally {
        await worker.close();
      }
    });
  });
});

/** Inference processes that this process has started; Linux tells. */
async function inferenceProcesses(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours: number[] = [];
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (status.includes(`PPid:\t${process.pid}\n`) && command.includes('host-child')) ours.push(pid);
  }
  return ours;
}
