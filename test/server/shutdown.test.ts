import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { compiledModule } from '../../src/domain/package.js';
import { redisInstalled, startRedis } from '../../bench/faults/redis.js';
import { runCommand } from '../helpers/command.js';
import { createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { startServeOf } from '../helpers/serve-process.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

const CUT_OFF = /^osteograph: Work was still running after [\d.]+ s and was stopped\.\n$/;

let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform();
});

afterAll(() => platform.close());

/** A process that does this with the functions that every command uses, until it ends. */
async function runScript(body: string, signals: readonly NodeJS.Signals[] = []) {
  const script = `import { exitSoon, handleSignals, stopOnSignal } from ${JSON.stringify(compiledModule('cli/signals'))};
    handleSignals();
    const forEver = () => setInterval(() => undefined, 1000);
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close');
  for (const signal of signals) {
    await once(child.stdout, 'data');
    child.kill(signal);
  }
  const [code] = (await ended) as [number | null];
  return { code, said };
}

test('work that does not end after a signal is cut off at its deadline with one sentence and code 1', async () => {
  const work = `using stop = stopOnSignal('stopped', { patienceMs: 100 }); forEver(); console.log('up'); await new Promise(() => {});`;

  expect(await runScript(work, ['SIGTERM'])).toEqual({ code: 1, said: expect.stringMatching(CUT_OFF) });
});

test('a second signal ends at once, with the code of a process that it killed', async () => {
  const work = `using stop = stopOnSignal('stopped'); forEver(); console.log('up');
    await stop.asked; console.log('stopping'); await new Promise(() => {});`;

  expect(await runScript(work, ['SIGTERM', 'SIGINT'])).toEqual({ code: 130, said: '' });
  expect(await runScript(work, ['SIGINT', 'SIGTERM'])).toEqual({ code: 143, said: '' });
});

test('work with a shorter end is hurried by the second signal, and ended by the third', async () => {
  const work = `using stop = stopOnSignal('stopped', { hurry: () => console.log('hurried') }); forEver(); console.log('up');
    await stop.asked; console.log('stopping'); await new Promise(() => {});`;

  expect(await runScript(work, ['SIGTERM', 'SIGTERM', 'SIGTERM'])).toEqual({ code: 143, said: '' });
  expect(await runScript(work, ['SIGTERM', 'SIGTERM'])).toEqual({ code: 143, said: expect.stringMatching(CUT_OFF) });
});

test('a command with nothing to put in order ends at the first signal', async () => {
  expect(await runScript(`forEver(); console.log('up'); await new Promise(() => {});`, ['SIGINT'])).toEqual({
    code: 130,
    said: '',
  });
});

test('something that does not let go keeps no command from ending', async () => {
  expect(await runScript(`forEver(); process.exitCode = 3; exitSoon();`)).toEqual({ code: 3, said: '' });
});

test('a start that fails late ends a worker: its metrics port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  try {
    const flags = ['--data-dir', platform.dataDir, '--device', 'cpu', '--metrics-port', String(port)];
    const result = await runCommand(['worker', ...flags], { DATABASE_URL: platform.url, LOG_LEVEL: 'silent' });

    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr: `osteograph: Port ${port} on 127.0.0.1 is in use; choose another with --port.\n`,
    });
    const rows = await platform.dataSource.query('SELECT state FROM worker');
    expect(rows).toEqual([{ state: 'GONE' }]);
  } finally {
    taken.close();
  }
});

test('a second SIGTERM ends a serve that still drains', async () => {
  const serve = await startServeOf(platform, { flags: ['--no-worker', '--drain-delay', '600'] });
  // The end of what it said when it started may come first.
  const { promise: stopping, resolve } = Promise.withResolvers<void>();
  let said = '';
  serve.process.stdout!.on('data', (text) => {
    said += String(text);
    if (said.includes('Stopping ...')) resolve();
  });
  serve.process.kill('SIGTERM');
  await stopping;

  expect(await serve.end('SIGTERM')).toEqual({ code: 143, signal: null });
});

(redisInstalled ? describe : describe.skip)('while the Redis that holds the queue is away', () => {
  test('a worker that is told to stop ends in good order', async () => {
    const redis = await startRedis();
    const worker = await startWorkerProcess({ ...platform, queueUrl: redis.url });
    try {
      await redis.stop();
      worker.kill('SIGTERM');

      expect(await worker.ended()).toEqual({ code: 0, signal: null });
    } finally {
      await worker.dispose();
    }
  });

  test('so does serve, with the worker beside it', async () => {
    const own = await createTestPlatform();
    const redis = await startRedis();
    const serve = await startServeOf(own, { env: { QUEUE_URL: redis.url } });
    try {
      await redis.stop();

      expect(await serve.end('SIGTERM')).toEqual({ code: 0, signal: null });
    } finally {
      await serve.end();
      await own.close();
    }
  });
});
