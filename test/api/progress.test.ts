import { randomUUID } from 'node:crypto';
import type { Client } from 'graphql-ws';
import { encodeId } from '../../src/domain/global-ids.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { loggedRun } from '../helpers/logged-run.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

const PROGRESS = `subscription ($id: ID!, $after: Int) {
  generationProgress(id: $id, after: $after) {
    __typename seq at generationId
    ... on GenerationStateChanged { state message }
    ... on GenerationStepProgress { firstSlice lastSlice step steps fraction }
    ... on GenerationSliceCompleted { slice { index depth psnr ssim rssim previewUrl } completed total }
    ... on GenerationCompleted { psnr ssim rssim adjacentCorrelation mriSeries { id synthetic sliceCount } durationMs denoiserEvaluations device }
  }
}`;

test('a generation is followed from its first event to its last, then the subscription ends', async () => {
  const run = await loggedRun(api);
  const follow = subscribe(api.socketClient(), run.id);
  await run.step(1);
  await run.slice(0);
  await run.succeed();

  const events = await follow.all();

  expect(events).toMatchObject([
    { __typename: 'GenerationStateChanged', seq: 1, state: 'QUEUED', generationId: run.id },
    { __typename: 'GenerationStateChanged', seq: 2, state: 'RUNNING' },
    { __typename: 'GenerationStepProgress', seq: 3, firstSlice: 0, lastSlice: 1, step: 1, steps: 4, fraction: 0.25 },
    {
      __typename: 'GenerationSliceCompleted',
      seq: 4,
      completed: 1,
      total: 2,
      slice: {
        index: 0,
        depth: 0,
        psnr: 21.5,
        ssim: 0.7,
        rssim: null,
        previewUrl: expect.stringContaining(`/assets/${run.asset.sha256}?`),
      },
    },
    {
      __typename: 'GenerationCompleted',
      seq: 5,
      psnr: 21.5,
      rssim: null,
      mriSeries: { id: encodeId('MriSeries', run.series.id), synthetic: true, sliceCount: 2 },
      durationMs: 1200,
      denoiserEvaluations: 40,
      device: 'cpu',
    },
    { __typename: 'GenerationStateChanged', seq: 6, state: 'SUCCEEDED' },
  ]);
});

test('the preview URL of an event gives the slice', async () => {
  const run = await loggedRun(api);
  await run.slice(0);
  await run.succeed();
  const events = await subscribe(api.socketClient(), run.id).all();
  const slice = events.find((event) => event.slice)!.slice!;

  const response = await fetch(api.url + slice.previewUrl);

  // The blob of this asset was never written: what matters is that the signature opens it.
  expect(response.status).toBe(503);
});

test.each([0, 1, 3, 5])('a finished generation is replayed after %i', async (after) => {
  const run = await loggedRun(api);
  for (const step of [1, 2, 3]) await run.step(step);
  await run.succeed();

  const events = await subscribe(api.socketClient(), run.id, after).all();

  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7].slice(after));
});

test('after the last event there is nothing more to wait for', async () => {
  const run = await loggedRun(api);
  const last = await run.succeed();

  expect(await subscribe(api.socketClient(), run.id, last).all()).toEqual([]);
});

test('sockets that drop and come back with their last seq miss nothing and get nothing twice', async () => {
  const run = await loggedRun(api);
  const seen: number[] = [];
  const steps = 40;
  let written = 2;
  for (let connection = 0; written < 2 + steps; connection++) {
    const client = api.socketClient();
    const follow = subscribe(client, run.id, seen.at(-1) ?? 0);
    for (let count = 0; count < 8; count++) {
      await run.step(written - 1);
      written += 1;
    }
    // Read some of it, then the line goes dead in the middle.
    for (let count = 0; count < 5 + connection; count++) seen.push((await follow.next())!.seq);
    client.terminate();
  }
  await run.succeed();
  const rest = await subscribe(api.socketClient(), run.id, seen.at(-1)).all();
  seen.push(...rest.map(({ seq }) => seq));

  expect(seen).toEqual(Array.from({ length: 2 + steps + 2 }, (_, index) => index + 1));
});

test('many subscribers get the same events', async () => {
  const run = await loggedRun(api);
  const client = api.socketClient();
  const followers = Array.from({ length: 50 }, () => subscribe(client, run.id));
  await Promise.all(followers.map((follower) => follower.next()));
  for (const step of [1, 2, 3, 4]) await run.step(step);
  const last = await run.succeed();

  const logs = await Promise.all(followers.map((follower) => follower.all()));

  for (const log of logs)
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: last! - 1 }, (_, index) => index + 2));
});

test('each event is answered from rows as they are then', async () => {
  const run = await loggedRun(api);
  const client = api.socketClient();
  const query = `subscription ($id: ID!) { generationProgress(id: $id) { seq ... on GenerationCompleted { mriSeries { sequence exam { kl } } } } }`;
  const iterator = client.iterate<{ generationProgress: { seq: number; mriSeries?: object } }>({
    query,
    variables: { id: run.id },
  });
  await iterator.next();
  await api.dataSource.query('UPDATE knee_exam SET xrkl = 4 WHERE id = $1', [run.series.examId]);
  await run.succeed();

  const events = [];
  for await (const { data } of iterator) events.push(data!.generationProgress);

  expect(events.find((event) => event.mriSeries)).toMatchObject({ mriSeries: { exam: { kl: 4 } } });
});

test('a subscriber that leaves while nothing happens leaves nothing behind', async () => {
  const run = await loggedRun(api);
  const client = api.socketClient();
  const follow = subscribe(client, run.id);
  expect((await follow.next())!.seq).toBe(1);
  expect((await follow.next())!.seq).toBe(2);

  await follow.leave();
  await client.dispose();

  expect(await advance(api.dataSource.manager, GENERATION, run.seen, { to: 'FAILED', message: 'for the test' })).toBe(
    3,
  );
});

test.each([
  ['an unknown generation', encodeId('Generation', randomUUID()), 0, 'There is no such generation.'],
  ['what is no generation', encodeId('KneeExam', 1), 0, 'id must be the id of a Generation.'],
  ['a negative after', encodeId('Generation', randomUUID()), -1, 'after must not be negative, got -1.'],
])('%s is refused in one sentence', async (_name, id, after, message) => {
  await expect(subscribe(api.socketClient(), id, after).all()).rejects.toMatchObject([{ message }]);
});

test('a canceled generation ends its subscriptions with the reason', async () => {
  const run = await loggedRun(api);
  await advance(api.dataSource.manager, GENERATION, run.seen, { to: 'CANCELED', message: 'It was canceled.' });

  const events = await subscribe(api.socketClient(), run.id, 2).all();

  expect(events).toMatchObject([{ state: 'CANCELED', message: 'It was canceled.' }]);
});

interface Event {
  __typename: string;
  seq: number;
  slice?: { previewUrl: string };
}

/** A running subscription, read one event at a time or to its end. */
function subscribe(client: Client, id: string, after = 0) {
  const iterator = client.iterate<{ generationProgress: Event }>({ query: PROGRESS, variables: { id, after } });
  const next = async (): Promise<Event | undefined> => {
    const step = await iterator.next();
    if (step.done) return undefined;
    const { data, errors } = step.value as { data?: { generationProgress: Event }; errors?: unknown };
    if (!data) throw errors;
    return data.generationProgress;
  };
  return {
    next,
    leave: async () => void (await iterator.return?.()),
    async all(): Promise<Event[]> {
      const events: Event[] = [];
      for (let event = await next(); event; event = await next()) events.push(event);
      return events;
    },
  };
}
