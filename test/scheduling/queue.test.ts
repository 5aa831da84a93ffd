import { randomUUID } from 'node:crypto';
import { once, EventEmitter } from 'node:events';
import { openEventHub } from '../../src/services/batches/event-hub.js';
import { openQueue } from '../../src/scheduling/index.js';
import { requestGeneration } from '../../src/services/generations/index.js';
import { collect } from '../helpers/events.js';
import { createExam, silent, type TestPlatform } from '../helpers/platform.js';
import { createPlatformOn, QUEUE_BACKENDS } from '../helpers/queues.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

describe.each(QUEUE_BACKENDS)('the queue on %s', (backend) => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createPlatformOn(backend);
  });
  afterAll(() => platform.close());

  it('hands out each id once, however often it was put in, and again after a new start', async () => {
    const { queue } = platform;
    const [first, second] = [randomUUID(), randomUUID()];
    await queue.enqueue([{ id: first, attempt: 0 }]);
    await queue.enqueue([
      { id: first, attempt: 0 },
      { id: second, attempt: 3 },
    ]);
    const handed: string[] = [];
    const calls = new EventEmitter();
    const consumer = await queue.consume((id) => {
      handed.push(id);
      calls.emit('call');
      return Promise.resolve();
    }, 1);
    while (handed.length < 2) await once(calls, 'call');
    const again = once(calls, 'call');
    await queue.enqueue([{ id: first, attempt: 1 }]);
    await again;
    await consumer.close();
    expect(handed).toEqual([first, second, first]);
  });

  it('runs as many calls at a time as it was told, and waits for them when it closes', async () => {
    const { queue } = platform;
    const gate = Promise.withResolvers<void>();
    const started = new EventEmitter();
    let running = 0;
    let finished = 0;
    const consumer = await queue.consume(async () => {
      running++;
      started.emit('call');
      await gate.promise;
      finished++;
    }, 3);
    await queue.enqueue(Array.from({ length: 5 }, () => ({ id: randomUUID(), attempt: 0 })));
    while (running < 3) await once(started, 'call');
    const closing = consumer.close();
    gate.resolve();
    await closing;
    expect(finished).toBe(3);
  });

  it('carries a generation to its end, also when its worker is killed in the middle', async () => {
    const { dataSource, url: databaseUrl } = platform;
    const hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
    const first = await startWorkerProcess(platform);
    const { exam } = await createExam(platform);
    const { id } = await requestGeneration(platform, { tokenId: null }, { examId: exam.id, sliceCount: 20, steps: 40 });
    for await (const event of hub.subscribe(id, 0)) if (event.type === 'SLICE_COMPLETED') break;
    first.kill('SIGKILL');
    await first.ended();
    const second = await startWorkerProcess(platform);
    try {
      const events = await collect(hub.subscribe(id, 0));
      expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', attempt: 2 } });
    } finally {
      await second.dispose();
      await hub.close();
    }
  });
});

describe('opening the queue', () => {
  it.each([
    ['redis://127.0.0.1:1/0', 'UNAVAILABLE'],
    ['http://127.0.0.1:6379', 'BAD_USER_INPUT'],
  ])('on %s is refused in one sentence', async (queueUrl, code) => {
    const opening = openQueue({ databaseUrl: 'postgresql://unused', queueUrl, logger: silent });
    await expect(opening).rejects.toMatchObject({ name: 'UserError', code });
  });

  it('on a database that is not there is refused in one sentence', async () => {
    const opening = openQueue({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/nothing', logger: silent });
    await expect(opening).rejects.toMatchObject({ name: 'UserError', code: 'UNAVAILABLE' });
  });
});
