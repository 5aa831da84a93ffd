import { once } from 'node:events';
import { Generation } from '../../src/entities/index.js';
import { GENERATION, type GenerationEventBody, requestGeneration } from '../../src/services/generations/index.js';
import { advance, CancelRequested, Lease, StaleAttempt } from '../../src/work/index.js';
import { createExam, createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;
let lease: Lease<Generation, GenerationEventBody> | undefined;

beforeAll(async () => {
  platform = await createTestPlatform();
});
afterEach(async () => {
  await lease?.release();
});
afterAll(() => platform.close());

/** A generation that is running, and the lease of the process that claimed it. */
async function leased(): Promise<{ id: string; lease: Lease<Generation, GenerationEventBody> }> {
  const { dataSource } = platform;
  const { exam } = await createExam(platform);
  const services = { dataSource, queue: { enqueue: () => Promise.resolve() } };
  const { id } = await requestGeneration(services, { tokenId: null }, { examId: exam.id });
  await advance(dataSource.manager, GENERATION, { id, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING' });
  const timings = { heartbeat: 20 };
  lease = new Lease({ dataSource, kind: GENERATION, id, attempt: 1, logger: silent, timings });
  return { id, lease };
}

function find(id: string): Promise<Generation> {
  return platform.dataSource.manager.findOneByOrFail(Generation, { id });
}

test('a heartbeat of an attempt that is over renews nothing, and ends the lease', async () => {
  const { id, lease: first } = await leased();
  const ended = once(first.signal, 'abort');
  // The statement of a process that took it over in one moment.
  await platform.dataSource.query(
    `UPDATE generation SET attempt = 2, heartbeat_at = '2020-01-01T00:00:00Z' WHERE id = $1 AND state = 'RUNNING'`,
    [id],
  );
  await ended;

  expect(first.signal.reason).toBeInstanceOf(StaleAttempt);
  expect((await find(id)).heartbeatAt).toEqual(new Date('2020-01-01T00:00:00Z'));
});

test('a heartbeat sees a cancellation that nobody was notified of', async () => {
  const { id, lease: only } = await leased();
  const ended = once(only.signal, 'abort');
  await platform.dataSource.query('UPDATE generation SET cancel_requested = true WHERE id = $1', [id]);
  await ended;

  expect(only.signal.reason).toBeInstanceOf(CancelRequested);
});

test('an attempt that is over writes nothing, in a transaction neither', async () => {
  const { id, lease: first } = await leased();
  const { manager } = platform.dataSource;
  await advance(manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { to: 'QUEUED' });
  await advance(manager, GENERATION, { id, state: 'QUEUED', attempt: 1 }, { to: 'RUNNING' });
  const before = await find(id);
  const work = first.transaction(async (own) => {
    await own.update(Generation, { id }, { psnr: 99 });
  });

  await expect(work).rejects.toThrow(StaleAttempt);
  await expect(first.write({ set: { psnr: 99 } })).rejects.toThrow(StaleAttempt);
  const { psnr, lastSeq } = await find(id);
  expect({ psnr, lastSeq }).toEqual({ psnr: null, lastSeq: before.lastSeq });
});
