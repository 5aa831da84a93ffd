import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Logger } from 'typeorm';
import { WebSocket } from 'ws';
import { encodeId } from '../../src/domain/global-ids.js';
import { connect } from '../../src/server/database/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { waitingForLock } from '../helpers/locks.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

/** Statements that the server sent, once each had a connection. */
const statements: string[] = [];
const logger: Logger = {
  logQuery: (query) => void statements.push(query),
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};

let api: TestServer;
/** Of a generation that waits, and goes on waiting. */
let generationId: string;

beforeAll(async () => {
  api = await startTestServer({ logger });
  const exam = await api.make.exam(await api.make.visit(await api.make.participant()));
  const { id } = await api.make.generation(exam, await api.make.radiograph(exam), await api.make.bundle());
  generationId = encodeId('Generation', id);
});

afterAll(() => api.close());

const FOLLOW = 'subscription ($id: ID!, $after: Int) { generationProgress(id: $id, after: $after) { seq } }';
const READ = 'FROM generation subject LEFT JOIN LATERAL';

test('a token has a thousand sockets; the next is closed with 4461 and a reason until one of them closes', async () => {
  const [text, other] = [await token(), await token()];
  const sockets = await Promise.all(Array.from({ length: 1_000 }, () => admitted(text)));
  expect(await share(text, 'sockets')).toBe(0);

  const refused = open(text);
  const [code, reason] = (await once(refused, 'close')) as [number, Buffer];

  expect([code, String(reason)]).toEqual([
    4461,
    'This token has 1,000 sockets at this server, the limit; close some first.',
  ]);
  await admitted(other);
  const [first, ...rest] = sockets;
  first!.close();
  await until(async () => (await share(text, 'sockets')) === 1);
  await admitted(text);
  for (const socket of rest) socket.terminate();
  await until(async () => (await share(text, 'sockets')) === 999);
});

test('a token has a thousand subscriptions; the next is refused until one of them ends', async () => {
  const text = await token();
  const sockets = await Promise.all(Array.from({ length: 11 }, () => admitted(text)));
  const last = sockets.pop()!;
  for (const socket of sockets) for (let id = 0; id < 100; id++) subscribe(socket, `${id}`);
  await until(async () => (await share(text, 'subscriptions')) === 0);

  const refused = answer(last);
  subscribe(last, 'one too many');

  expect(await refused).toMatchObject({
    type: 'error',
    payload: [
      {
        message:
          'This token has 1,000 subscriptions and queries open over WebSocket and event streams at this server, the limit; end some first.',
        extensions: { code: 'LIMIT_EXCEEDED' },
      },
    ],
  });
  sockets[0]!.send(JSON.stringify({ id: '7', type: 'complete' }));
  await until(async () => (await share(text, 'subscriptions')) === 1);
  for (const socket of sockets) socket.terminate();
  await until(async () => (await share(text, 'subscriptions')) === 1_000);
});

test('what the subscriptions of a token were asked with has ten million bytes at most', async () => {
  const text = await token();
  const socket = await admitted(text);
  const refused = answer(socket);

  for (let id = 0; id < 12; id++) subscribe(socket, `${id}`, { id: generationId, more: 'x'.repeat(900_000) });

  expect(await refused).toMatchObject({
    id: '11',
    payload: [{ message: expect.stringContaining('10,000,000 bytes'), extensions: { code: 'LIMIT_EXCEEDED' } }],
  });
  socket.terminate();
});

test('an id that is used again leaves nothing behind when its socket goes', async () => {
  const text = await token();
  const socket = await admitted(text);
  for (let round = 0; round < 50; round++) {
    subscribe(socket, 'same');
    socket.send(JSON.stringify({ id: 'same', type: 'complete' }));
  }
  subscribe(socket, 'same');
  subscribe(socket, 'another');
  await until(async () => (await share(text, 'subscriptions')) === 998);

  socket.terminate();

  await until(async () => (await share(text, 'subscriptions')) === 1_000);
  await until(async () => (await gauge('osteograph_subscribers')) === 0);
});

test('subscriptions that begin together look their generation up once and read its log once', async () => {
  const text = await token();
  const sockets = await Promise.all(Array.from({ length: 5 }, () => admitted(text)));
  await whileLocked('generation_event', async () => {
    // The first look is what all the others wait for.
    for (const socket of sockets) for (let id = 0; id < 60; id++) subscribe(socket, `${id}`);
    await untilWaitingForLock(1);
    await until(async () => (await share(text, 'subscriptions')) === 700);
    statements.length = 0;
  });
  await until(async () => (await gauge('osteograph_subscribers')) === 300);

  expect(statements.filter((query) => query.includes(READ)).length).toBeLessThan(10);
  expect(statements.filter((query) => query.includes('FROM "generation" "Generation"'))).toEqual([]);
  for (const socket of sockets) socket.terminate();
});

test('what sockets have asked for and left again is never asked of the database', async () => {
  const text = await token();
  const sockets = await Promise.all(Array.from({ length: 10 }, () => admitted(text)));
  await whileLocked('generation', async () => {
    statements.length = 0;
    for (const socket of sockets) {
      for (let id = 0; id < 50; id++) subscribe(socket, `${id}`, { id: encodeId('Generation', randomUUID()) });
      for (let id = 50; id < 100; id++) send(socket, `${id}`, '{ generations(first: 1) { totalCount } }');
    }
    // As many as the token has turns; the others wait without a connection.
    await untilWaitingForLock(4);
    // Another token is answered meanwhile.
    expect((await api.ask('{ participants(first: 1) { nodes { id } } }')).errors).toBeUndefined();
    for (const socket of sockets) socket.terminate();
    await until(async () => (await share(text, 'subscriptions')) === 1_000);
  });
  expect((await api.ask('{ generations(first: 1) { totalCount } }', {}, text)).errors).toBeUndefined();

  expect(statements.filter((query) => /FROM "?generation"?\s/.test(query)).length).toBeLessThan(10);
});

test('a token has four requests running and five hundred waiting; the next is told to come again, and those who left are dropped', async () => {
  const text = await token();
  const leaving = new AbortController();
  await whileLocked('generation', async () => {
    statements.length = 0;
    const query = '{ generations(first: 1) { totalCount } }';
    const waiting = Array.from({ length: 504 }, () => post(text, query, leaving.signal).catch(() => 'left'));
    await untilWaitingForLock(4);
    await until(async () => (await share(text, 'requests')) === 0);
    const refused = await post(text, query);

    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit')).toMatch(/"requests";r=0,/);
    expect(await refused.json()).toMatchObject({
      errors: [
        {
          message:
            'This token has 4 requests running at this server and 500 waiting, the most allowed; ask again when some have been answered.',
          extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
        },
      ],
    });
    expect((await api.ask('{ participants(first: 1) { nodes { id } } }')).errors).toBeUndefined();
    leaving.abort();
    await Promise.all(waiting);
    await until(async () => (await gauge('osteograph_http_request_duration_seconds_count', 'status="499"')) >= 504);
  });

  expect((await post(text, '{ viewer { name } }')).status).toBe(200);
  expect(statements.filter((query) => /FROM "?generation"?\s/.test(query)).length).toBeLessThan(20);
});

async function token(): Promise<string> {
  return (await createToken(api.dataSource, { name: 'many', role: 'READER' })).text;
}

function open(text: string): WebSocket {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const authorization = `Bearer ${text}`;
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } })));
  return socket;
}

/** A socket whose connection has been acknowledged. */
async function admitted(text: string): Promise<WebSocket> {
  const socket = open(text);
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(String(message))).toEqual({ type: 'connection_ack' });
  return socket;
}

function subscribe(socket: WebSocket, id: string, variables: object = { id: generationId, after: 7 }): void {
  send(socket, id, FOLLOW, variables);
}

function send(socket: WebSocket, id: string, query: string, variables: object = {}): void {
  socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
}

async function answer(socket: WebSocket): Promise<unknown> {
  const [message] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(String(message));
}

function post(text: string, query: string, signal?: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${text}`, 'content-type': 'application/json' };
  return fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query }),
    signal: signal ?? null,
  });
}

/** What remains of a share, as the headers of any answer say; an export that is refused needs no turn of the requests. */
async function share(text: string, name: string): Promise<number> {
  const response = await fetch(`${api.url}/exports?format=XML`, { headers: { authorization: `Bearer ${text}` } });
  await response.arrayBuffer();
  return Number(new RegExp(`"${name}";r=(\\d+)`).exec(response.headers.get('ratelimit')!)![1]);
}

async function gauge(name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) continue;
}

/** Whoever reads the table meanwhile waits: as slow as a statement can be. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  const other = await connect(api.databaseUrl);
  const holder = other.createQueryRunner();
  await holder.startTransaction();
  try {
    await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    await work();
  } finally {
    await holder.rollbackTransaction();
    await holder.release();
    await other.destroy();
  }
}

/** Until so many statements wait for a lock. */
async function untilWaitingForLock(count: number): Promise<void> {
  const other = await connect(api.databaseUrl);
  try {
    await until(async () => (await waitingForLock(other)) >= count);
  } finally {
    await other.destroy();
  }
}
