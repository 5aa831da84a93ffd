import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  connect,
  type ConnectOptions,
  graphql,
  type Kind,
  type Osteograph,
  OsteographError,
} from '../../clients/typescript/src/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { createToken, revokeToken } from '../../src/services/access/tokens.js';
import { upTo } from '../helpers/events.js';
import { type Line, openLine } from '../helpers/line.js';
import { loggedRun } from '../helpers/logged-run.js';
import { createExam } from '../helpers/platform.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
const opened: { close(): void }[] = [];

beforeAll(async () => {
  api = await startTestServer();
});

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

afterAll(() => api.close());

const NO_SOCKET = /upgrade: websocket/i;
const NO_STREAM = /upgrade: websocket|accept: text\/event-stream/i;

/** What is followed through a line that can be cut, and what a proxy on it lets through. */
async function behind(
  blocked?: RegExp,
  token: ConnectOptions['token'] = api.tokens.READER,
): Promise<{ osteograph: Osteograph; line: Line }> {
  const line = await openLine(Number(new URL(api.url).port));
  line.block(blocked);
  const osteograph = connect({ url: line.url, token });
  opened.push(osteograph, line);
  return { osteograph, line };
}

async function all<Update>(updates: AsyncIterable<Update>): Promise<Update[]> {
  const seen: Update[] = [];
  for await (const update of updates) seen.push(update);
  return seen;
}

test.each([
  ['WebSocket', undefined],
  ['server-sent events, where a proxy blocks WebSocket', NO_SOCKET],
])(
  'by %s, a connection that is cut twice in a burst of events loses none and brings none twice',
  async (_, blocked) => {
    const { osteograph, line } = await behind(blocked);
    const run = await loggedRun(api);
    const seen: number[] = [];
    const connections: string[] = [];
    const following = (async () => {
      const options = { onConnection: (connection: string) => connections.push(connection) };
      for await (const event of osteograph.follow('generation', run.id, options)) {
        if (!('seq' in event)) throw new Error('A row came where events should.');
        seen.push(event.seq);
        if (event.seq === 12 || event.seq === 31) line.cut();
      }
    })();
    for (let step = 1; step <= 48; step++) await run.step(step);
    await run.succeed();
    await following;

    // Queued, running, 48 steps, completed, succeeded.
    expect(seen).toEqual(upTo(52));
    expect(connections.filter((connection) => connection === 'polling')).toEqual([]);
  },
);

test('a cut in the quiet is told, and so is that events come again', async () => {
  const { osteograph, line } = await behind();
  const run = await loggedRun(api);
  const connections: string[] = [];
  const back = Promise.withResolvers<void>();
  const updates = osteograph.follow('generation', run.id, {
    onConnection(connection) {
      connections.push(connection);
      if (connection === 'reconnecting') back.resolve();
    },
  });
  await updates.next();
  await updates.next();
  const third = updates.next();
  // Nothing goes through for a while.
  line.block(/./);
  line.cut();
  await back.promise;
  line.block(undefined);
  await run.succeed();

  expect((await third).value).toMatchObject({ seq: 3, __typename: 'GenerationCompleted' });
  expect(await all(updates)).toMatchObject([{ seq: 4, state: 'SUCCEEDED' }]);
  expect(connections).toEqual(['live', 'reconnecting', 'live']);
});

test.each([
  ['WebSocket', undefined],
  ['server-sent events', NO_SOCKET],
])('what is followed by %s goes on over the end of a token where another has taken its place', async (_, blocked) => {
  const made = await createToken(api.dataSource, { name: 'ends', role: 'READER' });
  let token = made.text;
  const line = await openLine(Number(new URL(api.url).port));
  line.block(blocked);
  const osteograph = connect({ url: line.url, token: () => token });
  opened.push(osteograph, line);
  const run = await loggedRun(api);
  const back = Promise.withResolvers<void>();
  const updates = osteograph.follow('generation', run.id, {
    onConnection: (connection) => connection === 'reconnecting' && back.resolve(),
  });
  await updates.next();
  await updates.next();
  const third = updates.next();
  token = api.tokens.READER;
  await revokeToken(api.dataSource, made.token.id);
  await back.promise;
  await run.succeed();

  expect((await third).value).toMatchObject({ seq: 3 });
  expect(await all(updates)).toMatchObject([{ seq: 4, state: 'SUCCEEDED' }]);
});

describe.each([
  ['WebSocket', undefined],
  ['server-sent events', NO_SOCKET],
  ['asking for the row', NO_STREAM],
])('what is followed by %s', (_, blocked) => {
  test('goes on when no token could be told for a moment', async () => {
    let asked = 0;
    const { osteograph } = await behind(blocked, () => {
      if (++asked <= 3) throw new TypeError('Failed to fetch');
      return api.tokens.READER;
    });
    const run = await loggedRun(api);
    await run.succeed();

    expect((await all(osteograph.follow('generation', run.id))).at(-1)).toMatchObject({ state: 'SUCCEEDED' });
    expect(asked).toBeGreaterThan(3);
  });

  test('ends when somebody has to sign in again', async () => {
    const { osteograph } = await behind(blocked, () =>
      Promise.reject(new OsteographError('UNAUTHENTICATED', 'Your sign-in has ended; sign in again.')),
    );
    const run = await loggedRun(api);

    await expect(all(osteograph.follow('generation', run.id))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'Your sign-in has ended; sign in again.',
    });
  });
});

test('where neither WebSocket nor event streams get through, the row comes instead, whenever it has news, to the end', async () => {
  const { osteograph } = await behind(NO_STREAM);
  const run = await loggedRun(api);
  await run.slice(0);
  const connections: string[] = [];
  const updates = osteograph.follow('generation', run.id, {
    onConnection: (connection) => connections.push(connection),
  });
  const first = await updates.next();
  await run.slice(1);
  const second = await updates.next();
  await run.succeed();

  expect(first.value).toMatchObject({ __typename: 'Generation', state: 'RUNNING', lastSeq: 3 });
  expect(second.value).toMatchObject({ __typename: 'Generation', state: 'RUNNING', lastSeq: 4 });
  expect(await all(updates)).toMatchObject([{ __typename: 'Generation', state: 'SUCCEEDED', lastSeq: 6 }]);
  expect(connections).toEqual(['reconnecting', 'polling']);
});

test('two that are followed at once where a proxy blocks WebSocket both go on by server-sent events', async () => {
  const { osteograph } = await behind(NO_SOCKET);
  const runs = [await loggedRun(api), await loggedRun(api)];
  for (const run of runs) await run.succeed();

  const logs = await Promise.all(runs.map(({ id }) => all(osteograph.follow('generation', id))));

  expect(logs.map((log) => log.map((update) => 'seq' in update && update.seq))).toEqual([upTo(4), upTo(4)]);
});

test('what was seen before is not asked for again', async () => {
  const { osteograph } = await behind();
  const run = await loggedRun(api);
  await run.step(1);
  await run.succeed();

  expect(await all(osteograph.follow('generation', run.id, { after: 4 }))).toMatchObject([{ seq: 5 }]);
});

test('other fields of the events are had by a document of one’s own', async () => {
  const { osteograph } = await behind();
  const run = await loggedRun(api);
  await run.succeed();
  const document = graphql(`
    subscription Own($id: ID!, $after: Int!) {
      generationProgress(id: $id, after: $after) {
        seq
        ... on GenerationCompleted {
          denoiserEvaluations
        }
      }
    }
  `);

  const events = await all(osteograph.follow('generation', run.id, { document, after: 2 }));

  expect(events).toEqual([{ seq: 3, denoiserEvaluations: 40 }, { seq: 4 }]);
});

describe.each([
  ['WebSocket', undefined],
  ['server-sent events', NO_SOCKET],
  ['polling', NO_STREAM],
])('by %s', (way, blocked) => {
  test.each<[Kind, string]>([
    ['generation', 'Generation'],
    ['batch', 'Batch'],
    ['evaluation', 'Evaluation'],
    ['export', 'Export'],
  ])('an unknown %s is an error at once', async (kind, type) => {
    const { osteograph } = await behind(blocked);
    const id = encodeId(type as 'Generation', 'd0a3c090-252d-4719-93af-1c675756712b');

    await expect(all(osteograph.follow(kind, id))).rejects.toMatchObject({
      name: 'OsteographError',
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^(There is no|No) .*\.$/),
    });
  });

  test('a wrong token is an error at once', async () => {
    const { osteograph } = await behind(blocked, 'osteo_wrong');
    const run = await loggedRun(api);

    await expect(all(osteograph.follow('generation', run.id))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a token that is revoked meanwhile ends it', async () => {
    const { token, text } = await createToken(api.dataSource, { name: `leaving ${way}`, role: 'READER' });
    const { osteograph } = await behind(blocked, text);
    const run = await loggedRun(api);
    const updates = osteograph.follow('generation', run.id);
    await updates.next();

    await revokeToken(api.dataSource, token.id);

    await expect(all(updates)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a signal ends it without an error', async () => {
    const { osteograph } = await behind(blocked);
    const run = await loggedRun(api);
    const leaving = new AbortController();
    const updates = osteograph.follow('generation', run.id, { signal: leaving.signal });
    await updates.next();
    const rest = all(updates);

    leaving.abort();

    expect((await rest).length).toBeLessThan(2);
  });
});

test('a batch is followed to its end', async () => {
  const { osteograph } = await behind(undefined, api.tokens.OPERATOR);
  const visit = await api.make.visit(await api.make.participant());
  const exam = await api.make.exam(visit);
  await api.make.radiograph(visit, { assetId: (await api.make.asset()).id });
  const bundle = await api.make.bundle();
  const { synthesizeCohort } = await osteograph.ask(
    graphql(`
      mutation Synthesize($input: SynthesizeCohortInput!) {
        synthesizeCohort(input: $input) {
          batch {
            id
          }
        }
      }
    `),
    { input: { where: { id: { eq: encodeId('KneeExam', exam.id) } }, bundle: bundle.name } },
  );
  const { id } = synthesizeCohort.batch;
  const updates = osteograph.follow('batch', id);
  const first = await updates.next();
  await osteograph.ask(
    graphql(`
      mutation CancelBatch($id: ID!) {
        cancelBatch(input: { id: $id }) {
          batch {
            id
          }
        }
      }
    `),
    { id },
  );
  const rest = await all(updates);

  expect(first.value).toMatchObject({ __typename: 'BatchStateChanged', seq: 1, counters: { total: 1, waiting: 1 } });
  expect(rest.map((update) => 'seq' in update && update.seq)).toEqual(upTo(rest.length + 1).slice(1));
  expect(rest.at(-1)).toMatchObject({ state: 'CANCELED', counters: { canceled: 1, waiting: 0 } });
});

test('an evaluation is followed to its end', async () => {
  const { osteograph } = await behind(undefined, api.tokens.OPERATOR);
  await createExam(api, { mri: true });
  const bundle = await api.make.bundle();
  const { evaluateBundles } = await osteograph.ask(
    graphql(`
      mutation Evaluate($input: EvaluateBundlesInput!) {
        evaluateBundles(input: $input) {
          evaluation {
            id
          }
        }
      }
    `),
    { input: { bundles: [bundle.name] } },
  );
  const { id } = evaluateBundles.evaluation;
  const updates = osteograph.follow('evaluation', id);
  const first = await updates.next();
  await osteograph.ask(
    graphql(`
      mutation CancelEvaluation($id: ID!) {
        cancelEvaluation(input: { id: $id }) {
          evaluation {
            id
          }
        }
      }
    `),
    { id },
  );
  const rest = await all(updates);

  expect(first.value).toMatchObject({ __typename: 'EvaluationStateChanged', seq: 1, state: 'QUEUED' });
  expect(rest.map((update) => 'seq' in update && update.seq)).toEqual(upTo(rest.length + 1).slice(1));
  expect(rest.at(-1)).toMatchObject({ __typename: 'EvaluationStateChanged', state: 'CANCELED' });
});

test('an export is followed to its file, which is fetched with the token', async () => {
  const { osteograph } = await behind();
  await api.make.exam(await api.make.visit(await api.make.participant({ oaiId: '9123456' })));
  const { exportCohort } = await osteograph.ask(
    graphql(`
      mutation Export {
        exportCohort(input: { format: NDJSON, columns: ["xrkl"] }) {
          export {
            id
          }
        }
      }
    `),
  );

  const rows = await all(osteograph.follow('export', exportCohort.export.id));

  const last = rows.at(-1)!;
  expect(last).toMatchObject({ __typename: 'Export', state: 'SUCCEEDED', fraction: 1 });
  expect(await (await osteograph.fetch(last.file!.url)).text()).toContain('"oai_id":"9123456"');
});

test('a question that the server refuses is an error with its code and its sentence', async () => {
  const { osteograph } = await behind();
  const cancel = graphql(`
    mutation Cancel($id: ID!) {
      cancelGeneration(input: { id: $id }) {
        generation {
          id
        }
      }
    }
  `);

  await expect(osteograph.ask(cancel, { id: encodeId('Generation', 'x') })).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringMatching(/\.$/),
  });
  await expect(osteograph.fetch('/exports?format=PAPER')).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    status: 400,
  });
});

test('no server is an error of its own', async () => {
  const { osteograph, line } = await behind(/./);
  line.cut();

  await expect(osteograph.fetch('/health/live')).rejects.toMatchObject({ code: 'NETWORK', status: undefined });
});

test('a proxy that answers each way with a page of its own ends the following', async () => {
  const proxy = createServer((_request, response) => response.writeHead(404).end('<h1>Not found</h1>'));
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const osteograph = connect({ url: `http://127.0.0.1:${port}`, token: 'osteo_any' });
  opened.push(osteograph);

  await expect(all(osteograph.follow('generation', encodeId('Generation', 'x')))).rejects.toMatchObject({
    ...{ code: 'NETWORK', status: 404, message: 'The server answered with 404.' },
  });
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});

test('a proxy that asks for patience is asked again', async () => {
  let patience = 5;
  const proxy = createServer((_request, response) =>
    response.writeHead(patience-- > 0 ? 429 : 404).end('<h1>Not now</h1>'),
  );
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const osteograph = connect({ url: `http://127.0.0.1:${port}`, token: 'osteo_any' });
  opened.push(osteograph);

  await expect(all(osteograph.follow('generation', encodeId('Generation', 'x')))).rejects.toMatchObject({
    status: 404,
  });
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});
