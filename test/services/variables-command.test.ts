import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeStudy } from '../helpers/cohorts.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-variables-'));
  await makeStudy(database.dataSource, 10);
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const osteograph = (...args: string[]): Promise<CommandResult> =>
  runCommand([...args, '--data-dir', folder], { DATABASE_URL: database.url });
const variables = (...args: string[]): Promise<CommandResult> => osteograph('variables', ...args);

async function file(name: string, value: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(value));
  return path;
}

test('without derived variables the list says how to define one', async () => {
  expect((await variables()).stdout).toBe(
    'There are no derived variables yet; "osteograph variables define" makes one.\n',
  );
});

test('a variable is defined, shown, exported, redefined and found', async () => {
  const where = await file('where.json', { kl: { gte: 2 }, side: { eq: 'LEFT' } });
  const made = await variables('define', 'worn', '--label', 'Worn left knee', '--where', where);
  expect(made).toEqual({ code: 0, stdout: 'worn\n', stderr: '' });

  const bands = await file('bands.json', [
    { label: 'severe', where: { kl: { gte: 3 } } },
    { label: 'other', where: {} },
  ]);
  const out = join(folder, 'worn.csv');
  expect((await osteograph('export', out, '--columns', 'key', '--variables', 'worn')).code).toBe(0);
  const [header, ...rows] = (await readFile(out, 'utf8')).trim().split('\n');
  expect(header).toBe('exam_id,oai_id,visit,side,phantom,worn,worn_missing');
  expect(
    rows
      .map((row) => row.split(',')[5])
      .sort()
      .join(''),
  ).toBe(`${'0'.repeat(28)}${'1'.repeat(12)}`);

  expect(await variables('redefine', 'WORN', '--bands', bands, '--note', 'In bands.')).toEqual({
    ...{ code: 0, stdout: '2\n', stderr: '' },
  });
  const { stdout } = await variables('show', 'worn');
  expect(stdout.replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')).toBe(
    'worn: Worn left knee (BANDS, version 2)\n' +
      'version 2 of DAY: In bands.\n' +
      '  1 severe: {"kl":{"gte":3}}\n' +
      '  2 other: {}\n' +
      'version 1 of DAY\n' +
      '  where {"kl":{"gte":2},"side":{"eq":"LEFT"}}\n',
  );
  expect((await variables('list')).stdout).toMatch(/^worn {38}v2 {4}\d{4}-\d\d-\d\d {2}Worn left knee\n$/);
  expect((await variables('search', 'worn')).stdout).toBe('worn                  code    Worn left knee\n');
  expect((await variables('search', 'koos', 'symptoms')).stdout).toBe(
    'koosSymptoms          number  KOOS symptoms other than pain, 0 (worst) to 100\n',
  );
  expect((await variables('search', 'nosuchthing')).stdout).toBe('No variable has "nosuchthing".\n');
});

test('a variable is deleted once nothing uses it', async () => {
  const filter = await file('cohort.json', { variables: [{ name: 'worn', eq: 1 }] });
  const { stdout } = await osteograph('cohorts', 'create', '--name', 'Severe', '--filter', filter);
  expect((await osteograph('cohorts', 'show', stdout.trim())).stdout).toContain(
    'filter {"variables":[{"name":"worn@2","eq":1}]}\n',
  );

  expect(await variables('delete', 'worn')).toEqual({
    ...{ code: 1, stdout: '' },
    stderr: 'osteograph: worn is used by the cohort "Severe"; delete that first.\n',
  });
  await database.dataSource.query('DELETE FROM cohort');
  expect(await variables('delete', 'worn')).toEqual({ code: 0, stdout: 'Deleted worn.\n', stderr: '' });
});

test('what is wrong is said in one sentence', async () => {
  const where = await file('where.json', { kl: { gte: 2 } });
  const wrong = await file('wrong.json', [{ label: 'a' }]);
  const refused = async (...args: string[]) => (await variables(...args)).stderr;

  expect(await refused('define', 'one', '--label', 'One')).toBe(
    'osteograph: Say what the variable is: --where or --bands, one of the two.\n',
  );
  expect(await refused('define', 'one', '--label', 'One', '--where', where, '--bands', wrong)).toBe(
    'osteograph: Say what the variable is: --where or --bands, one of the two.\n',
  );
  expect(await refused('define', 'one', '--label', 'One', '--bands', wrong)).toBe(
    'osteograph: Bands are a list of objects, each with a "label" and a filter as "where".\n',
  );
  expect(await refused('show', 'nothing')).toBe('osteograph: There is no derived variable "nothing".\n');
  expect(await refused('redefine', 'nothing', '--label', 'x')).toBe(
    'osteograph: There is no derived variable "nothing".\n',
  );
});
