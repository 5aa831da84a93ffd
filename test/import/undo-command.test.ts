import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compiledModule } from '../../src/domain/package.js';
import { runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { everythingImported } from '../helpers/imported.js';
import { filmFile, ReleaseFolder } from '../helpers/oai-files.js';

let database: TestDatabase;
let release: ReleaseFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  release = await ReleaseFolder.make();
});

afterEach(async () => {
  await database.drop();
  await release.remove();
});

const environment = () => ({ DATABASE_URL: database.url, BLOB_URL: '' });
const osteograph = (...args: string[]) =>
  runCommand([...args, '--data-dir', join(release.path, 'data')], environment());

/** Imports two versions of a table, of which the second has changed a grade and brought a knee. */
async function importTwice(): Promise<void> {
  const header = 'ID|SIDE|READPRJ|VERSION|V00XRKL';
  await release.table('kxr_sq_bu00.txt', header, ['1000001|1|15|0.8|2']);
  expect((await osteograph('import', release.path)).code).toBe(0);
  await release.table('kxr_sq_bu00.txt', header, ['1000001|1|15|0.9|3', '1000001|2|15|0.9|1']);
  expect((await osteograph('import', release.path)).code).toBe(0);
}

test('an import is undone by its number, after a look at what that changes, and both are listed', async () => {
  await importTwice();
  const newest = await everythingImported(database.dataSource);

  const early = await osteograph('import', '--undo', '1');
  const dry = await osteograph('import', '--undo', '2', '--dry-run');
  expect(await everythingImported(database.dataSource)).toEqual(newest);
  const done = await osteograph('import', '--undo', '2');

  expect([early.code, early.stderr]).toEqual([
    2,
    'osteograph: Import 1 cannot be undone yet, because import 2 has read the same values since; undo that one first.\n',
  ]);
  const lines = [
    'reading.xrkl: 1 removed, 1 restored',
    'reading: 1 row removed',
    'knee_exam: 1 row removed',
    '',
    'Nothing was written: a dry run of N s.',
  ];
  const inWords = ({ stdout }: { stdout: string }) =>
    stdout
      .replace(/\d+\.\d s/, 'N s')
      .split('\n')
      .slice(0, -1);
  expect(inWords(dry)).toEqual(lines);
  expect(inWords(done)).toEqual([...lines.slice(0, -1), 'Import 2 was undone in N s.']);
  const { stdout } = await osteograph('imports');
  expect(stdout.split('\n').filter((_, at) => at % 2 === 0)).toEqual([
    expect.stringMatching(/^\d+ {2}\S+Z {2}.*command line/),
    expect.stringMatching(/^2 {2}\S+Z {2}.* undone by \d+$/),
    expect.stringMatching(/^1 {2}\S+Z {2}/),
    '',
  ]);
  expect(stdout).toContain('\n  undid import 2: values: 1 removed, 0 emptied, 1 restored\n');
  expect((await everythingImported(database.dataSource))['readings']).toMatchObject([{ xrkl: 2, version: '0.8' }]);
});

test('undoing the import that redacted a film says that it stays redacted', async () => {
  const film = await release.write('film.dcm', filmFile('', '1'));
  const add = (...more: string[]) =>
    osteograph('import', film, '--participant', '9000001', '--visit', 'V00', '--create', ...more);
  expect((await add()).code).toBe(0);
  expect((await add('--redact', 'bottom:2')).stdout).toBe('radiograph: updated\n');

  const done = await osteograph('import', '--undo', '2');

  expect(done.stdout.split('\n')[1]).toBe('1 image stays as it was redacted: what it showed before is not kept.');
  expect((await osteograph('import', '--undo', '1')).stdout).toContain('radiograph: 1 row removed\n');
});

test.each([
  [[], 'Give either the path of what to import, or --undo with the number of an import.'],
  [['release', '--undo', '1'], 'Give either the path of what to import, or --undo with the number of an import.'],
  [['--undo', '7'], 'There is no import 7; "osteograph imports" lists them.'],
  [['--undo', 'x'], '--undo must be a whole number, got "x".'],
])('import %j is refused in one sentence', async (args, message) => {
  const { code, stderr } = await osteograph('import', ...args);

  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
});

test('an undoing that is killed half-way has changed nothing, and can be done again', async () => {
  await importTwice();
  const { dataSource } = database;
  const before = await everythingImported(dataSource);
  const holder = dataSource.createQueryRunner();
  await holder.startTransaction();
  // Its own line in the list is the last row that an undoing writes.
  await holder.query('LOCK TABLE import_run IN SHARE ROW EXCLUSIVE MODE');
  const waits = `FROM pg_locks WHERE NOT granted AND relation = 'import_run'::regclass`;
  const args = ['import', '--undo', '2', '--data-dir', join(release.path, 'data')];
  const child = spawn(process.execPath, [compiledModule('cli/main'), ...args], {
    env: { ...process.env, ...environment() },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  while ((await dataSource.query<unknown[]>(`SELECT 1 ${waits}`)).length === 0);

  child.kill('SIGKILL');
  await ended;
  while ((await dataSource.query<unknown[]>(`SELECT pg_terminate_backend(pid) ${waits}`)).length > 0);
  await holder.rollbackTransaction();
  await holder.release();

  expect(await everythingImported(dataSource)).toEqual(before);
  expect((await osteograph('import', '--undo', '2')).code).toBe(0);
  expect((await everythingImported(dataSource))['readings']).toHaveLength(1);
});
