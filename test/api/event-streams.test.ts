import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { type Client, createClient, NetworkError } from 'graphql-sse';
import { encodeId } from '../../src/domain/global-ids.js';
import { createToken, revokeToken } from '../../src/services/access/tokens.js';
import { loggedRun } from '../helpers/logged-run.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
const clients: Client[] = [];

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(async () => {
  for (const client of clients) client.dispose();
  await api.close();
});

const PROGRESS =
  'subscription ($id: ID!, $after: Int) { generationProgress(id: $id, after: $after) { seq __typename } }';

interface Event {
  seq: number;
  __typename: string;
}

/** graphql-sse in its distinct connections mode, as a frontend has it. */
function streamClient(token = api.tokens.READER): Client {
  const client = createClient({
    url: `${api.url}/graphql`,
    headers: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  clients.push(client);
  return client;
}

async function all(client: Client, query: string, variables: Record<string, unknown>): Promise<unknown[]> {
  const answers: unknown[] = [];
  for await (const answer of client.iterate({ query, variables })) answers.push(answer);
  return answers;
}

/** A request as it goes over the wire. */
function stream(
  variables: object,
  {
    headers = {},
    query = PROGRESS,
    token = api.tokens.READER,
  }: { headers?: object; query?: string; token?: string } = {},
): Promise<Response> {
  return fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
}

test('a generation is followed over server-sent events from its first event to its last', async () => {
  const run = await loggedRun(api);
  const iterator = streamClient().iterate<{ generationProgress: Event }>({
    query: PROGRESS,
    variables: { id: run.id },
  });
  const seen: (Event | undefined)[] = [];
  const read = async () => seen.push((await iterator.next()).value?.data?.generationProgress);
  await read();
  await read();
  await run.step(1);
  await read();
  await run.succeed();
  await read();
  await read();

  expect(seen.map((event) => [event?.seq, event?.__typename])).toEqual([
    [1, 'GenerationStateChanged'],
    [2, 'GenerationStateChanged'],
    [3, 'GenerationStepProgress'],
    [4, 'GenerationCompleted'],
    [5, 'GenerationStateChanged'],
  ]);
  expect((await iterator.next()).done).toBe(true);
});

test('an event has its seq as its id, and Last-Event-ID goes on after it', async () => {
  const run = await loggedRun(api);
  await run.step(1);
  await run.succeed();

  const response = await stream({ id: run.id, after: 0 }, { headers: { 'last-event-id': '4' } });

  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  expect(await response.text()).toBe(
    'id: 5\nevent: next\ndata: {"data":{"generationProgress":{"seq":5,"__typename":"GenerationStateChanged"}}}\n\n' +
      'event: complete\ndata:\n\n',
  );
});

test('GET takes the same as parameters of the address', async () => {
  const run = await loggedRun(api);
  await run.succeed();
  const parameters = new URLSearchParams({ query: PROGRESS, variables: JSON.stringify({ id: run.id, after: 3 }) });

  const response = await fetch(`${api.url}/graphql?${parameters.toString()}`, {
    headers: { authorization: `Bearer ${api.tokens.READER}`, accept: 'text/event-stream' },
  });

  expect(await response.text()).toMatch(/^id: 4\nevent: next\n.*\n\nevent: complete\ndata:\n\n$/);
});

test('a query is answered over server-sent events, a mutation is not', async () => {
  expect(await all(streamClient(), '{ viewer { role } }', {})).toEqual([{ data: { viewer: { role: 'READER' } } }]);

  const refused = await stream(
    {},
    { query: 'mutation { cancelGeneration(input: { id: "x" }) { generation { id } } }' },
  );
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({
    errors: [
      {
        message: 'Mutations go over HTTP as JSON; this connection takes queries and subscriptions.',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ],
  });
});

test.each([
  ['a field that there is not', { query: 'subscription { nothing }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['a document that cannot be read', { query: 'subscription {' }, 400, 'GRAPHQL_PARSE_FAILED'],
  ['no query', { query: null }, 400, 'BAD_USER_INPUT'],
  ['a wrong token', { token: 'osteo_wrong' }, 401, 'UNAUTHENTICATED'],
  ['a Last-Event-ID that is no number', { headers: { 'last-event-id': 'x' } }, 400, 'BAD_USER_INPUT'],
])('%s is refused as JSON before the stream begins', async (_name, choice, status, code) => {
  const response = await stream(
    { id: encodeId('Generation', 'd0a3c090-252d-4719-93af-1c675756712b') },
    choice as object,
  );

  expect(response.status).toBe(status);
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(errors[0]!.extensions.code).toBe(code);
});

/** What a page with Apollo Client and its plain HttpLink is told of a subscription until it ends: answers and errors. */
function byApollo(
  variables: object,
  token = api.tokens.READER,
  hear: (answer: unknown) => void = () => undefined,
): Promise<unknown[]> {
  const client = new ApolloClient({
    link: new HttpLink({ uri: `${api.url}/graphql`, headers: { authorization: `Bearer ${token}` } }),
    cache: new InMemoryCache(),
  });
  const told: unknown[] = [];
  return new Promise((resolve, reject) =>
    client.subscribe({ query: gql(PROGRESS), variables }).subscribe({
      next({ data, error }) {
        told.push(data ?? error);
        hear(told.at(-1));
      },
      error: reject,
      complete: () => resolve(told),
    }),
  );
}

test("Apollo Client's own link follows a generation as a multipart stream, from its first event to its last", async () => {
  const run = await loggedRun(api);
  const followed = byApollo({ id: run.id, after: 0 });
  await run.step(1);
  await run.succeed();

  expect(await followed).toEqual([
    { generationProgress: { seq: 1, __typename: 'GenerationStateChanged' } },
    { generationProgress: { seq: 2, __typename: 'GenerationStateChanged' } },
    { generationProgress: { seq: 3, __typename: 'GenerationStepProgress' } },
    { generationProgress: { seq: 4, __typename: 'GenerationCompleted' } },
    { generationProgress: { seq: 5, __typename: 'GenerationStateChanged' } },
  ]);
});

test('Apollo Client is told of a wrong id and a wrong token', async () => {
  const id = encodeId('Generation', 'd0a3c090-252d-4719-93af-1c675756712b');

  expect(await byApollo({ id })).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
  expect(await byApollo({ id }, 'osteo_wrong')).toMatchObject([{ statusCode: 401 }]);
});

test('a multipart stream that is cut lacks its last boundary, and Apollo Client calls that an error', async () => {
  const { token, text } = await createToken(api.dataSource, { name: 'leaving Apollo', role: 'READER' });
  const run = await loggedRun(api);

  const told = await byApollo({ id: run.id, after: 0 }, text, () => void revokeToken(api.dataSource, token.id));

  expect(told.at(-1)).toMatchObject({ message: 'premature end of multipart body' });
});

test('each part of a multipart stream comes with the boundary that ends it', async () => {
  const run = await loggedRun(api);
  await run.succeed();

  const response = await stream(
    { id: run.id, after: 3 },
    { headers: { accept: 'multipart/mixed;boundary=graphql;subscriptionSpec="1.0",application/json' } },
  );

  expect(response.headers.get('content-type')).toBe('multipart/mixed; boundary="graphql"; subscriptionSpec=1.0');
  expect(await response.text()).toBe(
    '\r\n--graphql\r\nContent-Type: application/json\r\n\r\n' +
      '{"payload":{"data":{"generationProgress":{"seq":4,"__typename":"GenerationStateChanged"}}}}\r\n--graphql--\r\n',
  );
});

test('who accepts any multipart answer, as urql does, is answered with JSON', async () => {
  const response = await stream(
    {},
    {
      headers: { accept: 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed' },
      query: '{ viewer { role } }',
    },
  );

  expect(await response.json()).toEqual({ data: { viewer: { role: 'READER' } } });
});

test('an unknown generation is an error in the stream, which then ends', async () => {
  const id = encodeId('Generation', 'd0a3c090-252d-4719-93af-1c675756712b');

  const answers = await all(streamClient(), PROGRESS, { id });

  expect(answers).toMatchObject([{ errors: [{ extensions: { code: 'NOT_FOUND' } }] }]);
});

test('a stream ends in the middle when its token is revoked', async () => {
  const { token, text } = await createToken(api.dataSource, { name: 'leaving', role: 'READER' });
  const run = await loggedRun(api);
  const response = await stream({ id: run.id }, { token: text });
  const reader = response.body!.getReader();
  await reader.read();

  await revokeToken(api.dataSource, token.id);
  let rest = '';
  for (let step = await reader.read(); !step.done; step = await reader.read()) rest += String(Buffer.from(step.value));

  expect(rest).not.toContain('complete');
});

test('a subscription that is posted without asking for a stream is told where it belongs', async () => {
  const { status, errors } = await api.ask(PROGRESS, { id: 'x' });

  expect(status).toBe(400);
  expect(errors).toMatchObject([
    {
      message:
        'A subscription needs a connection that stays open: WebSocket (graphql-transport-ws), or a request with "Accept: text/event-stream" or "Accept: multipart/mixed;subscriptionSpec=1.0".',
      extensions: { code: 'BAD_USER_INPUT' },
    },
  ]);
});

test('what a client gives up is given back: a token may have as many streams again', async () => {
  const run = await loggedRun(api);
  for (let round = 0; round < 30; round++) {
    const response = await stream({ id: run.id }, { token: api.tokens.OPERATOR });
    expect(response.status).toBe(200);
    await response.body!.cancel();
  }
  await expect(all(streamClient('osteo_wrong'), PROGRESS, { id: run.id })).rejects.toBeInstanceOf(NetworkError);
});
