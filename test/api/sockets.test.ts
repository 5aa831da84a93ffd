import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

const init = () => ({ type: 'connection_init', payload: { authorization: `Bearer ${api.tokens.READER}` } });
const QUERY = { type: 'subscribe', payload: { query: '{ viewer { role } }' } };

test.each([
  ['something that is no message', () => ['nonsense'], 4400],
  ['a message of an unknown type', () => [init(), { type: 'shout' }], 4400],
  ['an operation before the connection is acknowledged', () => [{ ...QUERY, id: '1' }], 4401],
  ['a wrong token', () => [{ type: 'connection_init', payload: { authorization: 'Bearer osteo_wrong' } }], 4403],
  ['no token', () => [{ type: 'connection_init' }], 4403],
  ['a second connection_init', () => [init(), init()], 4429],
])('%s closes the socket as the protocol says', async (_name, messages, code) => {
  const socket = open();
  await once(socket, 'open');
  for (const message of messages()) socket.send(typeof message === 'string' ? message : JSON.stringify(message));

  expect((await closeOf(socket)).code).toBe(code);
});

test('a wrong token is told why', async () => {
  const socket = open();
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer osteo_wrong' } }));

  expect(await closeOf(socket)).toEqual({
    code: 4403,
    reason: 'The token is unknown, has expired or was revoked; ask an administrator for one.',
  });
});

test('a socket without the subprotocol is closed with 4406', async () => {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`);

  expect((await closeOf(socket)).code).toBe(4406);
});

test('who does not say who they are within three seconds is closed with 4408', async () => {
  const socket = open();

  expect((await closeOf(socket)).code).toBe(4408);
});

test('an id that is in use closes the socket with 4409', async () => {
  const exam = await api.make.exam(await api.make.visit(await api.make.participant()));
  const generation = await api.make.generation(exam, await api.make.radiograph(exam), await api.make.bundle());
  const id = Buffer.from(`Generation:${generation.id}`).toString('base64url');
  const subscribe = {
    id: '1',
    type: 'subscribe',
    payload: { query: `subscription { generationProgress(id: "${id}") { seq } }` },
  };
  const socket = open();
  const next = reader(socket);
  await once(socket, 'open');
  socket.send(JSON.stringify(init()));
  expect(await next()).toEqual({ type: 'connection_ack' });
  for (const message of [subscribe, subscribe]) socket.send(JSON.stringify(message));

  expect((await closeOf(socket)).code).toBe(4409);
});

test('a message larger than the limit closes the socket, and only that one', async () => {
  const [large, other] = [open(), open()];
  await Promise.all([once(large, 'open'), once(other, 'open')]);
  large.send(JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(1_100_000) } }));

  expect((await closeOf(large)).code).toBe(1009);
  const next = reader(other);
  other.send(JSON.stringify(init()));
  expect(await next()).toMatchObject({ type: 'connection_ack' });
  other.close();
});

test('a ping is answered, before and after the acknowledgement', async () => {
  const socket = open();
  const next = reader(socket);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'ping' }));
  expect(await next()).toEqual({ type: 'pong' });
  socket.send(JSON.stringify(init()));
  expect(await next()).toEqual({ type: 'connection_ack' });
  socket.send(JSON.stringify({ ...QUERY, id: 'q' }));
  expect(await next()).toEqual({ id: 'q', type: 'next', payload: { data: { viewer: { role: 'READER' } } } });
  expect(await next()).toEqual({ id: 'q', type: 'complete' });
  socket.close();
});

test('a token that is revoked starts nothing more on an open socket', async () => {
  const made = await api.ask<{ createToken: { secret: string; token: { id: string } } }>(
    'mutation { createToken(input: { name: "socket", role: READER }) { secret token { id } } }',
  );
  const { secret, token } = made.data!.createToken;
  const socket = open();
  const next = reader(socket);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${secret}` } }));
  expect(await next()).toEqual({ type: 'connection_ack' });

  await api.ask('mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { id } } }', { id: token.id });
  socket.send(JSON.stringify({ ...QUERY, id: '1' }));

  expect(await next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  socket.close();
});

test('closing the server closes its sockets with 1001 and frees the port', async () => {
  const other = await startTestServer();
  const socket = new WebSocket(`${other.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');

  const closed = closeOf(socket);
  await other.close();

  expect((await closed).code).toBe(1001);
  await expect(fetch(`${other.url}/health/live`)).rejects.toMatchObject({ message: 'fetch failed' });
});

function open(protocol = 'graphql-transport-ws'): WebSocket {
  return new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, protocol);
}

async function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

/** Gives the messages of a socket one after the other, however they arrive. */
function reader(socket: WebSocket): () => Promise<unknown> {
  const waiting: ((message: unknown) => void)[] = [];
  const arrived: unknown[] = [];
  socket.on('message', (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString());
    const take = waiting.shift();
    if (take) take(message);
    else arrived.push(message);
  });
  return () =>
    arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve));
}
