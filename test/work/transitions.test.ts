import { randomUUID } from 'node:crypto';
import { GENERATION_STATES, type GenerationState } from '../../src/domain/generations.js';
import { Generation, GenerationEvent } from '../../src/entities/index.js';
import { enter, GENERATION, readEvents, requestCancel } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { upTo } from '../helpers/events.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform();
});
afterAll(() => platform.close());

async function newGeneration(): Promise<string> {
  const { dataSource, bundle } = platform;
  const { exam, radiograph } = await createExam(platform);
  const id = randomUUID();
  await enter(dataSource.manager, {
    id,
    examId: exam.id,
    radiographId: radiograph.id,
    bundleId: bundle.id,
    sliceCount: 3,
    steps: 2,
    sampler: 'DDIM',
    eta: 0,
    seed: 1,
    noise: 'SHARED',
    features: {},
    featureOverrides: {},
    clientKey: null,
    requestedById: null,
  });
  return id;
}

/** Leads a new generation into a state by legal steps. */
async function inState(state: GenerationState): Promise<{ id: string; state: GenerationState; attempt: number }> {
  const id = await newGeneration();
  const { manager } = platform.dataSource;
  if (state === 'QUEUED') return { id, state, attempt: 0 };
  await advance(manager, GENERATION, { id, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING' });
  if (state !== 'RUNNING') await advance(manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { to: state });
  return { id, state, attempt: 1 };
}

const step = {
  type: 'STEP_PROGRESS',
  payload: { firstSlice: 0, lastSlice: 2, step: 1, steps: 2, fraction: 0.5 },
} as const;

describe('the state machine', () => {
  const legal = ['QUEUED RUNNING', 'QUEUED CANCELED', 'RUNNING SUCCEEDED', 'RUNNING FAILED', 'RUNNING CANCELED'].concat(
    ['RUNNING QUEUED', 'FAILED QUEUED', 'CANCELED QUEUED'],
  );
  const all = GENERATION_STATES.flatMap((from) => GENERATION_STATES.map((to) => [from, to] as const));

  it.each(all)('from %s to %s: changes row and log together, or refuses and changes nothing', async (from, to) => {
    const { dataSource } = platform;
    const seen = await inState(from);
    const before = await readEvents(dataSource, seen.id, 0);
    const attempt = advance(dataSource.manager, GENERATION, seen, { to });
    if (legal.includes(`${from} ${to}`)) {
      expect(await attempt).toBe(before.events.length + 1);
      expect((await dataSource.manager.findOneByOrFail(Generation, { id: seen.id })).state).toBe(to);
      const after = await readEvents(dataSource, seen.id, before.events.length);
      expect(after.events).toMatchObject([{ type: 'STATE_CHANGED', payload: { state: to } }]);
    } else {
      await expect(attempt).rejects.toThrow(`does not go from ${from} to ${to}`);
      expect((await dataSource.manager.findOneByOrFail(Generation, { id: seen.id })).state).toBe(from);
      expect(await readEvents(dataSource, seen.id, 0)).toEqual(before);
    }
  });

  it('lets one of many claims at the same time have the generation', async () => {
    const { manager } = platform.dataSource;
    const id = await newGeneration();
    const claims = await Promise.all(
      upTo(12).map((worker) =>
        advance(
          manager,
          GENERATION,
          { id, state: 'QUEUED', attempt: 0 },
          { to: 'RUNNING', set: { worker: `w${worker}` } },
        ),
      ),
    );
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    expect((await manager.findOneByOrFail(Generation, { id })).attempt).toBe(1);
  });

  it('changes nothing for a worker whose attempt is over', async () => {
    const { dataSource } = platform;
    const { id } = await inState('RUNNING');
    await advance(dataSource.manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { to: 'QUEUED' });
    await advance(dataSource.manager, GENERATION, { id, state: 'QUEUED', attempt: 1 }, { to: 'RUNNING' });
    const before = await dataSource.manager.findOneByOrFail(Generation, { id });
    const stale = { id, state: 'RUNNING', attempt: 1 } as const;
    expect(await advance(dataSource.manager, GENERATION, stale, { events: [step], set: { psnr: 99 } })).toBeUndefined();
    expect(await advance(dataSource.manager, GENERATION, stale, { to: 'SUCCEEDED' })).toBeUndefined();
    expect(await dataSource.manager.findOneByOrFail(Generation, { id })).toEqual(before);
    expect(await dataSource.manager.countBy(GenerationEvent, { generationId: id })).toBe(before.lastSeq);
  });

  it('grants five more attempts with a retry, under numbers never used before', async () => {
    const { manager } = platform.dataSource;
    const { id } = await inState('FAILED');
    await advance(manager, GENERATION, { id, state: 'FAILED', attempt: 1 }, { to: 'QUEUED' });
    expect(await manager.findOneByOrFail(Generation, { id })).toMatchObject({
      attempt: 1,
      attemptLimit: 6,
      error: null,
    });
  });
});

describe('the log', () => {
  it('has no gap under concurrent appends and a state change between them', async () => {
    const { dataSource } = platform;
    const { id } = await inState('RUNNING');
    const seen = { id, state: 'RUNNING', attempt: 1 } as const;
    const appends = upTo(60).map((n) =>
      advance(dataSource.manager, GENERATION, seen, { events: n % 3 ? [step] : [step, step] }),
    );
    const finish = advance(dataSource.manager, GENERATION, seen, { to: 'SUCCEEDED' });
    const results = await Promise.all([...appends, finish]);
    const { lastSeq } = await dataSource.manager.findOneByOrFail(Generation, { id });
    const { events, ended } = await readEvents(dataSource, id, 0);
    expect(events.map(({ seq }) => seq)).toEqual(upTo(lastSeq));
    expect(Math.max(...results.map((result) => result ?? 0))).toBe(lastSeq);
    expect(events.at(-1)).toMatchObject({ type: 'STATE_CHANGED', payload: { state: 'SUCCEEDED' } });
    expect(ended).toBe(true);
    const times = events.map(({ at }) => at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('keeps nothing of a transaction that is rolled back', async () => {
    const { dataSource } = platform;
    const { id } = await inState('RUNNING');
    const before = await readEvents(dataSource, id, 0);
    const failing = dataSource.transaction(async (manager) => {
      await advance(manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { events: [step] });
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(await readEvents(dataSource, id, 0)).toEqual(before);
    expect(
      await advance(dataSource.manager, GENERATION, { id, state: 'RUNNING', attempt: 1 }, { events: [step] }),
    ).toBe(3);
  });

  it('of an unknown generation is not found', async () => {
    await expect(readEvents(platform.dataSource, randomUUID(), 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a cancellation', () => {
  it('of a waiting generation is immediate and can be repeated', async () => {
    const { manager } = platform.dataSource;
    const { id } = await inState('QUEUED');
    const [first, second] = await Promise.all([requestCancel(manager, id), requestCancel(manager, id)]);
    expect([first.state, second.state]).toEqual(['CANCELED', 'CANCELED']);
    expect((await manager.findOneByOrFail(Generation, { id })).lastSeq).toBe(2);
  });

  it('of a running generation marks it for its worker', async () => {
    const { id } = await inState('RUNNING');
    const marked = await requestCancel(platform.dataSource.manager, id);
    expect(marked).toMatchObject({ state: 'RUNNING', cancelRequested: true });
  });

  it.each(['SUCCEEDED', 'FAILED'] as const)('of a generation that has %s is refused', async (state) => {
    const { id } = await inState(state);
    await expect(requestCancel(platform.dataSource.manager, id)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
