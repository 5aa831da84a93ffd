import { hostname, networkInterfaces } from 'node:os';
import { startProxy } from '../../bench/faults/proxy.js';
import { openQueue } from '../../src/scheduling/index.js';
import { createLogger } from '../../src/server/logging.js';
import { createMetrics } from '../../src/server/metrics.js';
import { connect } from '../../src/server/database/index.js';
import { startServer } from '../../src/server/start.js';
import { createToken } from '../../src/services/access/index.js';
import { openBlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { createExam, silent } from '../helpers/platform.js';
import { pythonWith } from '../helpers/python.js';
import { runProgram } from '../helpers/program.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.close());

describe('metrics', () => {
  test('requests and operations are counted by route, kind and outcome', async () => {
    await server.ask('query Me { viewer { name } }');
    await server.ask('{ viewer { nonsense } }');
    await fetch(`${server.url}/no/such/${'x'.repeat(50)}?token=secret`);
    const text = await metrics(server.url);

    expect(value(text, 'osteograph_graphql_operation_duration_seconds_count', 'kind="query"', 'outcome="ok"')).toBe(1);
    expect(value(text, 'osteograph_graphql_operation_duration_seconds_count', 'outcome="error"')).toBe(1);
    expect(value(text, 'osteograph_http_request_duration_seconds_count', 'route="/graphql"', 'status="200"')).toBe(1);
    expect(value(text, 'osteograph_http_request_duration_seconds_count', 'route="other"', 'status="404"')).toBe(1);
    expect(text).not.toContain('secret');
  });

  test('sockets are counted while they are open', async () => {
    const client = server.socketClient();
    await new Promise<void>((resolve, reject) =>
      client.subscribe({ query: '{ viewer { name } }' }, { next: () => undefined, error: reject, complete: resolve }),
    );
    const text = await metrics(server.url);

    expect(
      value(text, 'osteograph_graphql_operation_duration_seconds_count', 'kind="query"', 'transport="websocket"'),
    ).toBe(1);
    expect(value(text, 'osteograph_websockets')).toBe(1);
  });

  test('their text is read by a real parser and keeps to the rules for names, units and helps', async () => {
    const python = pythonWith(['prometheus_client']);
    if (!python) return console.warn('No Python with prometheus_client: the parser was not run.');
    const families = JSON.parse(
      await runProgram(python, [
        '-c',
        `import json, sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families as parse
text = urllib.request.urlopen(sys.argv[1]).read().decode()
print(json.dumps([[f.name, f.type, f.documentation, sorted({l for s in f.samples for l in s.labels})] for f in parse(text)]))`,
        `${server.url}/metrics`,
      ]),
    ) as [string, string, string, string[]][];
    const ours = families.filter(([name]) => name.startsWith('osteograph_'));

    expect(ours.length).toBeGreaterThan(15);
    for (const [name, type, help, labels] of ours) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb|total_total)$/);
      expect(labels).not.toContain('id');
    }
  });

  test('what waits is counted by priority, without paused batches', async () => {
    const { dataSource } = server;
    const { exam } = await createExam({ dataSource, store: server.store });
    const film = 'SELECT id FROM radiograph LIMIT 1';
    await dataSource.query(
      `INSERT INTO bundle (name, version, task, state, manifest, sha256, directory) VALUES ('m', '1.0.0', 'xray-to-mri', 'READY', '{}', 'x', '/')`,
    );
    const insert = (batch: string | null) =>
      dataSource.query(
        `INSERT INTO generation (id, exam_id, radiograph_id, bundle_id, batch_id, state, slice_count, steps, sampler, seed, noise, features)
         SELECT gen_random_uuid(), $1, (${film}), (SELECT id FROM bundle LIMIT 1), $2, 'QUEUED', 50, 50, 'DDIM', 1, 'SHARED', '{}'`,
        [exam.id, batch],
      );
    const batch = async (state: string, priority: number) => {
      const [row] = (await dataSource.query(
        `INSERT INTO batch (id, name, state, priority, filter, bundle_id, slice_count, steps, sampler, eta, noise, seed_rule, seed, skip_existing)
         SELECT gen_random_uuid(), 'b', $1, $2, '{}', (SELECT id FROM bundle LIMIT 1), 50, 50, 'DDIM', 0, 'SHARED', 'FIXED', 1, false
         RETURNING id`,
        [state, priority],
      )) as [{ id: string }];
      return row.id;
    };
    await insert(null);
    const running = await batch('RUNNING', -3);
    await insert(running);
    await insert(running);
    await insert(await batch('PAUSED', 7));
    // The answer to a scrape before this one is shared for two seconds.
    const fresh = createMetrics(dataSource);
    const text = await fresh.text();
    fresh.close();

    expect(value(text, 'osteograph_generations_waiting', 'priority="11"')).toBe(1);
    expect(value(text, 'osteograph_generations_waiting', 'priority="-3"')).toBe(2);
    expect(value(text, 'osteograph_generations_waiting')).toBe(3);
  });

  test('another machine needs the metrics token, and so does one behind a proxy', async () => {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((address) => address && !address.internal && address.family === 'IPv4')?.address;
    const database = await createTestDatabase();
    const guarded = await serverOn(database, { host: '0.0.0.0', metricsToken: 'let-me-in' });
    try {
      const base = new URL(guarded.url);
      const ask = async (host: string, headers: Record<string, string>) =>
        (await fetch(`http://${host}:${base.port}/metrics`, { headers })).status;

      expect(await ask('127.0.0.1', {})).toBe(200);
      expect(await ask('127.0.0.1', { 'x-forwarded-for': '203.0.113.7' })).toBe(401);
      expect(await ask('127.0.0.1', { 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer let-me-in' })).toBe(200);
      expect(await ask('127.0.0.1', { 'x-forwarded-for': '203.0.113.7', authorization: 'Bearer let-me-on' })).toBe(401);
      if (own === undefined) return console.warn(`${hostname()} has no address but the loopback's.`);
      expect(await ask(own, {})).toBe(401);
      expect(await ask(own, { authorization: 'Bearer let-me-in' })).toBe(200);
    } finally {
      await guarded.close();
      await database.drop();
    }
  });
});

describe('health', () => {
  test('a server whose parts all work is ready', async () => {
    const response = await fetch(`${server.url}/health/ready`);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ready',
      checks: { database: 'ready', migrations: 'ready', disk: 'ready', queue: 'ready', blobs: 'ready' },
    });
  });

  test('a database that can write nothing to its disk is not ready', async () => {
    const database = await createTestDatabase();
    const { dataSource } = database;
    const [{ name }] = (await dataSource.query('SELECT current_database() AS name')) as [{ name: string }];
    // Stands in for a full disk: the same statement fails at the same place.
    await dataSource.query(`ALTER DATABASE "${name}" SET temp_file_limit = 0`);
    const connected = await connect(database.url);
    const full = await serverOn({ ...database, dataSource: connected }, {});
    try {
      const refused = await fetch(`${full.url}/health/ready`);
      expect([refused.status, await refused.json()]).toEqual([
        503,
        expect.objectContaining({ checks: expect.objectContaining({ database: 'ready', disk: 'unusable (53400)' }) }),
      ]);
    } finally {
      await full.close();
      await connected.destroy();
      await database.drop();
    }
  });

  test('a database that refuses connections is a 503 wherever it is asked, with the time to ask again', async () => {
    const database = await createTestDatabase();
    const { text: token } = await createToken(database.dataSource, { name: 'reader', role: 'READER' });
    const address = new URL(database.url);
    const proxy = await startProxy(Number(address.port));
    address.port = String(proxy.port);
    const connected = await connect(address.href);
    const away = await serverOn({ ...database, url: address.href, dataSource: connected }, {});
    const ask = (bearer: string) =>
      fetch(`${away.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ kneeExams(first: 1) { totalCount } }' }),
      });
    try {
      const before = await ask(token);
      proxy.refuse();
      const answers = [await ask(token), await ask('osteo_of-somebody-else')];

      expect(before.status).toBe(200);
      for (const answer of answers) {
        expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
          503,
          '5',
          expect.objectContaining({
            errors: [
              expect.objectContaining({
                message: 'The database cannot be reached at the moment.',
                extensions: { code: 'UNAVAILABLE', retryAfter: 5 },
              }),
            ],
          }),
        ]);
      }
    } finally {
      proxy.heal();
      await away.close();
      await connected.destroy();
      await proxy.close();
      await database.drop();
    }
  });

  test('what is missing is named, and the process stays alive meanwhile', async () => {
    const database = await createTestDatabase();
    const broken = await serverOn(database, {});
    try {
      const [last] = (await database.dataSource.query('SELECT name FROM migrations ORDER BY id DESC LIMIT 1')) as [
        { name: string },
      ];
      await database.dataSource.query('DELETE FROM migrations WHERE name = $1', [last.name]);
      const behind = await fetch(`${broken.url}/health/ready`);

      expect(behind.status).toBe(503);
      expect(await behind.json()).toMatchObject({
        status: 'not ready',
        checks: { database: 'ready', migrations: 'unusable (1 have not run; "osteograph migrate" runs them)' },
      });

      await database.dataSource.query('DROP SCHEMA bullmq CASCADE');
      expect(await (await fetch(`${broken.url}/health/ready`)).json()).toMatchObject({
        checks: { queue: expect.stringMatching(/^unusable \(/) },
      });

      await database.dataSource.destroy();
      expect(await (await fetch(`${broken.url}/health/ready`)).json()).toMatchObject({
        checks: { database: expect.stringMatching(/^unusable \(/), blobs: 'ready' },
      });
      expect((await fetch(`${broken.url}/health/live`)).status).toBe(200);
      expect(value(await metrics(broken.url), 'osteograph_database_up')).toBe(0);
    } finally {
      await broken.close();
      await database.drop();
    }
  });
});

describe('log', () => {
  test('each request has an id, in its answer and in its line, with who asked and what', async () => {
    server.log.length = 0;
    const response = await fetch(`${server.url}/graphql?token=${server.tokens.ADMIN}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.tokens.READER}`,
        'content-type': 'application/json',
        'x-request-id': 'notebook-7',
      },
      body: JSON.stringify({ query: 'query Me { viewer { name } }' }),
    });
    await response.json();

    expect(response.headers.get('x-request-id')).toBe('notebook-7');
    expect(server.log).toContainEqual(
      expect.objectContaining({
        level: 20,
        requestId: 'notebook-7',
        tokenId: expect.any(Number),
        method: 'POST',
        path: '/graphql',
        status: 200,
        operation: 'query Me',
      }),
    );
    const text = JSON.stringify(server.log);
    for (const token of Object.values(server.tokens)) expect(text).not.toContain(token);
  });

  test('an id that could break a log is replaced, and a refusal is logged at info', async () => {
    server.log.length = 0;
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'x-request-id': 'a b"c', 'content-type': 'application/json' },
      body: '{}',
    });

    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.log).toContainEqual(expect.objectContaining({ level: 30, status: 401, path: '/graphql' }));
  });

  test('a level that is none is refused in one sentence', () => {
    expect(() => createLogger('test', 'loud')).toThrow(
      'LOG_LEVEL is "loud"; accepted: trace, debug, info, warn, error, fatal, silent.',
    );
  });
});

async function serverOn(
  { dataSource, url: databaseUrl }: TestDatabase,
  { host = '127.0.0.1', metricsToken }: { host?: string; metricsToken?: string },
) {
  const queue = await openQueue({ databaseUrl, logger: silent });
  const store = openBlobStore('/nonexistent');
  const options = { host, port: 0, dataSource, databaseUrl, store, queue, rateLimit: 0, metricsToken, logger: silent };
  const running = await startServer(options);
  return {
    url: running.url.replace('0.0.0.0', '127.0.0.1'),
    async close() {
      await running.close();
      await queue.close();
    },
  };
}

async function metrics(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The sum of a metric's samples that have all of these labels. */
function value(text: string, name: string, ...labels: string[]): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
