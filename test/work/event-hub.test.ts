import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { enter, GENERATION, type LoggedEvent } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { collect, upTo } from '../helpers/events.js';
import { createExam, createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;
let hub: EventHub;

beforeAll(async () => {
  platform = await createTestPlatform();
});
beforeEach(async () => {
  hub = await openEventHub({ dataSource: platform.dataSource, databaseUrl: platform.url, logger: silent });
});
afterEach(() => hub.close());
afterAll(() => platform.close());

const step = {
  type: 'STEP_PROGRESS',
  payload: { firstSlice: 0, lastSlice: 1, step: 1, steps: 2, fraction: 0.5 },
} as const;

/** A generation that is running; its log has two lines. */
async function running(): Promise<string> {
  const { manager } = platform.dataSource;
  const { exam, radiograph } = await createExam(platform);
  const id = randomUUID();
  const targets = { examId: exam.id, radiographId: radiograph.id, bundleId: platform.bundle.id };
  const figures = { sliceCount: 2, steps: 2, sampler: 'DDIM', eta: 0, seed: 1, noise: 'SHARED' } as const;
  await enter(manager, {
    id,
    ...targets,
    ...figures,
    features: {},
    featureOverrides: {},
    clientKey: null,
    requestedById: null,
  });
  await advance(manager, GENERATION, { id, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING' });
  return id;
}

function append(id: string, count = 1): Promise<number | undefined> {
  const seen = { id, state: 'RUNNING', attempt: 1 } as const;
  return advance(platform.dataSource.manager, GENERATION, seen, { events: Array.from({ length: count }, () => step) });
}

function succeed(id: string): Promise<number | undefined> {
  return advance(platform.dataSource.manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { to: 'SUCCEEDED' });
}

function seqs(events: readonly LoggedEvent[]): number[] {
  return events.map(({ seq }) => seq);
}

describe('a subscription', () => {
  it('replays and then follows without gap or repetition, wherever it begins and while lines are written', async () => {
    const id = await running();
    const writing = (async () => {
      for (let line = 3; line <= 120; line++) await append(id);
      await succeed(id);
    })();
    const subscriptions: Promise<LoggedEvent[]>[] = [];
    const starts = [0, 1, 2, 5, 40, 100, 119, 120];
    for (const after of starts) {
      subscriptions.push(collect(hub.subscribe(id, after)));
      await delay(5);
    }
    await writing;
    const received = await Promise.all(subscriptions);
    received.forEach((events, index) => expect(seqs(events)).toEqual(upTo(121).slice(starts[index])));
  });

  it('ends at once when everything up to the final line was seen before', async () => {
    const id = await running();
    await succeed(id);
    expect(await collect(hub.subscribe(id, 3))).toEqual([]);
    expect(seqs(await collect(hub.subscribe(id, 0)))).toEqual([1, 2, 3]);
  });

  it('does not end at the failure of a generation that was retried', async () => {
    const { manager } = platform.dataSource;
    const id = await running();
    await advance(manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { to: 'FAILED', message: 'It broke.' });
    await advance(manager, GENERATION, { id, state: 'FAILED', attempt: 1 }, { to: 'QUEUED' });
    const subscription = collect(hub.subscribe(id, 0));
    await advance(manager, GENERATION, { id, state: 'QUEUED', attempt: 1 }, { to: 'CANCELED' });
    expect(seqs(await subscription)).toEqual([1, 2, 3, 4, 5]);
  });

  it('reads a log longer than a page', async () => {
    const id = await running();
    await append(id, 1_200);
    await succeed(id);
    expect(seqs(await collect(hub.subscribe(id, 0)))).toEqual(upTo(1_203));
  });

  it('loses nothing when its reader is slower than the window of recent lines', async () => {
    const id = await running();
    const slow = hub.subscribe(id, 0);
    expect((await slow.next()).value).toMatchObject({ seq: 1 });
    for (let round = 0; round < 6; round++) await append(id, 100);
    await succeed(id);
    expect(seqs(await collect(slow))).toEqual(upTo(603).slice(1));
  });

  it('misses nothing when the listening connection is killed', async () => {
    const id = await running();
    const subscription = collect(hub.subscribe(id, 0));
    await append(id);
    const killed = (await platform.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'osteograph listener'`,
    )) as unknown[];
    expect(killed).toHaveLength(1);
    await append(id, 3);
    await succeed(id);
    expect(seqs(await subscription)).toEqual(upTo(7));
  });

  it('stops waiting when its reader leaves, is aborted, or the hub closes', async () => {
    const id = await running();
    const left = hub.subscribe(id, 2);
    const waiting = left.next();
    await left.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });

    const abort = new AbortController();
    const aborted = collect(hub.subscribe(id, 2, abort.signal));
    abort.abort();
    expect(await aborted).toEqual([]);

    const open = collect(hub.subscribe(id, 2));
    await hub.close();
    expect(await open).toEqual([]);
  });

  it('of an unknown generation is refused', async () => {
    await expect(hub.subscribe(randomUUID(), 0).next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('shares one reading of each new line among those that keep up', async () => {
    const id = await running();
    let readings = 0;
    const counting = Object.create(platform.dataSource) as DataSource;
    counting.query = (...query: Parameters<DataSource['query']>) => {
      readings++;
      return platform.dataSource.query(...query);
    };
    const counted = await openEventHub({ dataSource: counting, databaseUrl: platform.url, logger: silent });
    try {
      const received = upTo(50).map(() => counted.subscribe(id, 1));
      // Everybody has caught up when everybody has the newest line.
      await Promise.all(received.map((events) => events.next()));
      const rest = Promise.all(received.map(collect));
      await append(id);
      const caughtUp = readings;
      for (let line = 0; line < 10; line++) await append(id);
      await succeed(id);
      for (const events of await rest) expect(seqs(events)).toEqual(upTo(14).slice(2));
      // The first looks of those that had not looked yet, and one reading per announcement: not one per subscriber and line.
      expect(readings - caughtUp).toBeLessThan(50 + 2 * 12);
    } finally {
      await counted.close();
    }
  });
});
