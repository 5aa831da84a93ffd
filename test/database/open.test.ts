import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { openDatabase } from '../../src/server/database/index.js';
import { createTestDatabase } from '../helpers/database.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-open-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function participants(database: { dataSource: { query(sql: string): Promise<unknown> } }): Promise<unknown> {
  return database.dataSource.query('SELECT oai_id FROM participant');
}

test('data survives a restart of the embedded database', async () => {
  const first = await openDatabase({ dataDir: folder, purpose: 'test' });
  await first.dataSource.query(`INSERT INTO participant (oai_id) VALUES ('1000001')`);
  await first.close();

  const second = await openDatabase({ dataDir: folder, purpose: 'test' });
  try {
    expect(await participants(second)).toEqual([{ oai_id: '1000001' }]);
  } finally {
    await second.close();
  }
});

test('a data directory inside a private folder works, whoever runs it', async () => {
  await chmod(folder, 0o700);
  const database = await openDatabase({ dataDir: join(folder, 'deep', 'data dir'), purpose: 'test' });
  try {
    expect(await participants(database)).toEqual([]);
  } finally {
    await database.close();
  }
});

test('two data directories are open at once without meeting', async () => {
  const [left, right] = await Promise.all(
    ['left', 'right'].map((name) => openDatabase({ dataDir: join(folder, name), purpose: 'test' })),
  );
  try {
    await left!.dataSource.query(`INSERT INTO participant (oai_id) VALUES ('1000001')`);

    expect(await participants(right!)).toEqual([]);
  } finally {
    await Promise.all([left!.close(), right!.close()]);
  }
});

test('a second start on one data directory says who has it, and a client may share it', async () => {
  const holder = await openDatabase({ dataDir: folder, purpose: 'osteograph serve' });
  try {
    await expect(openDatabase({ dataDir: folder, purpose: 'second' })).rejects.toThrow(
      new RegExp(`in use by "osteograph serve" \\(process ${process.pid} on ${hostname()}, since \\d{4}-`),
    );

    const client = await openDatabase({ dataDir: folder, purpose: 'osteograph import', share: true });
    expect(await participants(client)).toEqual([]);
    await client.close();
    expect(await participants(holder)).toEqual([]);
  } finally {
    await holder.close();
  }
});

test('a directory whose process was killed opens again with everything committed', async () => {
  const script = `
    import { openDatabase } from ${JSON.stringify(compiledModule('server/database/index'))};
    const database = await openDatabase({ dataDir: ${JSON.stringify(folder)}, purpose: 'victim' });
    await database.dataSource.query("INSERT INTO participant (oai_id) VALUES ('1000002')");
    console.log('written');
    setInterval(() => {}, 1000);`;
  const victim = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(victim.stdout, 'data');
  victim.kill('SIGKILL');
  await once(victim, 'exit');

  const database = await openDatabase({ dataDir: folder, purpose: 'test' });
  try {
    expect(await participants(database)).toEqual([{ oai_id: '1000002' }]);
  } finally {
    await database.close();
  }
});

test('a lock left by a process that is gone does not lock anybody out', async () => {
  await writeFile(
    join(folder, 'osteograph.lock'),
    JSON.stringify({ pid: 2 ** 22 + 1, purpose: 'gone', since: 'once' }),
  );

  const database = await openDatabase({ dataDir: folder, purpose: 'test' });
  await database.close();

  expect(await readFile(join(folder, 'osteograph.lock'), 'utf8')).toBe('');
});

test('DATABASE_URL is used as it is and nothing is written to the data directory', async () => {
  const external = await createTestDatabase();
  try {
    const database = await openDatabase({
      dataDir: join(folder, 'unused'),
      databaseUrl: external.url,
      purpose: 'test',
    });
    expect(await participants(database)).toEqual([]);
    await database.close();

    await expect(readFile(join(folder, 'unused', 'postgres.url'))).rejects.toThrow('ENOENT');
  } finally {
    await external.drop();
  }
});

test('a DATABASE_URL where nothing answers is refused without showing its password', async () => {
  const databaseUrl = 'postgresql://someone:secret@127.0.0.1:9/nothing';

  const failure = openDatabase({ dataDir: folder, databaseUrl, purpose: 'test' });

  await expect(failure).rejects.toThrow('No PostgreSQL answers at postgresql://someone:***@127.0.0.1:9/nothing');
  await expect(failure).rejects.not.toThrow('secret');
});
