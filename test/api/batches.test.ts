import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, type KneeExam } from '../../src/entities/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
/** Three knees, the last one without a film. */
let knees: KneeExam[];
let cohortId: string;

beforeAll(async () => {
  api = await startTestServer();
  await api.make.bundle({ name: 'models', version: '1.0.0' });
  knees = [];
  for (const kl of [2, 3, 4]) {
    const visit = await api.make.visit(await api.make.participant());
    knees.push(await api.make.exam(visit, { grades: { XRKL: kl } }));
    if (kl < 4) await api.make.radiograph(visit, { assetId: (await api.make.asset()).id });
  }
  const { data } = await api.ask<{ createCohort: { cohort: { id: string } } }>(
    'mutation ($ids: [ID!]) { createCohort(input: { name: "Three knees", examIds: $ids }) { cohort { id } } }',
    { ids: knees.map(({ id }) => encodeId('KneeExam', id)) },
    api.tokens.OPERATOR,
  );
  cohortId = data!.createCohort.cohort.id;
});

afterAll(() => api.close());

const BATCH = `id name state message priority seedRule seed steps sliceCount sampler eta noise skipExisting clientKey
  requestedBy filter cohorts { id version name } bundle { name version } featureOverrides { feature grade } fraction
  counters { waiting running succeeded reused failed canceled impossible total } lastSeq generationsPerHour estimatedEnd`;
const SYNTHESIZE = `mutation ($input: SynthesizeCohortInput!) { synthesizeCohort(input: $input) { batch { ${BATCH} } } }`;

interface Made {
  id: string;
  counters: { waiting: number };
}

async function synthesize(input: object, token = api.tokens.OPERATOR) {
  return api.ask<{ synthesizeCohort: { batch: Made } }>(SYNTHESIZE, { input }, token);
}

async function change(name: string, id: string, token = api.tokens.OPERATOR) {
  return api.ask(
    `mutation ($id: ID!) { ${name}(input: { id: $id }) { batch { state counters { waiting canceled } } } }`,
    { id },
    token,
  );
}

test('every argument of synthesizeCohort arrives in the batch', async () => {
  const input = {
    cohortId,
    where: { kl: { gte: 3 } },
    name: 'Overnight',
    bundle: 'models@1.0.0',
    sliceCount: 30,
    steps: 12,
    eta: 0.5,
    sampler: 'DDIM',
    noise: 'PER_SLICE',
    features: [{ feature: 'XRCHL', grade: 1 }],
    seedRule: 'PER_EXAM',
    seed: 42,
    priority: -3,
    skipExisting: false,
    clientKey: 'figure 3',
  };

  const { data, errors } = await synthesize(input);

  expect(errors).toBeUndefined();
  expect(data!.synthesizeCohort.batch).toMatchObject({
    name: 'Overnight',
    state: 'QUEUED',
    message: null,
    priority: -3,
    ...{ seedRule: 'PER_EXAM', seed: 42, steps: 12, sliceCount: 30, sampler: 'DDIM', eta: 0.5, noise: 'PER_SLICE' },
    ...{ skipExisting: false, clientKey: 'figure 3', requestedBy: 'operator', lastSeq: 1, fraction: 0.5 },
    filter: { and: [{ inCohort: { eq: cohortId } }, { kl: { gte: 3 } }] },
    cohorts: [{ id: cohortId, version: 1, name: 'Three knees' }],
    bundle: { name: 'models', version: '1.0.0' },
    featureOverrides: [{ feature: 'XRCHL', grade: 1 }],
    counters: { waiting: 1, running: 0, succeeded: 0, reused: 0, failed: 0, canceled: 0, impossible: 1, total: 2 },
    ...{ generationsPerHour: null, estimatedEnd: null },
  });
});

test('a batch lists its exams, its generations and their places in the line, also in a list of batches', async () => {
  const { data: made } = await synthesize({ cohortId, priority: 10 }, api.tokens.ADMIN);
  const query = `query ($where: BatchFilter) { batches(where: $where) { totalCount nodes { name
    members { totalCount nodes { position state reused reason exam { kl } generation { state } } }
    impossible: members(states: [NOT_POSSIBLE]) { totalCount nodes { position } }
    generations(where: { exam: { kl: { eq: 3 } } }) { totalCount nodes { queuePosition batch { id } exam { kl } } }
  } } }`;

  const { data, errors } = await api.ask(query, { where: { id: { eq: made!.synthesizeCohort.batch.id } } });

  expect(errors).toBeUndefined();
  const waiting = { state: 'WAITING', reused: false, reason: null, generation: { state: 'QUEUED' } };
  expect(data!['batches']).toEqual({
    totalCount: 1,
    nodes: [
      {
        name: 'Three knees',
        members: {
          totalCount: 3,
          nodes: [
            { ...waiting, position: 1, exam: { kl: 2 } },
            { ...waiting, position: 2, exam: { kl: 3 } },
            {
              ...{ position: 3, state: 'NOT_POSSIBLE', reused: false, exam: { kl: 4 }, generation: null },
              reason: 'The exam has no radiograph with pixels; import its images or add one first.',
            },
          ],
        },
        impossible: { totalCount: 1, nodes: [{ position: 3 }] },
        generations: {
          totalCount: 1,
          nodes: [{ queuePosition: 1, batch: { id: made!.synthesizeCohort.batch.id }, exam: { kl: 3 } }],
        },
      },
    ],
  });
});

test('asking twice with one client key gives one batch, also at the same time, and another request is refused', async () => {
  const input = { cohortId, steps: 3, clientKey: 'once' };

  const answers = await Promise.all([synthesize(input), synthesize(input), synthesize({ ...input, name: null })]);
  const others = await synthesize(input, api.tokens.ADMIN);
  const refused = await synthesize({ ...input, steps: 4, where: { kl: { eq: 2 } } });

  expect(new Set(answers.map(({ data }) => data!.synthesizeCohort.batch.id)).size).toBe(1);
  expect(others.data!.synthesizeCohort.batch.id).not.toBe(answers[0]!.data!.synthesizeCohort.batch.id);
  expect(refused.errors![0]).toMatchObject({
    message: 'The clientKey "once" was used for a batch with another filter, steps; use a new key for a new request.',
    extensions: { code: 'CONFLICT' },
  });
});

test.each([
  ['what one leaves open', { steps: 3 }, {}],
  ['a default that one of them names', { priority: 0 }, {}],
  ['the name', { name: 'One' }, { name: 'Another' }],
  ['the filter', { where: { kl: { eq: 2 } } }, { where: { kl: { eq: 3 } } }],
])('two batches with one client key that differ in %s conflict, whichever comes first', async (what, one, other) => {
  const outcomes = [];
  for (const [index, pair] of [
    [one, other],
    [other, one],
  ].entries()) {
    for (const request of pair) {
      const { errors } = await synthesize({ cohortId, clientKey: `${what} ${index}`, ...request });
      outcomes.push(errors?.[0]?.extensions.code ?? 'made');
    }
  }

  expect(outcomes).toEqual(['made', 'CONFLICT', 'made', 'CONFLICT']);
});

test('a waiting batch is paused, resumed, canceled and retried, and each leaves an audit row', async () => {
  const { data } = await synthesize({ cohortId });
  const { id } = data!.synthesizeCohort.batch;

  expect((await change('retryBatch', id)).errors![0]!.extensions.code).toBe('CONFLICT');
  expect((await change('pauseBatch', id)).data).toMatchObject({ pauseBatch: { batch: { state: 'PAUSED' } } });
  expect((await change('pauseBatch', id)).data).toMatchObject({ pauseBatch: { batch: { state: 'PAUSED' } } });
  expect((await change('resumeBatch', id)).data).toMatchObject({ resumeBatch: { batch: { state: 'QUEUED' } } });
  expect((await change('cancelBatch', id)).data).toEqual({
    cancelBatch: { batch: { state: 'CANCELED', counters: { waiting: 0, canceled: 2 } } },
  });
  expect((await change('pauseBatch', id)).errors![0]).toMatchObject({
    message: 'The batch is CANCELED; only a waiting or running one can be paused.',
    extensions: { code: 'CONFLICT' },
  });
  expect((await change('retryBatch', id)).data).toEqual({
    retryBatch: { batch: { state: 'QUEUED', counters: { waiting: 2, canceled: 0 } } },
  });
  const target = Buffer.from(id, 'base64url').toString().slice('Batch:'.length);
  const rows = await api.dataSource.getRepository(AuditEntry).find({ where: { target }, order: { id: 'ASC' } });
  const actions = ['synthesizeCohort', 'pauseBatch', 'pauseBatch', 'resumeBatch', 'cancelBatch', 'retryBatch'];
  expect(rows.map(({ action }) => action)).toEqual(actions);
  await change('cancelBatch', id);
});

test('a batch is found by its node id', async () => {
  const { data: made } = await synthesize({ cohortId });
  const { id } = made!.synthesizeCohort.batch;

  const { data } = await api.ask('query ($id: ID!) { node(id: $id) { ... on Batch { name } } batch(id: $id) { id } }', {
    id,
  });

  expect(data).toEqual({ node: { name: 'Three knees' }, batch: { id } });
});

test('a dynamic cohort is read once: the batch keeps the exams it had then', async () => {
  const { data: cohort } = await api.ask<{ createCohort: { cohort: { id: string } } }>(
    `mutation { createCohort(input: { name: "KL 3", kind: DYNAMIC, filter: { kl: { eq: 3 } } }) { cohort { id } } }`,
    {},
    api.tokens.OPERATOR,
  );
  const { data: made } = await synthesize({ cohortId: cohort!.createCohort.cohort.id });
  const visit = await api.make.visit(await api.make.participant());
  const later = await api.make.exam(visit, { grades: { XRKL: 3 } });

  const { data } = await api.ask(
    `query ($id: ID!) { batch(id: $id) { members { totalCount nodes { exam { id } } } } }`,
    {
      id: made!.synthesizeCohort.batch.id,
    },
  );

  expect(data).toEqual({
    batch: { members: { totalCount: 1, nodes: [{ exam: { id: encodeId('KneeExam', knees[1]!.id) } }] } },
  });
  await api.dataSource.query('DELETE FROM knee_exam WHERE id = $1', [later.id]);
});

test.each([
  [{}, 'BAD_USER_INPUT', 'Give cohortId, where or both; {} as where means every exam.'],
  [{ where: { kl: { eq: 1 } } }, 'BAD_USER_INPUT', 'No knee exam is selected, so there is nothing to make.'],
  [{ where: {}, priority: 11 }, 'BAD_USER_INPUT', 'priority is 11; it must be a whole number from -10 to 10.'],
  [{ where: {}, name: '  ' }, 'BAD_USER_INPUT', 'name must have between 1 and 200 characters.'],
  [{ where: {}, seed: -1 }, 'BAD_USER_INPUT', 'seed is -1; it must be a whole number from 0 to 2147483647.'],
  [{ where: {}, steps: 5000 }, 'BAD_USER_INPUT', 'steps is 5000; it must be a whole number from 1 to 2000.'],
  [{ where: {}, sampler: 'DPMPP_2M', eta: 1 }, 'BAD_USER_INPUT', 'eta is 1; the sampler DPMPP_2M is deterministic'],
  [{ where: {}, bundle: "x'; DROP TABLE batch" }, 'NOT_FOUND', "There is no bundle x'; DROP TABLE batch; ready:"],
  [{ where: {}, name: 'half \ud83e' }, 'BAD_USER_INPUT', 'name must have between 1 and 200 characters.'],
  [{ where: {}, clientKey: 'half \ud83e' }, 'BAD_USER_INPUT', 'clientKey must have between 1 and 200 characters.'],
  [{ where: {}, clientKey: '\0' }, 'BAD_USER_INPUT', 'clientKey must have between 1 and 200 characters.'],
  [{ where: {}, cohortVersion: 1 }, 'BAD_USER_INPUT', 'cohortVersion is a version of the cohort that cohortId names'],
  [{ cohortId: 'Q29ob3J0OjE' }, 'BAD_USER_INPUT', 'must be the id of a Cohort'],
  [{ cohortId: encodeId('Cohort', '00000000-0000-4000-8000-000000000000') }, 'NOT_FOUND', 'there is no such cohort'],
  [{ where: { kl: { eq: 'two' } } }, 'BAD_USER_INPUT', 'Int cannot represent'],
])('%j is refused with %s and leaves nothing', async (input, code, message) => {
  const count = async () => (await api.ask<{ batches: { totalCount: number } }>('{ batches { totalCount } }')).data;
  const before = await count();

  const { errors } = await synthesize(input);

  expect(errors![0]!.message).toContain(message);
  expect(errors![0]!.extensions.code).toBe(code);
  expect(await count()).toEqual(before);
});

test("a stranger's private cohort is not found", async () => {
  const { data } = await api.ask<{ createCohort: { cohort: { id: string } } }>(
    'mutation { createCohort(input: { name: "Mine", filter: {}, visibility: PRIVATE }) { cohort { id } } }',
    {},
    api.tokens.ADMIN,
  );

  const { errors } = await synthesize({ cohortId: data!.createCohort.cohort.id });

  expect(errors![0]!.extensions.code).toBe('NOT_FOUND');
});
