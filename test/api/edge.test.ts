import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { packageRoot } from '../../src/domain/package.js';
import { type RunningServer, startServer } from '../../src/server/start.js';
import { DEFAULT_QUOTA } from '../../src/services/access/quotas.js';
import { runCommand } from '../helpers/command.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

const ALLOWED = 'https://viewer.example.org';
const FOREIGN = 'https://elsewhere.example.org';

let api: TestServer;
let edge: RunningServer;

beforeAll(async () => {
  api = await startTestServer();
  const { dataSource, databaseUrl, store, queue } = api;
  edge = await startServer({
    ...{ host: '127.0.0.1', port: 0, dataSource, databaseUrl, store, queue, rateLimit: DEFAULT_QUOTA },
    corsOrigins: [ALLOWED],
    logger: pino({ level: 'silent' }),
  });
  const visit = await api.make.visit(await api.make.participant());
  for (const side of ['LEFT', 'RIGHT'] as const) await api.make.exam(visit, { side });
  for (let count = 0; count < 10; count++) await api.make.exam(await api.make.visit(await api.make.participant()));
});

afterAll(async () => {
  await edge.close();
  await api.close();
});

interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A request whose answer is left as it came over the wire. */
function send(path: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const sent = request(edge.url + path, { method, headers }, (response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () =>
      resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) }),
    );
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

const preflight = (path: string, origin: string) =>
  send(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });

const ask = (query: string, headers: object = {}) =>
  send('/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

test.each(['/graphql', '/exports', '/radiographs', '/masks', '/dicomweb/studies', `/assets/${'0'.repeat(64)}`])(
  'a preflight of %s is answered without a token, for allowed origins alone',
  async (path) => {
    const allowed = await preflight(path, ALLOWED);
    expect(allowed.status).toBe(204);
    expect(allowed.headers['access-control-allow-origin']).toBe(ALLOWED);
    expect(allowed.headers['access-control-allow-headers']).toContain('authorization');
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();

    const foreign = await preflight(path, FOREIGN);
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    expect(foreign.headers['vary']).toContain('Origin');
  },
);

test('a page of an allowed origin reads how its token stands, and why a request was refused', async () => {
  const { headers } = await ask('{ viewer { role } }', { origin: ALLOWED });
  expect(headers['access-control-allow-origin']).toBe(ALLOWED);
  expect(headers['access-control-expose-headers']).toMatch(/^RateLimit,RateLimit-Policy,Retry-After,X-Request-Id,/);
  expect(headers['ratelimit']).toMatch(/"points";r=\d+/);

  const refused = await ask('{ viewer { role } }', { origin: ALLOWED, authorization: 'Bearer osteo_wrong' });
  expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, ALLOWED]);
});

test.each([
  ['a foreign origin', FOREIGN, 403],
  ['something that is no origin', 'null', 403],
  ['an allowed origin', ALLOWED, 'open'],
  ['no origin', undefined, 'open'],
])('a socket of %s: %s', async (_name, origin, outcome) => {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    ...(origin === undefined ? {} : { origin }),
  });
  socket.on('open', () => resolve('open'));
  socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
  socket.on('error', () => undefined);

  const came = await promise;
  socket.terminate();
  expect(came).toBe(outcome);
});

test("a page of the server's own opens a socket, through a proxy that ends TLS too", async () => {
  const { host } = new URL(edge.url);
  for (const origin of [`http://${host}`, `https://${host}`]) {
    const socket = new WebSocket(`ws://${host}/graphql`, 'graphql-transport-ws', { origin });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.terminate();
  }
});

const PAGE = '{ kneeExams(first: 12) { nodes { id side kl grades { feature grade missing missingReason } } } }';

test.each([
  ['gzip', gunzipSync],
  ['br', brotliDecompressSync],
] as const)('a page of exams is packed with %s for whoever takes it', async (encoding, unpack) => {
  const plain = await ask(PAGE);
  const small = await ask(PAGE, { 'accept-encoding': encoding });

  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(small.headers['content-encoding']).toBe(encoding);
  expect(small.headers['vary']).toContain('Accept-Encoding');
  expect(small.body.length).toBeLessThan(plain.body.length / 5);
  expect(unpack(small.body).equals(plain.body)).toBe(true);
});

test('a short answer is not packed, nor is a stream of events', async () => {
  const packing = { 'accept-encoding': 'gzip' };
  expect((await ask('{ viewer { role } }', packing)).headers['content-encoding']).toBeUndefined();
  const stream = await ask(PAGE, { ...packing, accept: 'text/event-stream' });
  expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(stream.headers['content-encoding']).toBeUndefined();
});

test.each(['CSV', 'NDJSON'])('a streamed export as %s is packed, and the same unpacked', async (format) => {
  const headers = { authorization: `Bearer ${api.tokens.READER}` };
  const plain = await send(`/exports?format=${format}`, { headers });
  const small = await send(`/exports?format=${format}`, { headers: { ...headers, 'accept-encoding': 'gzip' } });

  expect(plain.status).toBe(200);
  expect(small.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(small.body).equals(plain.body)).toBe(true);
});

test('the schema is there as text, for code generators', async () => {
  const { status, headers, body } = await send('/schema.graphql');

  expect([status, headers['content-type']]).toEqual([200, 'application/graphql; charset=utf-8']);
  expect(String(body)).toBe(await readFile(join(packageRoot, 'schema.graphql'), 'utf8'));
});

test.each(['viewer.example.org', '*', 'https://viewer.example.org/', 'ftp://viewer.example.org'])(
  'osteograph serve refuses %s as an origin',
  async (origin) => {
    const { code, stderr } = await runCommand(['serve', '--cors-origin', origin]);

    expect(code).not.toBe(0);
    expect(stderr).toContain(
      `--cors-origin must be a scheme and a host, such as https://viewer.example.org, got "${origin}".`,
    );
  },
);
