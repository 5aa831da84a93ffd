import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { openDatabase } from '../../src/server/database/index.js';
import { takeLock } from '../../src/server/database/lock.js';
import { runCommand } from '../helpers/command.js';
import { startServe } from '../helpers/serve-process.js';

const UNSHARE = ['unshare', '--user', '--map-root-user', '--pid', '--ipc', '--fork', '--mount-proc'];

let folder: string;
let lockFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-lock-'));
  lockFile = join(folder, 'osteograph.lock');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const open = () => openDatabase({ dataDir: folder, purpose: 'test' });

/** A process that has this directory's database open until it is killed. */
async function startHolder(): Promise<ChildProcess> {
  const script = `
    import { openDatabase } from ${JSON.stringify(compiledModule('server/database/index'))};
    const database = await openDatabase({ dataDir: ${JSON.stringify(folder)}, purpose: 'osteograph serve' });
    await database.dataSource.query("INSERT INTO participant (oai_id) VALUES ('1000002')");
    console.log('written');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return holder;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test('a lock that another program holds by flock(2) refuses a start and names whom the file names, on another host', async () => {
  const holder = { pid: 1, host: 'scan-7', boot: 'b', purpose: 'osteograph serve', since: '2026-11-28T10:00:00.000Z' };
  await writeFile(lockFile, JSON.stringify(holder));
  const other = spawn('flock', ['--no-fork', lockFile, 'sh', '-c', 'echo held; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(other.stdout, 'data');

    await expect(open()).rejects.toThrow(
      `The data directory ${folder} is in use by "osteograph serve" (process 1 on scan-7, since 2026-11-28T10:00:00.000Z); ` +
        'stop it or choose another with --data-dir.',
    );
  } finally {
    await kill(other);
  }
  const database = await open();
  await database.close();
});

test('what the file says locks nobody out: the same name without the lock is nothing', async () => {
  await writeFile(lockFile, JSON.stringify({ pid: process.pid, host: 'scan-7', purpose: 'x', since: 'today' }));

  const lock = await takeLock(folder, 'test');

  expect(lock).toHaveProperty('descriptor');
  expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({ pid: process.pid, purpose: 'test' });
  if ('release' in lock) await lock.release();
});

test('of ten starts at the same moment one gets the directory', async () => {
  const locks = await Promise.all(Array.from({ length: 10 }, (_, index) => takeLock(folder, `start ${index}`)));

  const taken = locks.flatMap((lock) => ('release' in lock ? lock : []));
  expect(taken).toHaveLength(1);
  await taken[0]!.release();
});

test('a PostgreSQL that outlives its killed owner keeps the lock, and only where the owner can be seen dead it is ended', async () => {
  const owner = await startHolder();
  await kill(owner);
  const text = await readFile(lockFile, 'utf8');
  const holder = JSON.parse(text) as object;

  // As it looks from another container or host: whether the process lives cannot be told.
  await writeFile(lockFile, JSON.stringify({ ...holder, pidNamespace: 'pid:[1]' }));
  await expect(open()).rejects.toThrow(`"osteograph serve" (process ${owner.pid} on `);

  await writeFile(lockFile, text);
  const database = await open();
  expect(await database.dataSource.query('SELECT oai_id FROM participant')).toEqual([{ oai_id: '1000002' }]);
  await database.close();
});

test('a start in another PID namespace is refused while the first one lives', async () => {
  if (spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status !== 0) {
    return console.warn('left out: this account may make no PID namespace.');
  }
  const owner = await startHolder();
  try {
    const script = `
      import { openDatabase } from ${JSON.stringify(compiledModule('server/database/index'))};
      await openDatabase({ dataDir: ${JSON.stringify(folder)}, purpose: 'second' }).then(
        () => console.log('opened'),
        (error) => console.log(error.message),
      );
      process.exit();`;
    const { stdout } = spawnSync(
      UNSHARE[0]!,
      [...UNSHARE.slice(1), process.execPath, '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );

    expect(stdout).toContain(`is in use by "osteograph serve" (process ${owner.pid} on `);
  } finally {
    await kill(owner);
  }
});

test('serve ends with one sentence and code 1 when its PostgreSQL cannot be kept alive', async () => {
  const serve = await startServe(['--no-worker', '--data-dir', folder, '--models', join(folder, 'models')], {
    ...process.env,
    DATABASE_URL: '',
    LOG_LEVEL: 'silent',
  });
  const [pid] = (await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  await truncate(join(folder, 'postgres', 'global', 'pg_control'), 0);

  process.kill(Number(pid), 'SIGKILL');
  const [code] = (await once(serve.process, 'exit')) as [number];

  expect(code).toBe(1);
  const log = await readFile(join(folder, 'postgres.log'), 'utf8');
  expect(log.match(/could not read file "global\/pg_control"/g)).toHaveLength(5);
  // The directory is free again: the next start fails for itself.
  const next = await runCommand(['serve', '--no-worker', '--port', '0', '--data-dir', folder]);
  expect(next).toMatchObject({
    code: 1,
    stderr: 'osteograph: PostgreSQL ended while starting; postgres.log in the data directory says why.\n',
  });
});
