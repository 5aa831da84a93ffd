import { Participant, Reading } from '../../src/entities/index.js';
import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

const COLUMNS = 'ID|SIDE|READPRJ|VERSION|V00XRKL|V00XRJSM';

const store = {} as BlobStore;

emptyRelease();

const importAll = (dryRun: boolean) => importRelease(dataSource, release.path, { store, dryRun });
const readings = () => dataSource.getRepository(Reading).find({ order: { id: 'ASC' } });

async function rowsOf(...tables: string[]): Promise<number[]> {
  const counts = [];
  for (const table of tables) {
    const [row] = await dataSource.query<{ count: string }[]>(`SELECT count(*) FROM ${table}`);
    counts.push(Number(row!.count));
  }
  return counts;
}

test('a dry run tells what a release would bring, later tables building on earlier ones, and leaves the database empty', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male', '1000002|2: Female']);
  await release.table('kxr_sq_bu00.txt', COLUMNS, ['1000001|1|15|0.8|2|', '1000002|2|15|0.8|.P|1']);

  const dry = await importAll(true);

  expect(dry.dryRun).toBe(true);
  expect(dry.tables.map(({ file, inserted, changes }) => [file, inserted, changes])).toEqual([
    ['Enrollees.txt', 2, [{ table: 'participant', column: 'sex', added: 2, filled: 0, replaced: 0, dropped: 0 }]],
    [
      'kxr_sq_bu00.txt',
      2,
      [
        { table: 'reading', column: 'xrkl', added: 2, filled: 0, replaced: 0, dropped: 0 },
        { table: 'reading', column: 'xrjsm', added: 1, filled: 0, replaced: 0, dropped: 0 },
      ],
    ],
  ]);
  expect(await rowsOf('participant', 'visit', 'knee_exam', 'reading', 'import_source', 'imported_file')).toEqual([
    ...[0, 0, 0, 0, 0, 0],
  ]);
});

test('of what is stored it tells apart what it would fill and what it would replace, and an import then does that', async () => {
  await release.table('kxr_sq_bu00.txt', COLUMNS, ['1000001|1|15|0.8|2|', '1000001|2|15|0.8|1|0']);
  await importAll(false);
  await release.table('kxr_sq_bu00.txt', COLUMNS, ['1000001|1|15|0.9|3|1', '1000001|2|15|0.9|1|0']);

  const dry = await importAll(true);
  const before = (await readings()).map(({ grades }) => [grades.XRKL, grades.XRJSM]);
  const done = await importAll(false);

  const changes = [
    { table: 'reading', column: 'xrkl', added: 0, filled: 0, replaced: 1, dropped: 0 },
    { table: 'reading', column: 'xrjsm', added: 0, filled: 1, replaced: 0, dropped: 0 },
  ];
  expect(dry.tables).toMatchObject([{ updated: 1, unchanged: 1, changes }]);
  expect(before).toEqual([
    [2, null],
    [1, 0],
  ]);
  expect(done.tables).toMatchObject([{ updated: 1, unchanged: 1, changes }]);
  expect((await readings()).map(({ grades }) => [grades.XRKL, grades.XRJSM])).toEqual([
    [3, 1],
    [1, 0],
  ]);
});

test('a table that is refused half-way takes nothing of the others with it, and is refused in a dry run too', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male']);
  await release.write('kxr_sq_bu00.csv', `${COLUMNS.replaceAll('|', ',')}\n1000001,1,15,0.8,2,0\n1000001,"2,15`);

  const dry = await importAll(true);

  expect(dry.tables).toMatchObject([{ file: 'Enrollees.txt', inserted: 1 }]);
  expect(dry.refusals).toEqual([
    { file: 'kxr_sq_bu00.csv', reason: expect.stringMatching(/ends within a quoted cell\.$/) },
  ]);
  expect(await dataSource.getRepository(Participant).count()).toBe(0);
});
