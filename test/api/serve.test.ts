import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { compiledModule } from '../../src/domain/package.js';
import { startWorkerChild } from '../../src/server/worker-child.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase } from '../helpers/database.js';
import { type ServeProcess, startServe } from '../helpers/serve-process.js';

let dataDir: string;
let models: string;
let serve: ServeProcess;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'osteograph-serve-'));
  models = join(dataDir, 'models');
  serve = await start();
});

afterAll(async () => {
  await serve.end();
  await rm(dataDir, { recursive: true, force: true });
});

test('the first start prints an address that carries a working token', async () => {
  const { token } = serve;

  expect(await viewer(token)).toEqual({ data: { viewer: { name: 'first start', role: 'ADMIN' } } });
});

test('a first start that other machines can reach makes no token, and says how to make one', async () => {
  const { url: DATABASE_URL, dataSource, drop } = await createTestDatabase();
  const flags = [
    '--host',
    '0.0.0.0',
    '--port',
    '0',
    '--no-worker',
    '--data-dir',
    join(dataDir, 'open'),
    '--models',
    models,
  ];
  const child = spawn(process.execPath, [compiledModule('cli/main'), 'serve', ...flags], {
    env: { ...process.env, DATABASE_URL, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += text as string;
    if (printed.includes('--expires')) break;
  }
  const tokens = await dataSource.query('SELECT name FROM api_token');
  child.kill();
  await once(child, 'exit');
  await drop();

  expect(printed.replace(/:\d+/, ':PORT')).toBe(
    [
      `There are no bundles in ${models}; nothing can be generated.`,
      '',
      "Osteograph is at http://0.0.0.0:PORT. There is no token yet; make the administrator's on this machine:",
      '',
      '    osteograph token create --name admin --role ADMIN --expires 90d',
      '',
    ].join('\n'),
  );
  expect(tokens).toEqual([]);
});

test('it is alive and ready', async () => {
  const answers = await Promise.all(['live', 'ready'].map((path) => fetch(`${serve.url}/health/${path}`)));

  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await answers[1]!.json()).toMatchObject({ status: 'ready', checks: { database: 'ready' } });
});

test('tokens are made, listed and revoked beside the running server', async () => {
  const made = await runCommand([
    'token',
    'create',
    '--name',
    'notebook',
    '--role',
    'READER',
    '--expires',
    '30d',
    '--data-dir',
    dataDir,
  ]);
  const token = made.stdout.trim();
  expect(await viewer(token)).toMatchObject({ data: { viewer: { name: 'notebook', role: 'READER' } } });

  const listed = await runCommand(['token', 'list', '--data-dir', dataDir]);
  const [, id] = /^ +(\d+) +READER .* until \d{4}-\d\d-\d\d +notebook$/m.exec(listed.stdout)!;
  expect(listed.stdout).not.toContain(token);
  const revoked = await runCommand(['token', 'revoke', id!, '--data-dir', dataDir]);

  expect(revoked).toMatchObject({ code: 0, stdout: `Revoked ${id} (notebook).\n` });
  expect(await viewer(token)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

test.each([
  [['token', 'revoke', '4711'], 'osteograph: There is no such token.\n'],
  [
    ['token', 'create', '--name', 'x', '--expires', 'soon'],
    /--expires must look like 30d, 12h or 2030-01-31, got "soon"/,
  ],
  [['serve', '--port', '70000'], /--port must be a whole number from 0 to 65535, got "70000"/],
])('%j is refused in one sentence', async (args, message) => {
  const result = await runCommand([...args, '--data-dir', dataDir]);

  expect(result.code).toBe(1);
  expect(result.stderr).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

test('a second serve on the same data directory says who has it', async () => {
  const result = await runCommand(['serve', '--port', '0', '--no-worker', '--data-dir', dataDir, '--models', models]);

  expect(result.code).toBe(1);
  expect(result.stderr).toContain(`is in use by "osteograph serve" (process ${serve.process.pid}`);
});

test('a port in use is said in one sentence', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const database = await createTestDatabase();
  try {
    const args = [
      'serve',
      '--port',
      String(port),
      '--no-worker',
      '--data-dir',
      join(dataDir, 'other'),
      '--models',
      models,
    ];
    const result = await runCommand(args, { DATABASE_URL: database.url });

    expect(result).toMatchObject({
      code: 1,
      stderr: `osteograph: Port ${port} on 127.0.0.1 is in use; choose another with --port.\n`,
    });
  } finally {
    taken.close();
    await database.drop();
  }
});

test('a worker that dies is followed by another, and closing ends the last one', async () => {
  const database = await createTestDatabase();
  const folder = join(dataDir, 'supervised');
  const child = startWorkerChild({
    blobs: { dataDir: folder },
    databaseUrl: database.url,
    device: 'cpu',
    logger: pino({ level: 'silent' }),
  });
  try {
    const first = child.pid()!;
    process.kill(first, 'SIGKILL');
    let second = child.pid();
    while (second === undefined || second === first) {
      await new Promise((resolve) => setImmediate(resolve));
      second = child.pid();
    }
    await child.close();

    expect(child.pid()).toBeUndefined();
    expect(() => process.kill(second, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
  } finally {
    await child.close();
    await database.drop();
  }
});

test('SIGTERM ends it in good order, and the next start needs no new token', async () => {
  const { token } = serve;
  expect(await serve.end('SIGTERM')).toEqual({ code: 0, signal: null });

  serve = await start();

  expect(serve.token).toBe('');
  expect(await viewer(token)).toMatchObject({ data: { viewer: { role: 'ADMIN' } } });
  expect(await serve.end('SIGINT')).toEqual({ code: 0, signal: null });
});

function start(): Promise<ServeProcess> {
  const { DATABASE_URL: _unused, ...env } = process.env;
  return startServe(['--no-worker', '--data-dir', dataDir, '--models', models], env);
}

async function viewer(token: string): Promise<unknown> {
  const response = await fetch(`${serve.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ viewer { name role } }' }),
  });
  return response.json();
}
