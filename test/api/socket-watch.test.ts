import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { encodeId } from '../../src/domain/global-ids.js';
import { NOT_READ, watchSockets } from '../../src/server/socket-watch.js';
import { revokeToken } from '../../src/services/access/tokens.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

test('an open subscription ends with 4403 when its token is revoked, and only that one', async () => {
  const exam = await api.make.exam(await api.make.visit(await api.make.participant()));
  const generation = await api.make.generation(exam, await api.make.radiograph(exam), await api.make.bundle());
  const query = `subscription { generationProgress(id: "${encodeId('Generation', generation.id)}") { seq } }`;
  const [revoked, other] = [await subscribe(api.tokens.READER, query), await subscribe(api.tokens.OPERATOR, query)];
  const { id } = (await api.dataSource.query(`SELECT id FROM api_token WHERE name = 'reader'`))[0] as { id: number };

  const closed = once(revoked, 'close');
  await revokeToken(api.dataSource, id);
  const [code, reason] = (await closed) as [number, Buffer];

  expect([code, String(reason)]).toEqual([
    4403,
    'The token is unknown, has expired or was revoked; ask an administrator for one.',
  ]);
  expect(other.readyState).toBe(WebSocket.OPEN);
  other.close();
});

test('a socket that is not read is closed with a reason, one that is read is not', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const watch = watchSockets({
    tokens: { verify: () => Promise.reject(new Error('the database is away')) },
    logger: pino({ level: 'silent' }),
    lookMs: 20,
    pingMs: 50,
    patienceMs: 300,
  });
  server.on('connection', (socket) => {
    watch.add(socket);
    // A token that cannot be looked up is no reason to end anything.
    watch.identify(socket, 'Bearer some');
  });
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [idle, reading] = [new WebSocket(url), new WebSocket(url)];
  await Promise.all([once(idle, 'open'), once(reading, 'open')]);
  let pings = 0;
  reading.on('ping', () => pings++);

  idle.pause();
  await closing(server);
  idle.resume();
  const [code, reason] = (await once(idle, 'close')) as [number, Buffer];

  expect(code).toBe(NOT_READ);
  expect(String(reason)).toBe('This socket was not read for too long; connect again and resume after the last seq.');
  expect(reading.readyState).toBe(WebSocket.OPEN);
  expect(pings).toBeGreaterThan(0);
  watch.close();
  reading.terminate();
  server.close();
});

/** Until one of the sockets is on its way out. */
async function closing(server: WebSocketServer): Promise<void> {
  while ([...server.clients].every(({ readyState }) => readyState === WebSocket.OPEN)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function subscribe(token: string, query: string): Promise<WebSocket> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await once(socket, 'message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  return socket;
}
