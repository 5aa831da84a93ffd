import { randomUUID } from 'node:crypto';
import { ApiToken, AuditEntry, Generation, KneeExam, Radiograph } from '../../src/entities/index.js';
import {
  cancelGeneration,
  type GenerationRequest,
  requestGeneration,
  retryGeneration,
} from '../../src/services/generations/index.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;
let actor: { tokenId: number; role: 'OPERATOR' };

beforeAll(async () => {
  platform = await createTestPlatform();
  const { manager } = platform.dataSource;
  const token = await manager.save(manager.create(ApiToken, { name: 'tester', role: 'OPERATOR', hash: randomUUID() }));
  actor = { tokenId: token.id, role: 'OPERATOR' };
});
afterAll(() => platform.close());

function ask(request: GenerationRequest): Promise<Generation> {
  return requestGeneration(platform, actor, request);
}

describe('asking for a generation', () => {
  it("takes the bundle's and the exam's values where the request leaves them open", async () => {
    const { exam, radiograph } = await createExam(platform);
    const generation = await ask({ examId: exam.id });
    expect(generation).toMatchObject({
      state: 'QUEUED',
      attempt: 0,
      lastSeq: 1,
      radiographId: radiograph.id,
      bundleId: platform.bundle.id,
      sliceCount: 50,
      steps: 8,
      sampler: 'DDIM',
      eta: 0,
      noise: 'SHARED',
      requestedById: actor.tokenId,
      featureOverrides: {},
    });
    expect(generation.features).toMatchObject({ XRKL: 2, XRCHL: null });
    expect(generation.seed).toBeGreaterThanOrEqual(0);
  });

  it('keeps the box of the request, and leaves it open where there is none', async () => {
    const { exam } = await createExam(platform);
    const request = { examId: exam.id, box: { left: 10.5, top: -4, side: 120 }, clientKey: randomUUID() };
    expect((await ask(request)).box).toEqual(request.box);
    expect((await ask({ examId: exam.id })).box).toBeNull();
    const other = { ...request, box: { ...request.box, side: 121 } };
    await expect(ask(other)).rejects.toThrow('was used for a generation with another box');
  });

  it('conditions on the grades of the preferred reading with the overrides of the request', async () => {
    const { exam } = await createExam(platform);
    const features = [
      { feature: 'XRCHL', grade: 1 },
      { feature: 'XRKL', grade: null },
    ] as const;
    const generation = await ask({ examId: exam.id, features });
    expect(generation.features).toMatchObject({ XRKL: null, XRCHL: 1, XRJSM: null });
    expect(generation.featureOverrides).toEqual({ XRKL: null, XRCHL: 1 });
  });

  it.each<[string, GenerationRequest, string]>([
    ['no target', {}, 'One of examId, radiographId and uploadId must say which radiograph is meant.'],
    ['0 slices', { examId: 1, sliceCount: 0 }, 'sliceCount is 0; it must be a whole number from 2 to 500.'],
    [
      '100000 slices',
      { examId: 1, sliceCount: 100_000 },
      'sliceCount is 100000; it must be a whole number from 2 to 500.',
    ],
    ['half a slice', { examId: 1, sliceCount: 2.5 }, 'sliceCount is 2.5; it must be a whole number from 2 to 500.'],
    ['0 steps', { examId: 1, steps: 0 }, 'steps is 0; it must be a whole number from 1 to 2000.'],
    ['a negative seed', { examId: 1, seed: -1 }, 'seed is -1; it must be a whole number from 0 to 2147483647.'],
    ['eta over 1', { examId: 1, eta: 1.5 }, 'eta is 1.5; it must be a number from 0 to 1.'],
    [
      'a grade too high',
      { examId: 1, features: [{ feature: 'XRCHL', grade: 2 }] },
      'The grade of XRCHL is 2; it must be 0 to 1, or null for missing.',
    ],
    [
      'an override twice',
      { examId: 1, features: [{ feature: 'XRKL' }, { feature: 'XRKL' }] },
      'The feature XRKL is overridden twice.',
    ],
    [
      'a box without size',
      { examId: 1, box: { left: 5, top: 6, side: 2 } },
      'box is 5,6 of side 2; its side must be at least 16 film pixels.',
    ],
    ['an empty key', { examId: 1, clientKey: '' }, 'clientKey must have between 1 and 200 characters.'],
  ])('with %s is refused in one sentence', async (_what, request, message) => {
    await expect(ask(request)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message });
  });

  it('for an exam that is not there, or with a bundle that is not there, is refused', async () => {
    const { exam } = await createExam(platform);
    await expect(ask({ examId: 2_000_000_000 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(ask({ examId: exam.id, bundle: 'best' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no bundle best; ready: tiny-bundle@1.0.0.',
    });
  });

  it('for an exam whose radiograph has no pixels is refused', async () => {
    const { exam, radiograph } = await createExam(platform);
    await platform.dataSource.manager.update(Radiograph, { id: radiograph.id }, { assetId: null });
    await expect(ask({ examId: exam.id })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(ask({ radiographId: radiograph.id })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('finds the knee that is meant on a bilateral film', async () => {
    const { manager } = platform.dataSource;
    const { exam: right, radiograph } = await createExam(platform);
    const { visitId, participantId } = right;
    const left = await manager.save(manager.create(KneeExam, { visitId, participantId, side: 'LEFT', grades: {} }));
    await manager.update(Radiograph, { id: radiograph.id }, { examId: null, visitId });
    const radiographId = radiograph.id;
    await expect(ask({ radiographId })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await ask({ radiographId, side: 'LEFT' })).toMatchObject({ examId: left.id });
    expect(await ask({ radiographId, examId: right.id })).toMatchObject({ examId: right.id });
    expect(await ask({ examId: left.id })).toMatchObject({ radiographId });
    const stranger = await createExam(platform);
    await expect(ask({ radiographId, examId: stranger.exam.id })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('leaves an audit row, and none when it is refused', async () => {
    const { manager } = platform.dataSource;
    const { exam } = await createExam(platform);
    const { id } = await ask({ examId: exam.id, sliceCount: 9 });
    const entries = await manager.findBy(AuditEntry, { target: id });
    expect(entries).toMatchObject([{ action: 'generateMri', tokenId: actor.tokenId, detail: { sliceCount: 9 } }]);
    const before = await manager.count(AuditEntry);
    await expect(ask({ examId: exam.id, sliceCount: 1 })).rejects.toThrow();
    expect(await manager.count(AuditEntry)).toBe(before);
  });
});

describe('a client key', () => {
  it('gives one generation however many ask at the same time', async () => {
    const { exam } = await createExam(platform);
    const request = { examId: exam.id, sliceCount: 10, clientKey: randomUUID() };
    const generations = await Promise.all(Array.from({ length: 16 }, () => ask(request)));
    expect(new Set(generations.map(({ id }) => id)).size).toBe(1);
    expect(await platform.dataSource.manager.countBy(Generation, { clientKey: request.clientKey })).toBe(1);
    const { id } = generations[0]!;
    expect(await platform.dataSource.manager.countBy(AuditEntry, { target: id })).toBe(1);
  });

  it('belongs to the token that uses it', async () => {
    const { exam } = await createExam(platform);
    const request = { examId: exam.id, clientKey: randomUUID() };
    const mine = await ask(request);
    const local = await requestGeneration(platform, { tokenId: null }, request);
    expect(local.id).not.toBe(mine.id);
    expect((await requestGeneration(platform, { tokenId: null }, request)).id).toBe(local.id);
  });

  it.each<[string, string, GenerationRequest, GenerationRequest]>([
    ['sliceCount', 'another one', { sliceCount: 10 }, { sliceCount: 11 }],
    ['sliceCount', 'the default against none', { sliceCount: 50 }, {}],
    ['seed', 'one against none', { seed: 7 }, {}],
    ['bundle', 'the one that is chosen against none', { bundle: 'tiny-bundle' }, {}],
    ['noise', 'the default against none', { noise: 'SHARED' }, {}],
    ['features', 'another grade', { features: [{ feature: 'XRKL', grade: 4 }] }, { features: [{ feature: 'XRKL' }] }],
    ['features', 'some against none', { features: [{ feature: 'XRKL', grade: 4 }] }, {}],
    ['box', 'one against none', { box: { left: 1, top: 2, side: 120 } }, {}],
  ])(
    'cannot be used for two requests that differ in %s (%s), whichever comes first',
    async (field, _how, one, other) => {
      const { exam } = await createExam(platform);
      const base = { examId: exam.id, sliceCount: one.sliceCount === undefined ? 10 : undefined };
      const refusal = (clientKey: string) => ({
        code: 'CONFLICT',
        message: `The clientKey "${clientKey}" was used for a generation with another ${field}; use a new key for a new request.`,
      });
      for (const [first, second] of [
        [one, other],
        [other, one],
      ] as const) {
        const clientKey = randomUUID();
        const made = await ask({ ...base, ...first, clientKey });
        await expect(ask({ ...base, ...second, clientKey })).rejects.toMatchObject(refusal(clientKey));
        expect((await ask({ ...base, ...first, clientKey })).id).toBe(made.id);
      }
    },
  );

  it('takes null for what is left out, and members in any order', async () => {
    const { exam } = await createExam(platform);
    const clientKey = randomUUID();
    const made = await ask({ examId: exam.id, box: { left: 1.5, top: 2, side: 120 }, clientKey });
    const again = await ask({
      ...{ clientKey, seed: null, bundle: undefined, features: null },
      box: { side: 120, top: 2, left: 1.5 },
      examId: exam.id,
    });
    expect(again.id).toBe(made.id);
  });

  it('means what was asked, also when the defaults have changed since', async () => {
    const { exam } = await createExam(platform);
    const request = { examId: exam.id, clientKey: randomUUID() };
    const { id } = await ask(request);
    await platform.dataSource.manager.update(Generation, { id }, { steps: 3, sliceCount: 9 });
    expect((await ask(request)).id).toBe(id);
  });
});

describe('cancelling and retrying', () => {
  it('go from QUEUED to CANCELED and back, each with its audit row', async () => {
    const { exam } = await createExam(platform);
    const { id } = await ask({ examId: exam.id });
    expect(await cancelGeneration(platform, actor, id)).toMatchObject({ state: 'CANCELED' });
    expect(await retryGeneration(platform, actor, id)).toMatchObject({ state: 'QUEUED', finishedAt: null });
    const entries = await platform.dataSource.manager.findBy(AuditEntry, { target: id });
    expect(entries.map(({ action }) => action)).toEqual(['generateMri', 'cancelGeneration', 'retryGeneration']);
  });

  it('are refused where there is nothing to cancel or retry', async () => {
    const { exam } = await createExam(platform);
    const { id } = await ask({ examId: exam.id });
    await expect(retryGeneration(platform, actor, id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'The generation is QUEUED; only a FAILED or CANCELED one can be retried.',
    });
    await expect(cancelGeneration(platform, actor, randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(retryGeneration(platform, actor, randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
