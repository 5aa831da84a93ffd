import { startTestServer, type TestServer } from '../helpers/server.js';
import { StatementLog } from '../helpers/statements.js';

const log = new StatementLog();

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer({ logger: log });
  const exam = await api.make.exam(await api.make.visit(await api.make.participant()), { grades: { XRKL: 3 } });
  await api.make.reading(exam, { project: '15' });
  // Whatever reads the readings fails from now on.
  await api.dataSource.query('ALTER TABLE reading RENAME TO reading_elsewhere');
  // From now on the token is known, and costs no statement.
  await api.ask('{ viewer { name } }');
});

afterAll(() => api.close());

const MASKED = { message: expect.stringMatching(/^Internal server error/), code: 'INTERNAL_SERVER_ERROR' };

test.each([
  ['a page that the database writes', '{ kneeExams { nodes { readings { project } } } }', 1, ['kneeExams', 'nodes']],
  [
    'a page and where it lies',
    '{ kneeExams { nodes { readings { project } } pageInfo { hasNextPage } } }',
    1,
    ['kneeExams', 'nodes'],
  ],
  [
    'a page read as rows',
    '{ kneeExams { edges { cursor node { readings { project } } } } }',
    1,
    ['kneeExams', 'edges'],
  ],
  [
    'a relation of a page',
    '{ participants { nodes { exams { readings { project } } } } }',
    3,
    ['participants', 'nodes', 0, 'exams', 0, 'readings'],
  ],
  [
    'a page beside fields that succeed',
    '{ viewer { name } readers: kneeExams { nodes { readings { project } } } }',
    1,
    ['readers', 'nodes'],
  ],
])('%s: failing costs its statements once', async (_name, query, count, path) => {
  log.clear();

  const { data, errors } = await api.ask(query);

  expect(log.statements).toHaveLength(count);
  expect(data).toBeNull();
  expect(errors!.map(({ message, path: at, extensions: { code } }) => ({ message, code, path: at }))).toEqual([
    { ...MASKED, path },
  ]);
  expect(api.log.filter(({ errorId }) => errorId === errors![0]!.extensions.id)).toHaveLength(1);
});

test('what a page gave stays in the answer when a field beside it fails, and the page is read once', async () => {
  log.clear();

  const { data, errors } = await api.ask('{ kneeExams { nodes { kl } } node(id: "no id") { id } }');

  expect(data).toEqual({ kneeExams: { nodes: [{ kl: 3 }] }, node: null });
  expect(errors).toMatchObject([{ path: ['node'], extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(log.statements).toHaveLength(1);
});

test('a page that succeeds has no place in an answer that an error beside it makes null', async () => {
  log.clear();

  const { data, errors } = await api.ask(
    '{ good: kneeExams { nodes { kl } } bad: kneeExams { nodes { readings { project } } } }',
  );

  expect(data).toBeNull();
  expect(errors).toMatchObject([{ path: ['bad', 'nodes'] }]);
  expect(log.statements).toHaveLength(2);
});

test('the same over a WebSocket gives the same error, path and place in the query', async () => {
  const query = '{ kneeExams { nodes { readings { project } } } }';
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { errors } = (await response.json()) as { errors: { path: unknown; locations: unknown }[] };
  const { value } = await api.socketClient().iterate({ query }).next();

  expect(errors).toMatchObject([{ path: ['kneeExams', 'nodes'], locations: [{ line: 1, column: 15 }] }]);
  expect(value!.errors).toMatchObject([{ path: ['kneeExams', 'nodes'], locations: [{ line: 1, column: 15 }] }]);
});
