import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, type KneeExam, type Radiograph } from '../../src/entities/index.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let exam: KneeExam;
let film: Radiograph;

beforeAll(async () => {
  api = await startTestServer();
  const visit = await api.make.visit(await api.make.participant());
  exam = await api.make.exam(visit, { side: 'LEFT', grades: { XRKL: 3, XRJSM: 2, XRCHL: 0 } });
  film = await api.make.radiograph(visit, { assetId: (await api.make.asset()).id });
  await api.make.bundle({ name: 'older', version: '1.0.0' });
  await api.make.bundle({ name: 'newer', version: '2.0.0' });
});

afterAll(() => api.close());

const FIELDS = `id state attempt sliceCount steps sampler eta seed noise clientKey requestedBy lastSeq
  features { feature grade } featureOverrides { feature grade } bundle { name version } exam { id } radiograph { id }`;
const GENERATE = `mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { ${FIELDS} } } }`;

interface Generated {
  id: string;
  features: { feature: string; grade: number | null }[];
}

test('every argument of generateMri arrives in the generation', async () => {
  const input = {
    examId: encodeId('KneeExam', exam.id),
    bundle: 'older@1.0.0',
    sliceCount: 30,
    steps: 12,
    eta: 0.5,
    sampler: 'DDIM',
    seed: 42,
    noise: 'PER_SLICE',
    features: [
      { feature: 'XRCHL', grade: 1 },
      { feature: 'XRKL', grade: null },
    ],
    clientKey: 'figure 3',
  };

  const { data, errors } = await api.ask<{ generateMri: { generation: Generated } }>(
    GENERATE,
    { input },
    api.tokens.OPERATOR,
  );

  expect(errors).toBeUndefined();
  expect(data!.generateMri.generation).toMatchObject({
    state: 'QUEUED',
    attempt: 0,
    sliceCount: 30,
    steps: 12,
    sampler: 'DDIM',
    eta: 0.5,
    seed: 42,
    noise: 'PER_SLICE',
    clientKey: 'figure 3',
    requestedBy: 'operator',
    lastSeq: 1,
    bundle: { name: 'older', version: '1.0.0' },
    exam: { id: input.examId },
    radiograph: { id: encodeId('Radiograph', film.id) },
    featureOverrides: [
      { feature: 'XRKL', grade: null },
      { feature: 'XRCHL', grade: 1 },
    ],
  });
  const grades = Object.fromEntries(
    data!.generateMri.generation.features.map(({ feature, grade }) => [feature, grade]),
  );
  expect(grades).toMatchObject({ XRKL: null, XRJSM: 2, XRCHL: 1, XRATTM: null });
});

test('what is left out comes from the newest bundle', async () => {
  const input = { examId: encodeId('KneeExam', exam.id) };
  const { data } = await api.ask<{ generateMri: { generation: Generated } }>(GENERATE, { input });

  expect(data!.generateMri.generation).toMatchObject({
    sliceCount: 50,
    steps: 20,
    sampler: 'DDIM',
    eta: 0,
    noise: 'SHARED',
    bundle: { name: 'newer', version: '2.0.0' },
  });
});

test('grades pull as strongly as asked for, and only another pull makes another volume', async () => {
  const ask = async (gradeGuidance?: number) => {
    const input = { examId: encodeId('KneeExam', exam.id), seed: 5, gradeGuidance };
    return api.ask<{ generateMri: { generation: { key: string; gradeGuidance: number } } }>(
      'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { key gradeGuidance parameters } } }',
      { input },
      api.tokens.OPERATOR,
    );
  };
  const [left, trained, twice] = [await ask(), await ask(1), await ask(2)].map(
    ({ data }) => data!.generateMri.generation,
  );

  expect([left!.gradeGuidance, trained!.gradeGuidance, twice!.gradeGuidance]).toEqual([1, 1, 2]);
  expect(twice).toMatchObject({ parameters: { gradeGuidance: 2 } });
  expect(trained!.key).toBe(left!.key);
  expect(twice!.key).not.toBe(left!.key);
  const refused = await ask(5.1);
  expect(refused.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
  expect(refused.errors![0]!.message).toBe('gradeGuidance is 5.1; it must be a number from 0 to 5.');
});

test('a bilateral film needs to know which knee', async () => {
  const radiographId = encodeId('Radiograph', film.id);

  const without = await api.ask(GENERATE, { input: { radiographId } });
  const withSide = await api.ask(GENERATE, { input: { radiographId, side: 'LEFT' } });

  expect(without.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
  expect(withSide.data!).toMatchObject({
    generateMri: { generation: { exam: { id: encodeId('KneeExam', exam.id) } } },
  });
});

test('asking twice with one client key gives one generation, and each token has keys of its own', async () => {
  const input = { examId: encodeId('KneeExam', exam.id), clientKey: 'once' };
  const ask = async (token: string) =>
    (await api.ask<{ generateMri: { generation: Generated } }>(GENERATE, { input }, token)).data!.generateMri.generation
      .id;

  const [first, second, others] = [
    await ask(api.tokens.OPERATOR),
    await ask(api.tokens.OPERATOR),
    await ask(api.tokens.ADMIN),
  ];

  expect(second).toBe(first);
  expect(others).not.toBe(first);
});

test('a queued generation is canceled, then retried, and each leaves an audit row', async () => {
  const asked = { input: { examId: encodeId('KneeExam', exam.id) } };
  const { data } = await api.ask<{ generateMri: { generation: Generated } }>(GENERATE, asked, api.tokens.OPERATOR);
  const { id } = data!.generateMri.generation;
  const change = (name: string) =>
    api.ask(
      `mutation ($id: ID!) { ${name}(input: { id: $id }) { generation { id state } } }`,
      { id },
      api.tokens.OPERATOR,
    );

  expect((await change('retryGeneration')).errors![0]!.extensions.code).toBe('CONFLICT');
  expect((await change('cancelGeneration')).data).toEqual({
    cancelGeneration: { generation: { id, state: 'CANCELED' } },
  });
  expect((await change('retryGeneration')).data).toEqual({ retryGeneration: { generation: { id, state: 'QUEUED' } } });

  const key = Buffer.from(id, 'base64url').toString().slice('Generation:'.length);
  const rows = await api.dataSource.getRepository(AuditEntry).find({ where: { target: key }, order: { id: 'ASC' } });
  expect(rows.map(({ action }) => action)).toEqual(['generateMri', 'cancelGeneration', 'retryGeneration']);
});

test('a failed generation says why', async () => {
  const { data } = await api.ask<{ generateMri: { generation: Generated } }>(GENERATE, {
    input: { examId: encodeId('KneeExam', exam.id) },
  });
  const { id } = data!.generateMri.generation;
  const key = Buffer.from(id, 'base64url').toString().slice('Generation:'.length);
  await advance(api.dataSource.manager, GENERATION, { id: key, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING' });
  await advance(
    api.dataSource.manager,
    GENERATION,
    { id: key, state: 'RUNNING', attempt: 1 },
    { to: 'FAILED', message: 'The film is empty.' },
  );

  const answer = await api.ask(
    'query ($id: ID!) { generation(id: $id) { state error finishedAt mriSeries { id } slices { index } } }',
    { id },
  );

  expect(answer.data).toEqual({
    generation: {
      state: 'FAILED',
      error: 'The film is empty.',
      finishedAt: expect.any(String),
      mriSeries: null,
      slices: [],
    },
  });
});

test('node finds everything by its id, and nothing by an id of nothing', async () => {
  const query = 'query ($id: ID!) { node(id: $id) { __typename id } }';
  for (const [type, key] of [
    ['KneeExam', exam.id],
    ['Radiograph', film.id],
    ['Participant', exam.participantId],
    ['Visit', exam.visitId],
  ] as const) {
    const id = encodeId(type, key);
    expect((await api.ask(query, { id })).data).toEqual({ node: { __typename: type, id } });
  }

  expect((await api.ask(query, { id: encodeId('KneeExam', 999_999) })).data).toEqual({ node: null });
  expect((await api.ask(query, { id: 'nonsense' })).errors![0]!.message).toBe('id is not an id of this API.');
});

test('bundles are listed by name, the newest first, and found by name and version', async () => {
  const { data } = await api.ask(
    '{ bundles(task: XRAY_TO_MRI) { name version state defaultSteps features { feature levels } } bundle(name: "older@1.0.0") { name } missing: bundle(name: "older@3.0.0") { name } }',
  );

  expect(data).toMatchObject({
    bundles: [
      { name: 'newer', version: '2.0.0', state: 'READY', defaultSteps: 20, features: [{ feature: 'XRKL', levels: 5 }] },
      { name: 'older', version: '1.0.0' },
    ],
    bundle: { name: 'older' },
    missing: null,
  });
});

test('real series are given unless generated ones are asked for', async () => {
  const own = await api.make.exam(await api.make.visit(await api.make.participant()));
  const bundle = await api.make.bundle({ name: 'series', version: '1.0.0' });
  const generation = await api.make.generation(own, await api.make.radiograph(own), bundle);
  await api.make.series(own, { sequence: 'real' });
  await api.make.series(own, { sequence: 'generated', generationId: generation.id });

  const { data } = await api.ask(
    `query ($id: ID!) { node(id: $id) { ... on KneeExam {
      default: mriSeries { sequence synthetic } generated: mriSeries(synthetic: true) { sequence } all: mriSeries(synthetic: null) { sequence } } } }`,
    { id: encodeId('KneeExam', own.id) },
  );

  expect(data!['node']).toEqual({
    default: [{ sequence: 'real', synthetic: false }],
    generated: [{ sequence: 'generated' }],
    all: [{ sequence: 'real' }, { sequence: 'generated' }],
  });
});
