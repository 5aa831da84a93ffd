import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkClock, checkNode } from '../../src/cli/doctor/checks.js';
import { openOwnBlobStore } from '../../src/storage/index.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-doctor-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const doctor = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> =>
  runCommand(['doctor', ...args], { OSTEOGRAPH_BLOB_QUOTA: '', BLOB_URL: '', QUEUE_URL: '', ...env });

const lines = ({ stdout }: CommandResult) => stdout.split('\n').map((line) => line.replace(/ +/g, ' ').trim());

test('a machine that has nothing yet is told so, and nothing is made on it', async () => {
  const dataDir = join(folder, 'nothing');
  const looked = await doctor(['--data-dir', dataDir]);

  expect(looked).toMatchObject({ code: 0, stderr: '' });
  expect(lines(looked)).toEqual(
    expect.arrayContaining([
      `ok Node ${process.versions.node}`,
      `ok database none yet: "osteograph serve" or "import" makes one in ${dataDir}`,
      expect.stringMatching(/^ok devices cpu/),
      expect.stringMatching(/^ok models knee-.*knee-xray2mri-demo@1\.2\.0/),
    ]),
  );
  await expect(mkdir(dataDir)).resolves.toBeUndefined();
});

test('a database that is migrated and has its blobs is sound, and another store is named as such', async () => {
  const dataDir = join(folder, 'sound');
  await openOwnBlobStore(database.dataSource, { dataDir });
  const looked = await doctor(['--data-dir', dataDir, '--json'], {
    DATABASE_URL: database.url,
    OSTEOGRAPH_BLOB_QUOTA: '1GB',
  });

  expect(looked.code).toBe(0);
  const { findings } = JSON.parse(looked.stdout) as { findings: { what: string; state: string; text: string }[] };
  expect(findings.map(({ what, state }) => `${what}: ${state}`)).toEqual([
    'Node: OK',
    'disk: OK',
    'database: OK',
    'clock: OK',
    'blobs: OK',
    'models: OK',
    'devices: OK',
  ]);
  expect(findings[4]!.text).toBe(`${join(dataDir, 'blobs')}: 0 files, 0 bytes of 1 GB`);

  const other = join(folder, 'other');
  await mkdir(join(other, 'blobs'), { recursive: true });
  const elsewhere = await doctor(['--data-dir', other], { DATABASE_URL: database.url });
  expect(elsewhere.code).toBe(1);
  expect(lines(elsewhere)).toEqual(
    expect.arrayContaining([
      `FAULT blobs ${join(other, 'blobs')} is not the store of this database`,
      expect.stringContaining('"osteograph blobs adopt"'),
    ]),
  );
});

test('a database without its migrations, one that does not answer, a missing Redis and a broken bundle are each one line', async () => {
  await database.dataSource.query('CREATE DATABASE empty');
  const empty = new URL(database.url);
  empty.pathname = '/empty';
  const models = join(folder, 'models');
  await mkdir(join(models, 'broken', '1.0.0'), { recursive: true });
  await writeFile(join(models, 'broken', '1.0.0', 'bundle.json'), '{');
  const looked = await doctor(['--data-dir', join(folder, 'sound'), '--models', models], {
    DATABASE_URL: empty.href,
    QUEUE_URL: 'redis://127.0.0.1:1',
  });

  expect(looked.code).toBe(1);
  expect(lines(looked)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^FAULT database PostgreSQL [\d.]+; (\d+) of \1 migrations have not run$/),
      'Run "osteograph migrate".',
      expect.stringMatching(/^FAULT queue No Redis answers/),
      expect.stringMatching(/^FAULT models refused: The bundle in .*broken/),
      'warning devices not tried: there is no bundle to load',
    ]),
  );

  const away = await doctor(['--data-dir', folder], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
  expect(away.code).toBe(1);
  expect(lines(away)).toContainEqual(expect.stringMatching(/^FAULT database No PostgreSQL answers at .*ECONNREFUSED/));
  expect(away.stdout).not.toContain('clock');
});

test.each([
  ['22.12.0', 'FAULT'],
  ['22.13.0', 'OK'],
  ['20.20.2', 'FAULT'],
  ['24.0.0', 'OK'],
])('Node %s is %s where 22.13 is needed', (version, state) => {
  expect(checkNode(version, '>=22.13')).toMatchObject({ state });
});

test('a clock that is an hour behind the database is a fault', async () => {
  expect(await checkClock(database.dataSource, () => Date.now() - 3_600_000)).toEqual({
    state: 'FAULT',
    text: expect.stringMatching(/^3600\.\d s behind the database$/) as string,
    remedy: 'Let both machines keep their clocks by NTP.',
  });
});
