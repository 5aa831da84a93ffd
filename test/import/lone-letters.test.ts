import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { ReleaseFolder } from '../helpers/oai-files.js';

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

/** What is stored of a table: variables with their levels, how many values there are, and who was there. */
async function stored(): Promise<object> {
  const [variables, levels, coverage, visits] = await Promise.all(
    [
      'SELECT name, kind FROM variable ORDER BY name',
      'SELECT v.name, l.text, l.missing FROM variable_level l JOIN variable v ON v.id = l.variable_id ORDER BY 1, 2',
      'SELECT v.name, c.filled, c.missing FROM variable_coverage c JOIN variable v ON v.id = c.variable_id ORDER BY 1',
      'SELECT p.oai_id FROM visit v JOIN participant p ON p.id = v.participant_id ORDER BY 1',
    ].map((statement) => database.dataSource.query<object[]>(statement)),
  );
  return { variables, levels, coverage, visits: visits!.length, first: visits![0] };
}

/** 1002 people: 1000 who missed the visit, one without a value of the sparse variable, and one who has one. */
const ROWS = [
  ...Array.from({ length: 1000 }, (_, person) => `${9000001 + person}|11|V|V|V`),
  '9001001|11|A|Y|A',
  '9001002|11|2.5|N|see notes',
];

test.each([
  ['first', ROWS],
  ['last', ROWS.toReversed()],
])('lone letters are codes in a column of numbers and words in one of words, with the letters %s', async (_, rows) => {
  await release.table('AllClinical03.txt', 'ID|VERSION|V03SPARSE|V03FLAG|V03NOTE', rows);

  const { refusals } = await importRelease(database.dataSource, release.path, { store: {} as BlobStore });

  expect(refusals).toEqual([]);
  expect(await stored()).toMatchObject({
    variables: [
      { name: 'FLAG', kind: 'TEXT' },
      { name: 'NOTE', kind: 'TEXT' },
      { name: 'SPARSE', kind: 'NUMBER' },
    ],
    levels: expect.arrayContaining([
      { name: 'NOTE', text: 'A', missing: null },
      { name: 'SPARSE', text: '.A', missing: '.A' },
      { name: 'SPARSE', text: '.V', missing: '.V' },
      { name: 'SPARSE', text: '2.5', missing: null },
    ]) as object,
  });
});

test('who missed a visit, as a SAS export says it, has none, however late the first number comes', async () => {
  const numbers = ROWS.map((row) => row.split('|').slice(0, 3).join('|'));
  await release.table('AllClinical03.txt', 'ID|VERSION|V03SPARSE', numbers);

  await importRelease(database.dataSource, release.path, { store: {} as BlobStore });

  expect(await stored()).toMatchObject({
    coverage: [{ name: 'SPARSE', filled: 1, missing: 0 }],
    visits: 1,
    first: { oai_id: '9001002' },
  });
});
