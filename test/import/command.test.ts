import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { compiledModule } from '../../src/domain/package.js';
import type { ImportSummary } from '../../src/services/imports/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { untilWaiting } from '../helpers/locks.js';
import { filmFile, READING_HEADER, readingRow, ReleaseFolder } from '../helpers/oai-files.js';

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

/** Starts the built command line against the test's database. */
function start(command: 'import' | 'imports', ...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(
    process.execPath,
    [compiledModule('cli/main'), command, ...args, '--data-dir', join(release.path, 'data')],
    {
      env: { ...process.env, DATABASE_URL: database.url },
    },
  );
}

const osteograph = (...args: string[]) => finished('import', ...args);

/** Runs a command to its end. */
async function finished(
  command: 'import' | 'imports',
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const child = start(command, ...args);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number, out, err };
}

test('an import prints what became of each table and each refusal, and ends with 0', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male', '1000002|7: Other']);
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [readingRow('1000001', '1: Right', '15', '2')]);
  await release.write('biospec_fnih.txt', 'id|version\r\n');

  const first = await osteograph(release.path);
  const second = await osteograph(release.path);

  expect(first.code).toBe(0);
  expect(first.out.replace(/\d\.\d s/, 'N s')).toBe(
    [
      'Enrollees.txt: 2 rows: 2 new, 0 changed, 0 equal, 1 cell refused in rows that were read',
      'kxr_sq_bu00.txt: 1 row: 1 new, 0 changed, 0 equal',
      'not imported, because it is not a table of a release: biospec_fnih.txt',
      '',
      'Refused: 1',
      '  Enrollees.txt row 3: P02SEX is "…"; accepted are 1, 2, M, F. The rest of the row was read.',
      '',
      'Imported in N s.',
      '',
    ].join('\n'),
  );
  expect(second.code).toBe(0);
  expect(second.out).toContain('Enrollees.txt: the database holds it already (2 rows)');
  expect(second.out).toContain('Nothing changed');
});

test('an import whose database goes away says so in one sentence and has written nothing of its table', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male']);
  await using holder = database.dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('LOCK TABLE participant');

  const importing = osteograph(release.path);
  await untilWaiting(database.dataSource, 'participant');
  // As of a server that shuts down: the statement under way and the connection that holds the lock of imports.
  await holder.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database
     WHERE datname = current_database() AND (NOT granted OR locktype = 'advisory')`,
  );
  const { code, out, err } = await importing;
  await holder.rollbackTransaction();

  expect({ code, out, err }).toEqual({
    code: 1,
    out: '',
    err: 'osteograph: The database cannot be reached at the moment.\n',
  });
  expect(await database.dataSource.query('SELECT * FROM participant')).toEqual([]);
  expect((await osteograph(release.path)).code).toBe(0);
});

test('equal refusals are one line with their number, the report holds all of them', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male', ...Array.from({ length: 70 }, () => 'x|1')]);
  const report = join(release.path, 'refused.ndjson');

  const { code, out } = await osteograph(release.path, '--report', report);

  expect(code).toBe(0);
  expect(out).toContain(
    [
      'Refused: 70',
      `  Enrollees.txt row 3 and 69 more like it: ID is "…"; a participant's id has seven digits.`,
      `  One by one: all of them are in ${report}.`,
    ].join('\n'),
  );
  const lines = (await readFile(report, 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(70);
  expect(JSON.parse(lines[0]!)).toEqual({
    file: 'Enrollees.txt',
    row: 3,
    reason: 'ID is "…"; a participant\'s id has seven digits.',
  });
  await osteograph(release.path, '--report', report, '--show-values', '--reread');
  expect(JSON.parse((await readFile(report, 'utf8')).split('\n', 1)[0]!)).toMatchObject({
    reason: 'ID is "x"; a participant\'s id has seven digits.',
  });
});

test('with --json the summary is one object and nothing else', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male']);

  const { out, err } = await osteograph(release.path, '--json');

  const summary = JSON.parse(out) as ImportSummary;
  expect(summary.tables).toMatchObject([{ file: 'Enrollees.txt', rows: 1, inserted: 1 }]);
  expect(err).toBe('');
});

test.each([
  ['a folder that is not there', ['nowhere'], 2, 'osteograph: There is no nowhere.'],
  [
    'a report that cannot be written',
    ['.', '--report', '/no/such/folder/r'],
    2,
    'osteograph: /no/such/folder/r cannot be written (ENOENT).',
  ],
  [
    'half an exam',
    ['.', '--participant', '1000001'],
    1,
    'osteograph: Images are added to an exam: give both --participant and --visit',
  ],
] as const)('%s ends with one sentence', async (_, args, exitCode, sentence) => {
  const { code, err } = await osteograph(...args);

  expect(code).toBe(exitCode);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(err).toContain(sentence);
});

test('an import tells what was kept, what is not of interest, and what is not read', async () => {
  const columns = 'ID|SIDE|READPRJ|VERSION|V00XRKL';
  await release.table('kxr_sq_bu00.txt', columns, ['1000001|1|15|0.9|.P', '1000002|1|15|0.9|2', '1000003|1|15|0.9|1']);
  await osteograph(release.path);
  await release.table('kxr_sq_bu00.txt', columns, ['1000001|1|15|0.6|', '1000002|1|15|0.6|1']);
  await release.table('XRay00.txt', 'ID|V00EXAMTP|V00XRBARCD', ['1000001|PA Left Hand|016600000003']);
  await release.write('biospec_fnih.csv', 'ID,SIDE\n');
  await release.write('AllClinical00.ods', 'PK');

  const { out } = await osteograph(release.path);

  expect(out.split('\n').slice(0, 6)).toEqual([
    'XRay00.txt: 1 row: 0 new, 0 changed, 0 equal, 1 not of interest',
    '  not of interest: 1 films of other joints',
    'kxr_sq_bu00.txt: 2 rows: 0 new, 0 changed, 0 equal, 1 older than what is stored, which was kept, 1 blank where a value is stored, which was kept',
    '  1 row of an earlier file of this table is not in this one; what it says stays',
    'not imported, because it is a spreadsheet of another kind; save the table as XLSX or CSV: AllClinical00.ods',
    'not imported, because it is not a table of a release: biospec_fnih.csv',
  ]);
});

test('an import does not say that rows stay which it marks as dropped', async () => {
  const columns = 'ID|VERSION|V00EXAMTP|V00XRBARCD|V00ACCEPT';
  const film = (oaiId: string, view: string, version: string) => `${oaiId}|${version}|${view}|01660${oaiId}|Y`;
  const first = film('1000001', 'Bilateral PA Fixed Flexion Knee', '1');
  await release.table('XRay00.txt', columns, [
    first,
    film('1000002', 'PA Left Hand', '1'),
    film('1000003', 'PA Left Hand', '1'),
  ]);
  await osteograph(release.path);
  const second = first.replace('|1|', '|2|');
  await release.table('XRay00.txt', columns, [second, film('1000003', 'PA Left Hand', '2')]);

  const { out } = await osteograph(release.path);

  expect(out).toContain('  1 row marked as dropped: the higher version of this table has no such row\n');
  expect(out).not.toContain('of an earlier file');
});

test('an import counts the cells that are kept as variables', async () => {
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00INCOME|V00MARITST', [
    '1000001|25|61|3|.R',
    '1000002|25|.V|.V|',
  ]);

  const { out } = await osteograph(release.path);

  expect(out.split('\n').slice(0, 4)).toEqual([
    'AllClinical00.txt: 2 rows: 1 new, 0 changed, 0 equal, 1 not of interest',
    '  as variables: 2 cells of 2 columns that have no field of their own, 2 of them new or changed',
    '  not kept: 1 code of visits or knees of which the row tells nothing else',
    '  not of interest: 1 with nothing to keep: blank, or only codes of a visit or knee of which nothing else is known',
  ]);
});

test('imports are listed with what came of them, newest first', async () => {
  const list = (...args: string[]) => finished('imports', ...args);
  expect((await list()).out).toBe('Nothing has been imported yet: "osteograph import <release>" does.\n');
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male', '100|2: Female']);
  await osteograph(release.path);
  await osteograph(release.path, '--dry-run');
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|2: Female']);
  await osteograph(release.path);

  const lines = (await list('--json')).out.trim().split('\n');
  const imports = lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  expect(imports).toMatchObject([
    {
      release: null,
      by: expect.stringMatching(/^command line: /),
      tables: 1,
      rows: 1,
      inserted: 0,
      updated: 1,
      refused: 0,
    },
    { release: null, tables: 1, rows: 2, inserted: 1, updated: 0, refused: 1 },
  ]);
  expect((await list('--limit', '1')).out).toMatch(
    /Z {2}release without a name {2}command line: .+\n {2}tables: 1, rows: 1 \(0 new, 1 changed\); /,
  );
});

test('a folder of tables that are not read ends with 2 and names them', async () => {
  await release.write('biospec_fnih.txt', 'ID|SIDE\n');

  const { code, out } = await osteograph(release.path);

  expect(code).toBe(2);
  expect(out).toContain('not imported, because it is not a table of a release: biospec_fnih.txt');
});

test('a folder without anything of a release, or with nothing that can be read, ends with 2', async () => {
  const empty = await osteograph(release.path);
  await release.table('Enrollees.txt', 'VERSION', ['25']);
  const unreadable = await osteograph(release.path);

  expect([empty.code, unreadable.code]).toEqual([2, 2]);
  expect(empty.out).toContain('holds neither tables of an OAI release, such as Enrollees.txt, nor image folders');
  expect(unreadable.out).toContain('lacks its key column ID');
});

test('a film is added to an exam from the command line', async () => {
  const film = await release.write('film.dcm', filmFile('1000001', '016600000001'));
  const to = ['--participant', '1000001', '--visit', 'V00', '--side', 'RIGHT'];

  const unknown = await osteograph(film, ...to);
  const created = await osteograph(film, ...to, '--create');

  expect([unknown.code, created.code]).toEqual([2, 0]);
  expect(unknown.err).toContain('Participant 1000001 is not in the database');
  expect(created.out).toBe('radiograph: inserted\n');
});

test.each(['SIGKILL', 'SIGINT'] as const)(
  'an import ended by %s in the middle of a table leaves nothing of that table, and the next one completes it',
  async (signal) => {
    const rows = Array.from({ length: 12_000 }, (_, index) =>
      readingRow(String(1000001 + index), '1: Right', '15', '2', '0: 0', ''),
    );
    await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male']);
    await release.table('kxr_sq_bu00.txt', READING_HEADER, rows);
    const count = async (table: string) =>
      Number((await database.dataSource.query<{ count: string }[]>(`SELECT count(*) FROM ${table}`))[0]!.count);

    const child = start('import', release.path);
    for await (const line of createInterface(child.stderr)) {
      // Said after the first batch of the table.
      if (line === 'kxr_sq_bu00.txt') child.kill(signal);
    }
    await lockIsFree();

    expect([await count('participant'), await count('knee_exam'), await count('reading')]).toEqual([1, 0, 0]);
    expect((await osteograph(release.path)).code).toBe(0);
    expect(await count('reading')).toBe(12_000);
  },
);

/** Resolves when the server has noticed that the killed importer is gone. */
async function lockIsFree(): Promise<void> {
  await database.dataSource.transaction((manager) => manager.query('SELECT pg_advisory_xact_lock(4796020)'));
}

test('what became of each attribute is written as CSV or JSON, without a value or a file name', async () => {
  const elements = { PatientName: 'Doe^Jane', PatientID: 'H-77', BurnedInAnnotation: 'YES' };
  const film = await release.write('Doe Jane.dcm', filmFile('', '1', { elements }));
  const to = ['--participant', '1000001', '--visit', 'V00', '--create'];
  const report = (name: string) => ['--deidentification-report', join(release.path, name)];

  const refused = await osteograph(film, ...to, ...report('none.csv'));
  const asCsv = await osteograph(film, ...to, '--redact', 'top:4', '--redact', '0,90,5,5', ...report('report.csv'));
  const asJson = await osteograph(film, ...to, '--redact', 'top:4', ...report('report.ndjson'), '--no-originals');

  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('name the strip to redact')]);
  expect([asCsv.code, asCsv.out, asJson.code]).toEqual([0, 'radiograph: inserted\n', 0]);
  const [head, ...lines] = (await readFile(join(release.path, 'report.csv'), 'utf8')).trim().split('\n');
  expect(head).toBe('sha256,sop_instance_uid,attribute,tag,action,count');
  const digest = createHash('sha256')
    .update(await readFile(film))
    .digest('hex');
  expect(lines).toContainEqual(
    expect.stringMatching(new RegExp(`^${digest},2\\.25\\.\\d+,PatientName,"\\(0010,0010\\)",REPLACED,1$`)),
  );
  expect(lines.join()).not.toMatch(/doe|jane|H-77/i);
  const told = JSON.parse(await readFile(join(release.path, 'report.ndjson'), 'utf8')) as { attributes: object[] };
  expect(told).toMatchObject({ sha256: digest, policy: 2 });
  expect(told.attributes).toContainEqual({ attribute: 'PixelData', tag: '(7FE0,0010)', action: 'CLEANED', count: 1 });
});

test('a strip that is none, one for a whole release, or a report that cannot be written is refused in a sentence', async () => {
  const film = await release.write('film.dcm', filmFile('', '1'));
  const to = ['--participant', '1000001', '--visit', 'V00', '--create'];
  const [wrong, whole, unwritten] = [
    await osteograph(film, ...to, '--redact', 'top'),
    await osteograph(release.path, '--redact', 'top:4'),
    await osteograph(film, ...to, '--deidentification-report', join(release.path, 'no/such/folder.csv')),
  ];
  expect(wrong.err).toContain('A strip to redact is written as top:120');
  expect(whole.err).toContain('--redact is for images of one kind; it goes with --participant.');
  expect(unwritten.err).toContain('cannot be written (ENOENT)');
  expect([wrong.code, whole.code, unwritten.code].every((code) => code !== 0)).toBe(true);
});
