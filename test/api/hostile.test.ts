import { encodeId } from '../../src/domain/global-ids.js';
import { GenerationEvent, Generation } from '../../src/entities/index.js';
import { LIMITS } from '../../src/schema/limits.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let examId: string;

beforeAll(async () => {
  api = await startTestServer();
  const exam = await api.make.exam(await api.make.visit(await api.make.participant()));
  await api.make.radiograph(exam, { assetId: (await api.make.asset()).id });
  await api.make.bundle();
  examId = encodeId('KneeExam', exam.id);
});

afterAll(() => api.close());

const FRAGMENT_BOMB = [
  '{ kneeExams { nodes { ...f0 } } }',
  ...Array.from(
    { length: 60 },
    (_, index) =>
      `fragment f${index} on KneeExam { ${index < 59 ? `...f${index + 1} ... on KneeExam { ...f${index + 1} }` : 'kl'} }`,
  ),
].join('\n');

/** What is asked, with which variables, and the one sentence that refuses it. */
const REFUSED: [string, string, object, string | RegExp, string][] = [
  [
    'ten levels deep',
    '{ kneeExams { nodes { visit { exams { visit { exams { visit { exams { visit { code } } } } } } } } } }',
    {},
    'The operation nests 10 fields deep; the limit is 9.',
    'LIMIT_EXCEEDED',
  ],
  [
    'ten levels deep by way of a fragment',
    `{ kneeExams { nodes { visit { ...deep } } } }
     fragment deep on Visit { exams { visit { exams { ... on KneeExam { visit { exams { visit { code } } } } } } } }`,
    {},
    'The operation nests 10 fields deep; the limit is 9.',
    'LIMIT_EXCEEDED',
  ],
  [
    'with a hundred aliases',
    `{ ${Array.from({ length: 100 }, (_, index) => `a${index}: kneeExams { totalCount }`).join(' ')} }`,
    {},
    'The document has 100 aliases; the limit is 30.',
    'LIMIT_EXCEEDED',
  ],
  [
    'for a hundred thousand rows by variable',
    'query ($first: Int!) { kneeExams(first: $first) { nodes { kl } } }',
    { first: 100_000 },
    'first must be between 1 and 200, got 100000.',
    'BAD_USER_INPUT',
  ],
  [
    'for pages of pages by variable',
    'query ($n: Int!) { kneeExams(first: $n) { nodes { generations(first: $n) { nodes { features { grade } } } } } }',
    { n: 200 },
    /^The operation costs \d+; the limit is 50000\. Ask for fewer rows or fields at a time\.$/,
    'LIMIT_EXCEEDED',
  ],
  [
    'with more words than a document may have',
    `{ kneeExams { nodes { ${'kl '.repeat(LIMITS.tokens)} } } }`,
    {},
    /Document contains more that 3000 tokens/,
    'GRAPHQL_PARSE_FAILED',
  ],
  [
    'with fragments that double at each step',
    FRAGMENT_BOMB,
    {},
    'The operation spreads fragments into more fields than the server looks at.',
    'LIMIT_EXCEEDED',
  ],
  [
    'with a fragment that spreads itself',
    '{ kneeExams { nodes { ...a } } } fragment a on KneeExam { kl ...a }',
    {},
    'Cannot spread fragment "a" within itself.',
    'GRAPHQL_VALIDATION_FAILED',
  ],
];

test.each(REFUSED)('over HTTP a query %s gets one clear sentence', async (_name, query, variables, message, code) => {
  const { errors } = await api.ask(query, variables);

  expect(errors).toHaveLength(1);
  expect(errors![0]!.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  expect(errors![0]!.extensions.code).toBe(code);
});

test.each(REFUSED)('over WebSocket a query %s gets the same sentence', async (_name, query, variables, message) => {
  const answered = Promise.withResolvers<readonly { message: string }[]>();
  api.socketClient().subscribe(
    { query, variables: variables as Record<string, unknown> },
    {
      next: ({ errors }) => answered.resolve(errors ?? []),
      error: (errors) => answered.resolve(Array.isArray(errors) ? errors : [errors as Error]),
      complete: () => answered.resolve([]),
    },
  );

  const errors = await answered.promise;
  expect(errors).toHaveLength(1);
  expect(errors[0]!.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

test('a page as a frontend asks for it passes', async () => {
  const { errors } = await api.ask(`{ kneeExams(first: 200) { totalCount edges { cursor node {
    kl participant { oaiId sex } visit { code age } grades { feature grade missing } readings { project grades { feature grade } }
    radiograph { image { url } } mriSeries { volume { url } } } } pageInfo { endCursor } } }`);

  expect(errors).toBeUndefined();
});

test.each([
  ['text for a number', 'query ($v: Int) { kneeExams(where: { kl: { eq: $v } }) { totalCount } }', { v: 'two' }],
  [
    'no time for a time',
    'query ($v: DateTime) { generations(where: { createdAt: { gt: $v } }) { totalCount } }',
    { v: 'soon' },
  ],
  [
    'a word that is no grade',
    'query ($v: [KneeExamOrder!]) { kneeExams(orderBy: $v) { totalCount } }',
    { v: [{ field: 'DROP' }] },
  ],
  [
    'an unknown operator',
    'query ($v: KneeExamFilter) { kneeExams(where: $v) { totalCount } }',
    { v: { kl: { like: 2 } } },
  ],
  [
    'a number beyond 32 bits',
    'query ($v: Int) { kneeExams(where: { age: { eq: $v } }) { totalCount } }',
    { v: 2 ** 40 },
  ],
])('%s in a variable is a fault of the caller', async (_name, query, variables) => {
  const { status, errors } = await api.ask(query, variables);

  expect(status).toBe(400);
  expect(errors).toMatchObject([
    { message: expect.stringContaining('Variable "$v"'), extensions: { code: 'BAD_USER_INPUT' } },
  ]);
});

test('a request larger than the limit is refused in JSON', async () => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ __typename } # ${'x'.repeat(LIMITS.bytes)}` }),
  });

  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({
    errors: [{ message: 'The request is larger than 1000000 bytes.', extensions: { code: 'PAYLOAD_TOO_LARGE' } }],
  });
});

const GENERATE =
  'mutation ($input: GenerateMriInput!) { generateMri(input: $input) { generation { id state sliceCount } } }';

test.each([
  ['sliceCount 0', { sliceCount: 0 }, /sliceCount/],
  ['sliceCount 100000', { sliceCount: 100_000 }, /sliceCount/],
  ['no steps', { steps: 0 }, /steps/],
  ['a negative seed', { seed: -1 }, /seed/],
  ['eta beyond 1', { eta: 2 }, /eta/],
  ['a grade beyond its feature', { features: [{ feature: 'XRCHL', grade: 7 }] }, /XRCHL/],
  ['an unknown bundle', { bundle: 'nothing@9.9.9' }, /nothing@9\.9\.9/],
])('generateMri with %s is refused in one sentence and writes nothing', async (_name, wrong, message) => {
  const { errors } = await api.ask(GENERATE, { input: { examId, ...wrong } });

  expect(errors).toHaveLength(1);
  expect(errors![0]!.message).toMatch(message);
  expect(errors![0]!.message).toMatch(/^[^\n]+\.$/);
  expect(['BAD_USER_INPUT', 'NOT_FOUND']).toContain(errors![0]!.extensions.code);
  expect(await api.dataSource.getRepository(Generation).count()).toBe(0);
  expect(await api.dataSource.getRepository(GenerationEvent).count()).toBe(0);
});

test('an error of ours is masked behind an id, under which the log has it whole', async () => {
  await api.dataSource.query('ALTER TABLE bundle RENAME TO bundle_away');
  try {
    const { errors } = await api.ask('{ bundles { name } }');

    expect(errors![0]!.message).toBe(`Internal server error (${errors![0]!.extensions.id}).`);
    expect(errors![0]!.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(errors)).not.toContain('relation');
    const logged = api.log.find((line) => line['errorId'] === errors![0]!.extensions.id);
    expect(JSON.stringify(logged)).toContain('relation \\"bundle\\" does not exist');
  } finally {
    await api.dataSource.query('ALTER TABLE bundle_away RENAME TO bundle');
  }
});

test('an unknown path is answered in JSON', async () => {
  const response = await fetch(`${api.url}/wp-admin`);

  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    errors: [{ message: 'There is nothing at /wp-admin; the API is at /graphql.', extensions: { code: 'NOT_FOUND' } }],
  });
});
