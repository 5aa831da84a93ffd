import { type BatchState, COUNTED_AS, countersOf } from '../../src/domain/batches.js';
import type { GenerationState } from '../../src/domain/generations.js';
import { Batch, Generation, type KneeExam } from '../../src/entities/index.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { type EventHub, openEventHub } from '../../src/services/batches/event-hub.js';
import { cancelBatch, pauseBatch, resumeBatch, retryBatch } from '../../src/services/batches/index.js';
import { cancelGeneration, retryGeneration } from '../../src/services/generations/index.js';
import { batchOf, followBatch } from '../helpers/batches.js';
import { upTo } from '../helpers/events.js';
import { randomNumbers } from '../helpers/factories.js';
import { createExam, createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';

const nobody = { tokenId: null, role: 'ADMIN' } as const;

let platform: TestPlatform;
let hub: EventHub;
let knees: KneeExam[];
let seed = 0;

beforeAll(async () => {
  platform = await createTestPlatform();
  const { dataSource, url: databaseUrl } = platform;
  hub = await openEventHub({ dataSource, databaseUrl, logger: silent });
  knees = [];
  while (knees.length < 8) knees.push((await createExam(platform)).exam);
});
afterAll(async () => {
  await hub.close();
  await platform.close();
});

/** A batch of so many exams whose volumes nobody has made yet. */
async function batch(count: number): Promise<{ id: string; members: string[] }> {
  const { id } = await batchOf(platform, knees.slice(0, count), { seed: ++seed });
  return { id, members: (await membersOf(id)).map((row) => row.id) };
}

function membersOf(batchId: string): Promise<Generation[]> {
  return platform.dataSource.getRepository(Generation).find({ where: { batchId }, order: { batchPosition: 'ASC' } });
}

/** What a worker or a user does to a generation. @returns whether it was done */
async function move(id: string, to: GenerationState, message?: string): Promise<boolean> {
  const { manager } = platform.dataSource;
  const { state, attempt } = await manager.findOneByOrFail(Generation, { id });
  const change = { to, ...(message === undefined ? {} : { message }) };
  return (await advance(manager, GENERATION, { id, state, attempt }, change)) !== undefined;
}

async function make(id: string, to: GenerationState = 'SUCCEEDED', message?: string): Promise<void> {
  await move(id, 'RUNNING');
  await move(id, to, message);
}

async function stateOf(id: string): Promise<BatchState> {
  return (await platform.dataSource.getRepository(Batch).findOneByOrFail({ id })).state;
}

test.each<[string, GenerationState[], BatchState]>([
  ['every exam has its volume', ['SUCCEEDED', 'SUCCEEDED'], 'SUCCEEDED'],
  ['some have', ['SUCCEEDED', 'FAILED'], 'PARTIAL'],
  ['some were canceled one by one', ['SUCCEEDED', 'CANCELED'], 'PARTIAL'],
  ['none has', ['FAILED', 'CANCELED'], 'FAILED'],
  ['all were canceled one by one', ['CANCELED', 'CANCELED'], 'CANCELED'],
])('where %s, the batch ends as it should', async (_, ends, expected) => {
  const { id, members } = await batch(2);
  for (const [index, end] of ends.entries()) await make(members[index]!, end, 'Because.');

  const events = await followBatch(hub, id);

  expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
  expect(events.map(({ type }) => type).slice(-2)).toEqual(['COMPLETED', 'STATE_CHANGED']);
  expect(events.at(-1)).toMatchObject({ payload: { state: expected } });
  const finished = events.flatMap((event) => (event.type === 'GENERATION_FINISHED' ? [event.payload] : []));
  expect(finished.map(({ outcome }) => outcome)).toEqual(ends);
  expect(finished.map(({ error }) => error)).toEqual(ends.map((end) => (end === 'FAILED' ? 'Because.' : null)));
});

test('a batch of which everything is there already is over at once', async () => {
  const first = await batch(2);
  for (const id of first.members) await make(id);

  const again = await batchOf(platform, knees.slice(0, 2), { seed });

  expect(again).toMatchObject({ state: 'SUCCEEDED', waiting: 0, reused: 2, startedAt: null });
  const events = await followBatch(hub, again.id);
  expect(events.map(({ type }) => type)).toEqual(['STATE_CHANGED', 'COMPLETED', 'STATE_CHANGED']);
  const other = await batchOf(platform, knees.slice(0, 2), { seed, skipExisting: false });
  expect(other).toMatchObject({ waiting: 2, reused: 0 });
});

test('seeds by exam are one per knee, the same again, and of the base seed', async () => {
  const request = { seed: 77, seedRule: 'PER_EXAM' } as const;
  const seeds = async (batchId: string) => (await membersOf(batchId)).map((row) => row.seed);

  const first = await seeds((await batchOf(platform, knees, request)).id);
  const again = await seeds((await batchOf(platform, knees, request)).id);
  const other = await seeds((await batchOf(platform, knees, { ...request, seed: 78 })).id);

  expect(new Set(first).size).toBe(knees.length);
  expect(again).toEqual(first);
  expect(other.filter((value) => first.includes(value))).toEqual([]);
  expect(first.every((value) => value !== null && Number.isInteger(value) && value >= 0)).toBe(true);
});

test('while it is paused, what runs ends, nothing is started, and it can complete', async () => {
  const { id, members } = await batch(2);
  await move(members[0]!, 'RUNNING');
  await pauseBatch(platform, nobody, id);

  expect(await move(members[1]!, 'RUNNING')).toBe(false);
  await move(members[0]!, 'SUCCEEDED');
  expect(await stateOf(id)).toBe('PAUSED');
  await resumeBatch(platform, nobody, id);
  expect(await stateOf(id)).toBe('RUNNING');
  await move(members[1]!, 'RUNNING');
  await pauseBatch(platform, nobody, id);
  await move(members[1]!, 'SUCCEEDED');

  expect(await stateOf(id)).toBe('SUCCEEDED');
});

test('canceled, it cancels what waits, asks what runs to stop, and is CANCELED when that has; paused or not', async () => {
  const { id, members } = await batch(3);
  await make(members[0]!);
  await move(members[1]!, 'RUNNING');
  await pauseBatch(platform, nobody, id);

  const asked = await cancelBatch(platform, nobody, id);

  expect(asked).toMatchObject({ state: 'RUNNING', cancelRequested: true, canceled: 1, running: 1, succeeded: 1 });
  expect(asked.message).toBe('It is being canceled; 1 of its generations still run.');
  const rows = await membersOf(id);
  expect(rows.map(({ state, cancelRequested }) => [state, cancelRequested])).toEqual([
    ['SUCCEEDED', false],
    ['RUNNING', true],
    ['CANCELED', false],
  ]);
  await move(members[1]!, 'CANCELED');
  expect(await stateOf(id)).toBe('CANCELED');

  const retried = await retryBatch(platform, nobody, id);
  expect(retried).toMatchObject({ state: 'QUEUED', cancelRequested: false, waiting: 2, succeeded: 1, canceled: 0 });
  expect((await membersOf(id)).map(({ state, attemptLimit }) => [state, attemptLimit])).toEqual([
    ['SUCCEEDED', 5],
    ['QUEUED', 6],
    ['QUEUED', 5],
  ]);
  for (const member of members.slice(1)) await make(member);
  const events = await followBatch(hub, id);
  expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length));
  expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', counters: { succeeded: 3 } } });
});

test('one of its generations that is retried by itself opens the batch again', async () => {
  const { id, members } = await batch(2);
  await make(members[0]!);
  await make(members[1]!, 'FAILED', 'Because.');
  expect(await stateOf(id)).toBe('PARTIAL');

  await retryGeneration(platform, nobody, members[1]!);

  expect(await stateOf(id)).toBe('QUEUED');
  await make(members[1]!);
  expect(await stateOf(id)).toBe('SUCCEEDED');
});

test('when its first five all fail for the same reason it pauses itself; resumed, it does not again', async () => {
  const { id, members } = await batch(8);
  for (const member of members.slice(0, 5)) await make(member, 'FAILED', 'The bundle is not what was registered.');

  const paused = await platform.dataSource.getRepository(Batch).findOneByOrFail({ id });

  expect(paused).toMatchObject({ state: 'PAUSED', failed: 5, waiting: 3 });
  expect(paused.message).toBe(
    'Its first 5 generations all failed for the same reason: The bundle is not what was registered.',
  );
  await resumeBatch(platform, nobody, id);
  await make(members[5]!, 'FAILED', 'The bundle is not what was registered.');
  expect(await stateOf(id)).toBe('RUNNING');
  await cancelBatch(platform, nobody, id);
});

test('five that fail for reasons of their own pause nothing', async () => {
  const { id, members } = await batch(6);
  for (const [index, member] of members.slice(0, 5).entries()) await make(member, 'FAILED', `Film ${index} is empty.`);

  expect(await stateOf(id)).toBe('RUNNING');
  await cancelBatch(platform, nobody, id);
});

test('a generation that kills its workers fails alone, and the rest of the batch goes on', async () => {
  const { id, members } = await batch(2);
  for (let attempt = 1; attempt < 5; attempt++) await make(members[0]!, 'QUEUED', 'Its worker ended unexpectedly.');
  await make(members[0]!, 'FAILED', 'Its worker ended unexpectedly on attempt 5, the last one allowed.');
  await make(members[1]!);

  expect(await stateOf(id)).toBe('PARTIAL');
});

test('whatever many do to a batch at once, counters agree with rows, and no line is missing or doubled', async () => {
  const { id, members } = await batch(8);
  const random = randomNumbers(5);
  const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)]!;
  const settle = (work: Promise<unknown>) =>
    work.catch((error: Error) => {
      // What two do at once may not fit together any more; that is said in a sentence or refused by the states.
      if (error.name !== 'UserError' && !/does not go from/.test(error.message)) throw error;
    });
  const actions = [
    () => move(pick(members), 'RUNNING'),
    () => move(pick(members), 'RUNNING'),
    () => move(pick(members), 'SUCCEEDED'),
    () => move(pick(members), 'FAILED', `Reason ${random()}`),
    () => move(pick(members), 'CANCELED'),
    () => move(pick(members), 'QUEUED'),
    () => cancelGeneration(platform, nobody, pick(members)),
    () => retryGeneration(platform, nobody, pick(members)),
    () => pauseBatch(platform, nobody, id),
    () => resumeBatch(platform, nobody, id),
    () => cancelBatch(platform, nobody, id),
    () => retryBatch(platform, nobody, id),
  ];
  for (let round = 0; round < 25; round++) {
    await Promise.all(Array.from({ length: 6 }, () => settle(pick(actions)())));
  }

  const row = await platform.dataSource.getRepository(Batch).findOneByOrFail({ id });
  const counted = { waiting: 0, running: 0, succeeded: 0, reused: 0, failed: 0, canceled: 0, impossible: 0 };
  for (const { state } of await membersOf(id)) counted[COUNTED_AS[state]]++;
  expect(countersOf(row)).toEqual(counted);
  const logged = (await platform.dataSource.query('SELECT seq FROM batch_event WHERE batch_id = $1 ORDER BY seq', [
    id,
  ])) as { seq: number }[];
  expect(logged.map(({ seq }) => seq)).toEqual(upTo(row.lastSeq));
});

test('a subscriber that drops and comes back with its last seq misses nothing and hears nothing twice', async () => {
  const { id, members } = await batch(6);
  const seen: number[] = [];
  const following = (async () => {
    for (let after = 0; ;) {
      const events = hub.batches.subscribe(id, after);
      let ended = true;
      for await (const { seq } of events) {
        seen.push((after = seq));
        // Leaves in the middle, after every second line.
        if (seq % 2 === 0) {
          ended = false;
          break;
        }
      }
      if (ended) return;
    }
  })();
  for (const member of members) await make(member);
  await following;

  const { lastSeq } = await platform.dataSource.getRepository(Batch).findOneByOrFail({ id });
  expect(seen).toEqual(upTo(lastSeq));
});
