import { execFileSync } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { restoreBackup, type RestoreOptions } from '../../src/services/backups/index.js';
import { openOwnBlobStore } from '../../src/storage/index.js';
import { untilWaiting } from '../helpers/locks.js';
import { killed, makePlace, type Place } from '../helpers/backups.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase } from '../helpers/database.js';
import { dumped } from '../helpers/hunt.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { pythonWithMoto, startS3 } from '../helpers/s3.js';
import { makeEverything } from '../helpers/withdrawing.js';

let origin: Place;
let release: ReleaseFolder;
/** Backups of the origin; the first is there from the start. */
let folder: string;
let places: Place[];
let folders: string[];

beforeAll(async () => {
  origin = await makePlace(await createTestDatabase());
  release = await ReleaseFolder.make();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-backups-'));
  const { dataSource } = origin.database;
  const store = await openOwnBlobStore(dataSource, { dataDir: origin.dataDir });
  await makeEverything({ dataSource, store }, release);
  expect(await backUp()).toMatch(/^AT: \d+ rows of \d+ tables and 23 files, .* of which 23 \(.*\) were not in /);
});
afterAll(async () => {
  await origin.remove();
  await release.remove();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  places = [];
  folders = [];
});
afterEach(async () => {
  for (const place of places) await place.remove();
  for (const path of folders) await rm(path, { recursive: true });
});

async function empty(): Promise<Place> {
  const place = await makePlace();
  places.push(place);
  return place;
}

/** The backups of the origin once more, to be damaged. */
async function copied(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'osteograph-backups-'));
  folders.push(path);
  await cp(folder, path, { recursive: true });
  return path;
}

async function backUp(out = folder): Promise<string> {
  const made = await origin.run('backup', '--out', out);
  expect([made.code, made.stderr]).toEqual([0, '']);
  return made.stdout.replace(/^\d{8}T\d{6}\.\d{3}Z/, 'AT');
}

const verify = (path: string, name?: string) =>
  runCommand(['backup', 'verify', path, ...(name === undefined ? [] : ['--backup', name])]);

const restore = ({ database: { dataSource }, store }: Place, path: string, options?: RestoreOptions) =>
  restoreBackup({ dataSource, store }, path, options);

/** Tables that a restore writes to itself. */
const OWN = ['secret', 'audit_entry', 'migrations', 'worker'];

async function rowsOf({ database }: Place): Promise<Record<string, string[]>> {
  const rows = await dumped(database.dataSource);
  return Object.fromEntries(Object.entries(rows).filter(([table]) => !OWN.includes(table)));
}

async function names(path = folder): Promise<string[]> {
  return (await readdir(path)).filter((name) => name.startsWith('20')).sort();
}

async function tablesOf({ database }: Place): Promise<unknown[]> {
  return database.dataSource.query(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`);
}

async function untouched(place: Place): Promise<void> {
  expect(await tablesOf(place)).toEqual([]);
  for await (const blob of place.store.list()) expect(blob).toBeUndefined();
  expect(await place.store.readMark()).toBeUndefined();
}

test('a restored database has every row and every file of the one that was backed up, and the schema of the migrations', async () => {
  const place = await empty();

  const restored = await place.run('backup', 'restore', folder);

  expect([restored.code, restored.stderr]).toEqual([0, '']);
  expect(restored.stdout).toMatch(/^Restored .*: \d+ rows of \d+ tables and 23 files, /);
  expect(await rowsOf(place)).toEqual(await rowsOf(origin));
  expect((await place.run('blobs', 'check')).stdout).toMatch(/^Read 23 files, .*: 23 as they were stored\.\n$/);
  const { dataSource } = place.database;
  expect((await dataSource.driver.createSchemaBuilder().log()).upQueries).toEqual([]);
  // What comes next gets a number of its own.
  const next = 'SELECT last_value FROM api_token_id_seq';
  expect(await dataSource.query(next)).toEqual(await origin.database.dataSource.query(next));
  const newest = `SELECT action, detail ->> 'backup' AS backup FROM audit_entry ORDER BY id DESC LIMIT 1`;
  expect(await dataSource.query(newest)).toEqual([{ action: 'backup.restore', backup: (await names())[0] }]);
});

test('what a backup holds can be checked and read without osteograph', async () => {
  const backup = join(folder, (await names())[0]!);

  const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: backup, encoding: 'utf8' });

  expect(checked).toMatch(/^manifest\.json: OK$/m);
  expect(checked).not.toMatch(/FAILED/);
  const blobs = gunzipSync(await readFile(join(backup, 'blobs.tsv.gz')))
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[0]!);
  const digests = execFileSync(
    'sha256sum',
    blobs.map((sha256) => join('blobs', sha256.slice(0, 2), sha256)),
    { cwd: folder, encoding: 'utf8' },
  );
  expect(digests.match(/^\w+/gm)).toEqual(blobs);
  expect(blobs).toHaveLength(23);
  const people = gunzipSync(await readFile(join(backup, 'tables/participant.copy.gz'))).toString();
  expect(people.match(/^.*900000[12].*$/gm)).toHaveLength(2);
});

const DAMAGES: [string, (backup: string, path: string) => Promise<void>, RegExp][] = [
  [
    'a table that was cut short',
    (backup) => truncate(join(backup, 'tables/participant.copy.gz'), 30),
    /^The backup cannot be used: its file tables\/participant\.copy\.gz is damaged: its sha256 differs\.$/,
  ],
  [
    'a table that is missing',
    (backup) => rm(join(backup, 'tables/visit.copy.gz')),
    /^The backup cannot be used: its file tables\/visit\.copy\.gz is missing\.$/,
  ],
  [
    'a manifest that was cut short',
    (backup) => truncate(join(backup, 'manifest.json'), 100),
    /^The backup cannot be used: its file manifest\.json is damaged\.$/,
  ],
  [
    'digests that are missing',
    (backup) => rm(join(backup, 'SHA256SUMS')),
    /^The backup cannot be used: its file SHA256SUMS is missing\.$/,
  ],
  [
    'a damaged blob',
    async (_, path) => appendFile(await someBlob(path), 'x'),
    /^The backup cannot be used: its blob [0-9a-f]{64} is damaged; a further backup into the folder copies it again while the store has it\.$/,
  ],
  [
    'a missing blob',
    async (_, path) => rm(await someBlob(path)),
    /^The backup cannot be used: its blob [0-9a-f]{64} is missing; a further backup into the folder copies it again while the store has it\.$/,
  ],
  [
    'a backup of a newer osteograph',
    (backup) => edited(backup, (text) => text.replace('CreateSchema1760000000000', 'CreateFuture1860000000000')),
    /^The backup was made by a newer osteograph \(CreateFuture1860000000000\); update this installation, then restore\.$/,
  ],
  [
    'a backup of a newer form',
    (backup) => edited(backup, (text) => text.replace('"format": 1', '"format": 2')),
    /^The backup was made by a newer osteograph \(format 2\); update this installation, then restore\.$/,
  ],
  [
    'a list of erasures that is damaged',
    (_, path) => truncate(join(path, 'erasures.json'), 10),
    /^.*erasures\.json is no list of erasures, or it is damaged\.$/,
  ],
];

async function someBlob(folder: string): Promise<string> {
  return (await everyBlob(folder))[0]!;
}

async function everyBlob(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'blobs'), { recursive: true });
  return names.filter((name) => /^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name)).map((name) => join(folder, 'blobs', name));
}

/** Changes the manifest as a program would that knows of digests. */
async function edited(backup: string, change: (text: string) => string): Promise<void> {
  const path = join(backup, 'manifest.json');
  await writeFile(path, change(await readFile(path, 'utf8')));
  const sums = (await readFile(join(backup, 'SHA256SUMS'), 'utf8')).replace(/^.*manifest\.json\n/m, '');
  const own = execFileSync('sha256sum', ['manifest.json'], { cwd: backup, encoding: 'utf8' });
  await writeFile(join(backup, 'SHA256SUMS'), sums + own);
}

test.each(DAMAGES)('%s is refused in one sentence, and nothing is restored', async (_, damage, sentence) => {
  const path = await copied();
  await damage(join(path, (await names(path))[0]!), path);
  const place = await empty();

  await expect(restore(place, path)).rejects.toThrow(sentence);

  await untouched(place);
});

test('a damaged file is copied again by the next backup: at once where its size differs, otherwise when a check has found it', async () => {
  const path = await copied();
  const [name] = await names(path);
  const [cut, changed] = (await everyBlob(path)) as [string, string];
  const { size } = await stat(changed);
  await truncate(cut, 3);
  await writeFile(changed, Buffer.alloc(size, 'x'));

  expect(await backUp(path)).toMatch(
    / of which 0 \(0 bytes\) were not in .*\n1 file that was damaged there was copied again\.\n$/,
  );
  const bad = await verify(path, name);
  const again = await backUp(path);

  const sha256 = changed.slice(-64);
  expect([bad.code, bad.stderr]).toEqual([
    1,
    `osteograph: The backup cannot be used: its blob ${sha256} is damaged; a further backup into the folder copies it again while the store has it.\n`,
  ]);
  expect(again).toMatch(/\n1 file that was damaged there was copied again\.\n$/);
  for (const backup of [name!, (await names(path)).at(-1)!])
    expect((await verify(path, backup)).stdout).toMatch(/ is whole: 23 files, /);
  expect(await backUp(path)).not.toContain('damaged');
});

test('several damaged files are counted, and one that the store has lost as well is named by the backup', async () => {
  const path = await copied();
  const [first, second] = (await everyBlob(path)) as [string, string];
  const key = first.slice(-67);
  await appendFile(first, 'x');
  await rm(second);

  const bad = await verify(path);

  expect(bad.stderr).toMatch(
    /^osteograph: The backup cannot be used: 2 of its blobs are missing or damaged, among them [0-9a-f]{64}; a further backup into the folder copies them again while the store has them\.\n$/,
  );
  const blob = await buffer(await origin.store.open(key));
  await origin.store.delete(key);
  const made = await origin.run('backup', '--out', path);
  await origin.store.put(blob, 'application/octet-stream');
  expect([made.code, made.stderr]).toEqual([2, `missing: ${first.slice(-64)}\n`]);
  expect(await backUp(path)).toContain('1 file that was damaged there was copied again.');
});

test('a table with fewer rows than the manifest says takes the restore back', async () => {
  const path = await copied();
  await edited(join(path, (await names(path))[0]!), (text) =>
    text.replace(/("name": "participant",[^}]*"rows": )2/, '$13'),
  );
  const place = await empty();

  const refused = await place.run('backup', 'restore', path);

  expect([refused.code, refused.stderr]).toEqual([
    1,
    'osteograph: The backup cannot be used: its file tables/participant.copy.gz is incomplete: it has 2 rows instead of 3.\n',
  ]);
  expect(await tablesOf(place)).toEqual([]);
});

test('a place that has something is refused, and --dry-run changes nothing', async () => {
  const before = await dumped(origin.database.dataSource);

  await expect(restore(origin, folder)).rejects.toThrow('The database is not empty; restore into a new one.');
  const looked = await origin.run('backup', 'restore', folder, '--dry-run');

  expect([looked.code, looked.stderr]).toEqual([1, 'osteograph: The database is not empty; restore into a new one.\n']);
  expect(await dumped(origin.database.dataSource)).toEqual(before);
  const place = await empty();
  expect((await place.run('backup', 'restore', folder, '--dry-run')).stdout).toMatch(/ is whole: 23 files, /);
  await untouched(place);
  await place.store.put(Buffer.from('of somebody else'), 'text/plain');
  await expect(restore(place, folder)).rejects.toThrow(/^The blob store .* is not empty; restore into an empty one\.$/);
});

test('a folder of something else, and one of another database, are refused', async () => {
  const other = await makePlace(await createTestDatabase());
  places.push(other);
  const full = await mkdtemp(join(tmpdir(), 'osteograph-full-'));
  folders.push(full);
  await writeFile(join(full, 'letter.txt'), 'Dear');

  expect((await origin.run('backup', '--out', full)).stderr).toBe(
    `osteograph: ${full} has other things in it; give a folder of its own for backups.\n`,
  );
  expect(await readdir(full)).toEqual(['letter.txt']);
  expect((await other.run('backup', '--out', folder)).stderr).toBe(
    `osteograph: ${folder} has the backups of another database; give a folder of its own.\n`,
  );
  await expect(restore(other, full)).rejects.toThrow(
    `${full} is no folder of backups: it has no osteograph-backups.json.`,
  );
});

test('a restore that is killed leaves an empty database, and is done at the next try', async () => {
  const place = await empty();
  const { dataSource } = place.database;
  const holder = dataSource.createQueryRunner();
  await holder.startTransaction();
  // The restore waits for what becomes of this name.
  await holder.query('CREATE TABLE worker (id integer)');
  const restoring = place.start('backup', 'restore', folder);
  const waits = `FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  await untilWaiting(dataSource);

  await killed(restoring);
  await dataSource.query(`SELECT pg_terminate_backend(pid) ${waits}`);
  await holder.rollbackTransaction();
  await holder.release();

  while ((await tablesOf(place)).length > 0);
  await restore(place, folder);
  expect(await rowsOf(place)).toEqual(await rowsOf(origin));
});

(pythonWithMoto ? test : test.skip)('files of a bucket are backed up, and restored into another bucket', async () => {
  const s3 = await startS3();
  try {
    const cloud = await makePlace(undefined, await s3.blobUrl());
    const back = await makePlace(undefined, await s3.blobUrl());
    places.push(cloud, back);
    expect((await cloud.run('backup', 'restore', folder)).code).toBe(0);
    const own = join(cloud.dataDir, 'backups');

    const made = await cloud.run('backup', '--out', own);
    await restore(back, own);

    expect(made.stdout).toMatch(/ and 23 files, .* of which 23 \(/);
    expect((await back.run('blobs', 'check')).stdout).toMatch(/: 23 as they were stored\.\n$/);
    expect(await rowsOf(back)).toEqual(await rowsOf(origin));
  } finally {
    await s3.stop();
  }
});

test('a backup that is killed is not listed, and the next one is whole', async () => {
  const holder = origin.database.dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('LOCK TABLE participant IN ACCESS EXCLUSIVE MODE');
  const making = origin.start('backup', '--out', folder);
  await untilWaiting(origin.database.dataSource, 'participant');

  await killed(making);
  await holder.rollbackTransaction();
  await holder.release();

  const unfinished = async () => (await readdir(folder)).filter((name) => name.startsWith('unfinished-'));
  expect(await names()).toHaveLength(1);
  expect(await unfinished()).toHaveLength(1);
  await backUp();
  expect(await names()).toHaveLength(2);
  expect(await unfinished()).toEqual([]);
});

test('a further backup copies only what is new, each can be restored, and those that are pruned take along what only they had', async () => {
  const { dataSource } = origin.database;
  const before = await rowsOf(origin);
  await backUp();
  const { storageKey } = await origin.store.put(Buffer.from('new'), 'text/plain');
  const sha256 = storageKey.slice(3);
  await dataSource.query(
    `INSERT INTO asset (sha256, media_type, bytes, storage_key) VALUES ($1, 'text/plain', 3, $2)`,
    [sha256, storageKey],
  );

  expect(await backUp()).toMatch(/ and 24 files, .* of which 1 \(3 bytes\) were not in /);
  await dataSource.query('DELETE FROM asset WHERE sha256 = $1', [sha256]);
  await backUp();

  const listed = (await names()).slice(-3);
  const counts = [];
  for (const name of listed) {
    const place = await empty();
    await restore(place, folder, { name });
    const rows = await rowsOf(place);
    counts.push(rows['asset']!.length);
    if (name === listed[0]) expect(rows).toEqual(before);
  }
  expect(counts).toEqual([23, 24, 23]);
  const pruned = await runCommand(['backup', 'prune', folder, '--keep', '1']);
  expect(pruned.stdout).toContain('Removed 1 file that only older backups had, 3 bytes.\n');
  expect(await names()).toEqual(listed.slice(-1));
  await restore(await empty(), folder);
});

test('a backup of a store that has lost a file is made, says so, and is restored without it', async () => {
  const [{ storage_key: key }] = await origin.database.dataSource.query<[{ storage_key: string }]>(
    'SELECT storage_key FROM asset ORDER BY id LIMIT 1',
  );
  await origin.store.delete(key);
  const path = await mkdtemp(join(tmpdir(), 'osteograph-backups-'));
  folders.push(path);

  const made = await origin.run('backup', '--out', path);

  expect([made.code, made.stderr]).toEqual([2, `missing: ${key.slice(3)}\n`]);
  const place = await empty();
  const restored = await place.run('backup', 'restore', path);
  expect(restored.stdout).toContain('1 file had been lost before the backup was made; "blobs check" names them.\n');
  expect((await place.run('blobs', 'check')).stderr).toBe(`missing: ${key.slice(3)}\n`);
});
