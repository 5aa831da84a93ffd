import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createCohort } from '../../src/services/cohorts/index.js';
import { makeStudy } from '../helpers/cohorts.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-cohorts-'));
  await makeStudy(database.dataSource, 10);
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const cohorts = (...args: string[]): Promise<CommandResult> =>
  runCommand(['cohorts', ...args, '--data-dir', folder], { DATABASE_URL: database.url });

async function filterFile(text: string): Promise<string> {
  const file = join(folder, 'filter.json');
  await writeFile(file, text);
  return file;
}

test('without cohorts the list says how to make one', async () => {
  expect((await cohorts('list')).stdout).toBe('There are no cohorts yet; "osteograph cohorts create" makes one.\n');
});

test('a cohort is made from a file', async () => {
  const file = await filterFile('{ "visit": { "eq": "V00" }, "kl": { "gte": 2 } }');
  const { code, stdout, stderr } = await cohorts('create', '--name', 'Made', '--filter', file);
  const [audited] = await database.dataSource.getRepository(AuditEntry).findBy({ action: 'createCohort' });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(audited).toMatchObject({ tokenId: null, detail: { name: 'Made', kind: 'STATIC', exams: 12 } });
  expect(stdout).toBe(`${encodeId('Cohort', audited!.target!)}\n`);
});

test('cohorts are listed and shown', async () => {
  const filter = { visit: { eq: 'V00' }, readings: { none: { project: { eq: '37' } } } };
  const request = { name: 'Baseline', description: 'For the test.', kind: 'DYNAMIC', filter } as const;
  const cohort = await createCohort(database.dataSource, COMMAND_LINE, request);
  const id = encodeId('Cohort', cohort.id);
  const listed = await cohorts();
  const shown = await cohorts('show', id);

  expect(listed.stdout).toMatch(new RegExp(`^${id}  \\d{4}-\\d\\d-\\d\\d  DYNAMIC  PRIVATE  v1    Baseline\n`));
  expect(shown.stdout).toMatch(/^Baseline \(DYNAMIC, PRIVATE, version 1 of \d{4}-\d\d-\d\d\)\nFor the test\.\n/);
  expect(shown.stdout).toContain(
    'filter {"visit":{"eq":"V00"},"readings":{"none":{"project":{"eq":"PROJECT_37"}}}}\n20 exams of 10 participants\n' +
      '   exams  participants   removed  criterion\n' +
      '      40            10            all\n' +
      '      20            10        20  visit = V00\n' +
      '      20            10         0  none readings (project = 37)\n',
  );
});

test.each([
  ['no JSON', '{ kl: 2 }', /^osteograph: The filter in .*filter\.json is not JSON\.\n$/],
  ['an unknown field', '{ "klx": { "eq": 2 } }', /^osteograph: filter: Field "klx" is not defined.*Did you mean/],
  ['a wrong value', '{ "kl": { "eq": "two" } }', /^osteograph: filter\.kl\.eq: Int cannot represent/],
  ['a list', '[]', /^osteograph: filter: Expected type "KneeExamFilter" to be an object\./],
])('%s is refused in a sentence', async (_name, text, message) => {
  const result = await cohorts('create', '--name', 'x', '--filter', await filterFile(text));

  expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) as string });
});

test('what is no cohort is refused in a sentence', async () => {
  expect((await cohorts('show', 'x')).stderr).toBe('osteograph: "x" is not the id of a cohort.\n');
  expect((await cohorts('create', '--name', 'x', '--filter', join(folder, 'none.json'))).stderr).toMatch(
    /^osteograph: The file of the filter cannot be read: ENOENT/,
  );
});

describe('from a table', () => {
  async function tableFile(name: string, text: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  }

  test.each([
    ['comma', 'ID,SIDE,VISIT,note\n1500000,1: Right,V00,a\n1500001,2,v06,b\n'],
    ['pipe, as the release has it', 'ID|VERSION|SIDE|VISIT\n1500000|25|1: Right|V00\n1500001|25|2: Left|V06\n'],
    [
      'semicolon, with the names of exports',
      '"oai_id";"visit";"side"\n"1500000";"V00";"RIGHT"\n"1500001";"V06";"LEFT"\n',
    ],
  ])('of columns separated by a %s, a cohort of the exams that it names is made', async (name, text) => {
    const made = await cohorts('create', '--name', name, '--from', await tableFile('knees.csv', text));

    expect(made).toMatchObject({ code: 0, stderr: '2 exams named by 2 rows\n' });
    const shown = await cohorts('show', made.stdout.trim());
    expect(shown.stdout).toContain('named by 2 rows, of which 0 named no exam\n2 exams of 2 participants\n');
  });

  test('of which rows name no exam, nothing is made and they are told', async () => {
    const file = await tableFile('unknown.csv', 'ID,VISIT\n1500000,V00\n9999999,V00\n1500001,V03\n');
    const before = (await cohorts('list')).stdout;
    const refused = await cohorts('create', '--name', 'x', '--from', file);

    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'osteograph: 2 of 3 rows name no knee exam, and nothing was made. row 2: There is no participant 9999999. ' +
        'row 3: Participant 1500001 has no visit V03.\n',
    });
    expect((await cohorts('list')).stdout).toBe(before);

    const made = await cohorts('create', '--name', 'Some', '--from', file, '--leave-out-unknown');
    expect(made).toMatchObject({
      code: 0,
      stderr:
        '2 exams named by 3 rows; left out, because they name no exam: 2\n' +
        'row 2: There is no participant 9999999.\nrow 3: Participant 1500001 has no visit V03.\n',
    });
  });

  test.each([
    [
      'without a column of visits',
      'ID,SIDE\n1500000,1\n',
      /^osteograph: bad\.csv lacks its key column VISIT \(the visit\)/,
    ],
    [
      'with a visit that is none',
      'ID,VISIT\n1500000,V00\n1500000,V99\n',
      /^osteograph: bad\.csv line 3: VISIT is "V99"; a visit is one of V00, /,
    ],
    [
      'with a side that is none',
      'ID,SIDE,VISIT\n1500000,7,V00\n',
      /^osteograph: bad\.csv line 2: SIDE is "7"; accepted are /,
    ],
    [
      'with a blank side',
      'ID,SIDE,VISIT\n1500000,3,V00\n1500000,,V00\n',
      'osteograph: bad.csv line 3: SIDE is missing; 1 (right), 2 (left) or 3 (both) is accepted.\n',
    ],
    [
      'with a missing code for a side',
      'ID,SIDE,VISIT\n1500000,.M,V00\n',
      'osteograph: bad.csv line 2: SIDE is missing; 1 (right), 2 (left) or 3 (both) is accepted.\n',
    ],
    [
      'with an id that is none',
      'ID,VISIT\n12,V00\n',
      /^osteograph: bad\.csv line 2: ID is "12"; a participant's id has seven digits\.\n$/,
    ],
    ['that is empty', '', /^osteograph: bad\.csv is empty\.\n$/],
  ])('%s nothing is made', async (_, text, message) => {
    const refused = await cohorts('create', '--name', 'x', '--from', await tableFile('bad.csv', text));

    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    });
  });

  test('what is no file, and what a cohort is not made of, is refused in a sentence', async () => {
    expect((await cohorts('create', '--name', 'x', '--from', join(folder, 'none.csv'))).stderr).toMatch(
      /^osteograph: none\.csv cannot be read: ENOENT/,
    );
    expect((await cohorts('create', '--name', 'x')).stderr).toBe(
      'osteograph: Say what the cohort is made of: --filter or --from, one of the two.\n',
    );
    expect((await cohorts('create', '--name', 'x', '--filter', '-', '--leave-out-unknown')).stderr).toBe(
      'osteograph: --leave-out-unknown goes with --from.\n',
    );
  });
});

describe('a cohort is changed', () => {
  async function made(): Promise<string> {
    const file = await filterFile('{ "visit": { "eq": "V00" }, "kl": { "gte": 2 } }');
    return (await cohorts('create', '--name', 'To change', '--filter', file)).stdout.trim();
  }

  test('by a filter of exams to leave out and a table of those to take in, with a note and a new name', async () => {
    const id = await made();
    const left = await filterFile('{ "side": { "eq": "LEFT" } }');
    const table = join(folder, 'more.csv');
    await writeFile(table, 'ID,SIDE,VISIT\n1500000,2,V06\n');
    const edit = [
      '--remove-filter',
      left,
      '--add-from',
      table,
      '--note',
      'right knees and one more',
      '--name',
      'Edited',
    ];
    const { code, stdout, stderr } = await cohorts('update', id, ...edit);
    const shown = await cohorts('show', id);

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '2\n', stderr: '1 exams named by 1 rows\n' });
    expect(shown.stdout).toMatch(/^Edited \(STATIC, READERS, version 2 of /);
    expect(shown.stdout).toMatch(/\n7 exams of \d participants\n/);
  });

  test('by exams that take the place of all others', async () => {
    const id = await made();
    const { stdout } = await cohorts('update', id, '--filter', await filterFile('{ "visit": { "eq": "V06" } }'));

    expect(stdout).toBe('2\n');
    expect((await cohorts('show', id)).stdout).toContain(
      'filter {"visit":{"eq":"V06"}}\n20 exams of 10 participants\n',
    );
  });

  test.each([
    [['--at-version', '7', '--name', 'x'], /is at version 1, not 7; read it again and repeat the change\.\n$/],
    [[], /There is nothing to change; give a name, a description, a filter or exams\.\n$/],
    [
      ['--filter', 'a', '--from', 'b'],
      /^osteograph: Say by one of "a" and "b" which exams are meant, not by both\.\n$/,
    ],
  ])('not by %j, which is refused in a sentence', async (options, message) => {
    const refused = await cohorts('update', await made(), ...options);

    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) as string });
  });
});
