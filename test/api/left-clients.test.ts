import { once } from 'node:events';
import { WebSocket } from 'ws';
import { encodeId } from '../../src/domain/global-ids.js';
import { askedBy } from '../../src/entities/index.js';
import { poolOf } from '../../src/server/metrics-database.js';
import { createToken } from '../../src/services/access/tokens.js';
import { GENERATION } from '../../src/services/generations/index.js';
import { advance } from '../../src/work/index.js';
import { connect } from '../../src/server/database/index.js';
import { waitingForLock } from '../helpers/locks.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
/** Looks at what the server does, by connections of its own. */
let observer: Awaited<ReturnType<typeof connect>>;
let generationId: string;

beforeAll(async () => {
  // Without a quota, which is everybody's business and waits for a connection of its own.
  api = await startTestServer({ rateLimit: 0 });
  observer = await connect(api.databaseUrl);
  const exam = await api.make.exam(await api.make.visit(await api.make.participant()));
  const { id } = await api.make.generation(exam, await api.make.radiograph(exam), await api.make.bundle());
  const { manager } = api.dataSource;
  await advance(manager, GENERATION, { id, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING', set: { worker: 'test' } });
  generationId = encodeId('Generation', id);
});

afterEach(async () => {
  // Whatever a test did, the server goes on.
  expect((await api.ask('{ kneeExams(first: 1) { totalCount } }')).errors).toBeUndefined();
  expect(api.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

afterAll(async () => {
  await observer.destroy();
  await api.close();
});

const COUNT = '{ generations(first: 1) { totalCount } }';
const FOLLOW = 'subscription ($id: ID!, $after: Int) { generationProgress(id: $id, after: $after) { seq } }';

test('what runs for a request over HTTP is canceled when its client leaves', async () => {
  await whileLocked('generation', async () => {
    const leaving = new AbortController();
    const answers = [post(COUNT, leaving.signal), post(COUNT, leaving.signal)];
    await waiting(2);

    leaving.abort();

    await expect(Promise.all(answers)).rejects.toThrow('aborted');
    await waiting(0);
  });
});

test('what runs for an export that is streamed is canceled when its client leaves', async () => {
  await whileLocked('reading', async () => {
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${api.tokens.READER}` };
    const answer = fetch(`${api.url}/exports?columns=grades`, { headers, signal: leaving.signal });
    await waiting(1);

    leaving.abort();

    await expect(answer.then((response) => response.text())).rejects.toThrow('aborted');
    await waiting(0);
  });
});

test('a change is made whole though its client has left', async () => {
  await whileLocked('cohort', async () => {
    const leaving = new AbortController();
    const change = 'mutation { createCohort(input: { name: "of one who left", filter: {} }) { cohort { id } } }';
    const answer = post(change, leaving.signal);
    await waiting(1);

    leaving.abort();

    await expect(answer).rejects.toThrow('aborted');
    await api.logged({ path: '/graphql', status: 499 });
    await waiting(1);
  });
  await until(async () => {
    const rows = (await observer.query(`SELECT FROM cohort WHERE name = 'of one who left'`)) as unknown[];
    return rows.length === 1;
  });
});

test('what runs for a query over WebSocket is canceled when it is taken back, and when its socket goes', async () => {
  const socket = await admitted();
  await whileLocked('generation', async () => {
    for (const id of ['1', '2']) send(socket, { id, type: 'subscribe', payload: { query: COUNT } });
    await waiting(2);
    send(socket, { id: '1', type: 'complete' });
    await waiting(1);
    // The id is free, and hears nothing of what it stood for before.
    const answer = next(socket);
    send(socket, { id: '1', type: 'subscribe', payload: { query: '{ viewer { role } }' } });
    expect(await answer).toEqual({ id: '1', type: 'next', payload: { data: { viewer: { role: 'READER' } } } });

    socket.terminate();

    await waiting(0);
  });
});

test('a read that subscriptions share goes on until the last of them has left', async () => {
  const [first, second, third] = await Promise.all([admitted(), admitted(), admitted()]);
  const follow = { query: FOLLOW, variables: { id: generationId, after: 0 } };
  await whileLocked('generation_event', async () => {
    send(first!, { id: '1', type: 'subscribe', payload: follow });
    await waiting(1);
    send(second!, { id: '1', type: 'subscribe', payload: follow });
    await subscribers(2);
    first!.terminate();
    await subscribers(1);
    await waiting(1);

    second!.terminate();

    await waiting(0);
    send(third!, { id: '1', type: 'subscribe', payload: follow });
    await waiting(1);
  });
  third!.terminate();
});

test('whoever waits for a read that another began gets it though that one has left', async () => {
  const [first, second] = await Promise.all([admitted(), admitted()]);
  const follow = { query: FOLLOW, variables: { id: generationId, after: 0 } };
  let answer: Promise<unknown> | undefined;
  await whileLocked('generation_event', async () => {
    send(first!, { id: '1', type: 'subscribe', payload: follow });
    await waiting(1);
    answer = next(second!);
    send(second!, { id: '1', type: 'subscribe', payload: follow });
    await subscribers(2);
    first!.terminate();
    await subscribers(1);
  });

  expect(await answer).toEqual({ id: '1', type: 'next', payload: { data: { generationProgress: { seq: 1 } } } });
  second!.terminate();
});

test('what waits for a connection is dropped when whoever asked leaves, and others have the connection', async () => {
  // A pool of its own: those who work in the background would wait in the server's as well.
  const database = await connect(api.databaseUrl);
  const pool = poolOf(database);
  try {
    const runners = Array.from({ length: 10 }, () => database.createQueryRunner());
    for (const runner of runners) await runner.query('SELECT 1');
    const leaving = new AbortController();
    const left = askedBy(leaving.signal, () => database.query('SELECT 2'));
    const stays = database.query('SELECT 3 AS answer');
    expect(pool.waitingCount).toBe(2);

    leaving.abort();

    await expect(left).rejects.toThrow('Whoever asked for this has left.');
    expect(pool.waitingCount).toBe(1);
    await runners[0]!.release();
    expect(await stays).toEqual([{ answer: 3 }]);
    for (const runner of runners.slice(1)) await runner.release();
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([10, 10, 0]);
  } finally {
    await database.destroy();
  }
});

test("of those who come and go, none takes another one's statement along", async () => {
  const { text } = await createToken(api.dataSource, { name: 'comes and goes', role: 'READER' });
  const random = sequence(17);
  const stays: Promise<unknown>[] = [];
  for (let round = 0; round < 60; round++) {
    const leaving = new AbortController();
    const leaves = Array.from({ length: 4 }, () => post(COUNT, leaving.signal, text).catch(() => undefined));
    stays.push(...Array.from({ length: 3 }, () => api.ask(COUNT, {}, api.tokens.READER)));
    // A statement takes about a millisecond: some have not begun, some run, some are done.
    for (let turn = random() * 12; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await Promise.all(leaves);
  }

  const answers = await Promise.all(stays);

  expect(answers).toHaveLength(180);
  for (const answer of answers) {
    expect(answer).toEqual({ status: 200, data: { generations: { totalCount: 1 } }, errors: undefined });
  }
});

function post(query: string, signal: AbortSignal, token = api.tokens.ADMIN): Promise<Response> {
  return fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal,
  });
}

/** A socket of a READER whose connection has been acknowledged. */
async function admitted(): Promise<WebSocket> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  const acknowledged = next(socket);
  send(socket, { type: 'connection_init', payload: { authorization: `Bearer ${api.tokens.READER}` } });
  expect(await acknowledged).toEqual({ type: 'connection_ack' });
  return socket;
}

function send(socket: WebSocket, message: object): void {
  socket.send(JSON.stringify(message));
}

async function next(socket: WebSocket): Promise<unknown> {
  const [message] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(String(message));
}

/** Until so many subscriptions follow a log at the server. */
async function subscribers(count: number): Promise<void> {
  await until(async () => {
    const text = await (await fetch(`${api.url}/metrics`)).text();
    return new RegExp(`^osteograph_subscribers.* ${count}$`, 'm').test(text);
  });
}

/** Until so many statements wait for a lock. */
async function waiting(count: number): Promise<void> {
  await until(async () => (await waitingForLock(observer)) === count);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

/** Whoever reads the table meanwhile waits: as slow as a statement can be. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  const holder = observer.createQueryRunner();
  await holder.startTransaction();
  try {
    await holder.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    await work();
  } finally {
    await holder.rollbackTransaction();
    await holder.release();
  }
}

/** Numbers from 0 to 1, the same each time. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
