import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { type BlobStore, openOwnBlobStore, sweepBlobs } from '../../src/storage/index.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { dumped, hunt } from '../helpers/hunt.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { BARCODES, DAY, known, LEAVER, makeEverything, STAYER } from '../helpers/withdrawing.js';

let database: TestDatabase;
let dataDir: string;
let release: ReleaseFolder;
let store: BlobStore;
let words: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'osteograph-erasures-'));
  release = await ReleaseFolder.make();
  store = await openOwnBlobStore(database.dataSource, { dataDir });
  const { leaver } = await makeEverything({ dataSource: database.dataSource, store }, release);
  words = [LEAVER, ...BARCODES, DAY, leaver.film.contentSha256!, leaver.series.contentSha256!];
});

afterEach(async () => {
  await database.drop();
  await release.remove();
  await rm(dataDir, { recursive: true });
});

const osteograph = (...args: string[]) =>
  runCommand([...args, '--data-dir', dataDir], { DATABASE_URL: database.url, BLOB_URL: '' });
const erase = (...args: string[]) => osteograph('participants', 'erase', ...args);

test('the command prints the certificate, keeps it, and the import that follows leaves the participant out', async () => {
  const looked = await erase(LEAVER, '--dry-run');
  expect(looked.code).toBe(0);
  expect(JSON.parse(looked.stdout)).toMatchObject({ id: null, dryRun: true, tokenId: null, files: { count: 12 } });
  expect(await known(database.dataSource, LEAVER)).toBeDefined();

  const done = await erase(LEAVER, '--yes');

  expect([done.code, done.stderr]).toEqual([0, '']);
  const certificate = JSON.parse(done.stdout) as { id: string; removed: object[] };
  expect(certificate.removed).toEqual((JSON.parse(looked.stdout) as typeof certificate).removed);
  const kept = await osteograph('participants', 'erasures');
  expect(
    kept.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toEqual([certificate]);
  const report = join(dataDir, 'report.ndjson');
  const { stdout } = await osteograph('import', release.path, '--report', report);
  expect(stdout).toContain('Enrollees.txt: 2 rows: 0 new, 0 changed, 1 equal, 1 withdrawn\n');
  expect(stdout).toContain(
    'images: 6 folders: 0 inserted, 0 updated, 2 unchanged, 1 passed over, 0 refused, 3 withdrawn;',
  );
  expect(await hunt({ dataSource: database.dataSource, store, log: [looked, done] }, words)).toEqual([]);
});

test('nothing is erased without --yes, nor for an id that nobody has', async () => {
  const before = await dumped(database.dataSource);

  const unsure = await erase(LEAVER);
  const unknown = await erase('9999999', '--yes');

  expect([unsure.code, unsure.stderr]).toEqual([
    1,
    'osteograph: What is erased does not come back: look at it with --dry-run first, then say --yes.\n',
  ]);
  expect([unknown.code, unknown.stderr]).toEqual([
    1,
    'osteograph: There is no participant with this id, so nothing was erased.\n',
  ]);
  expect(await dumped(database.dataSource)).toEqual(before);
});

test('an erasure that is killed before its rows are gone has changed nothing', async () => {
  const before = await dumped(database.dataSource);
  const holder = database.dataSource.createQueryRunner();
  await holder.startTransaction();
  // The certificate is the last row that is written.
  await holder.query('LOCK TABLE erasure IN EXCLUSIVE MODE');
  const erasing = start();
  await until(`SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'erasure'::regclass`);

  await killed(erasing);
  await until(
    `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'erasure'::regclass)`,
    [`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'erasure'::regclass`],
  );
  await holder.rollbackTransaction();
  await holder.release();

  const { secret: _, ...after } = await dumped(database.dataSource);
  const { secret: __, ...then } = before;
  expect(after).toEqual(then);
  expect((await erase(LEAVER, '--yes')).code).toBe(0);
  expect(await hunt({ dataSource: database.dataSource, store }, words)).toEqual([]);
});

test('the files of an erasure that is killed once its rows are gone are removed by the next sweep', async () => {
  const { dataSource } = database;
  const { film } = await known(dataSource, LEAVER);
  const sha256 = film.contentSha256!;
  const holder = dataSource.createQueryRunner();
  // Somebody writes beside every file, so that none is removed.
  await holder.query('SELECT pg_advisory_lock_shared($1, folder) FROM generate_series(0, 255) AS folder', [0x6f626c62]);
  const erasing = start();
  await until(`SELECT 1 FROM erasure`);
  await killed(erasing);
  await holder.query('SELECT pg_advisory_unlock_all()');
  await holder.release();

  expect(await dataSource.query('SELECT 1 FROM asset WHERE sha256 = $1', [sha256])).toEqual([]);
  expect(await store.exists(`${sha256.slice(0, 2)}/${sha256}`)).toBe(true);
  const swept = await sweepBlobs({ dataSource, store, graceMs: 0 });

  expect(swept).toMatchObject({ blobs: 12, missing: [] });
  await dataSource.query('VACUUM (ANALYZE)');
  expect(await hunt({ dataSource, store }, words)).toEqual([]);
  expect(await known(dataSource, STAYER)).toBeDefined();
});

function start(): ChildProcess {
  const args = [compiledModule('cli/main'), 'participants', 'erase', LEAVER, '--yes', '--data-dir', dataDir];
  return spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: database.url, BLOB_URL: '' },
    stdio: 'ignore',
  });
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

/** Resolves when a statement gives a row; the others are sent before each look. */
async function until(statement: string, before: readonly string[] = []): Promise<void> {
  for (;;) {
    for (const one of before) await database.dataSource.query(one);
    if ((await database.dataSource.query<unknown[]>(statement)).length > 0) return;
  }
}
