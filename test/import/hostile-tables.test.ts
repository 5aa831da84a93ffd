import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { KneeExam, Participant, Radiograph, Reading, Visit } from '../../src/entities/index.js';
import type { Refusal } from '../../src/oai/index.js';
import { importRelease, readNothing } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { READING_HEADER, readingRow, ReleaseFolder } from '../helpers/oai-files.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

const store = {} as BlobStore;

emptyRelease();
beforeEach(() => release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male']));

const importAll = () => importRelease(dataSource, release.path, { store });
const count = (entity: new () => object) => dataSource.getRepository(entity).count();

test('a table without a key column is refused, naming the column and what is accepted, and the others are read', async () => {
  await release.table('kxr_sq_bu00.txt', READING_HEADER.replace('SIDE|', ''), []);
  await release.table('XRay00.txt', 'ID|V00EXAMTP|V00XRDATE', []);
  await release.table('AllClinical00.txt', 'VERSION|V00AGE', []);

  const summary = await importAll();

  expect(summary.refusals).toEqual([
    {
      file: 'XRay00.txt',
      reason:
        'XRay00.txt lacks its key column V00XRBARCD (the film); accepted names: V00XRBARCD, XRBARCD, V00BARCODE, BARCODE.',
    },
    {
      file: 'kxr_sq_bu00.txt',
      reason: 'kxr_sq_bu00.txt lacks its key column SIDE (the knee); accepted names: SIDE, V00SIDE.',
    },
    {
      file: 'AllClinical00.txt',
      reason:
        'AllClinical00.txt lacks its key column ID (the participant); accepted names: ID, SRC_SUBJECT_ID, SUBJECTKEY, PARTICIPANTID.',
    },
  ]);
  expect(summary.tables).toMatchObject([{ file: 'Enrollees.txt', inserted: 1 }]);
});

test('of columns with one name the first is read, and the others are named', async () => {
  await release.table('AllClinical00.txt', 'ID|V00AGE|V00ODD|v00age|V00ODD|V00ODD||', ['1000001|61|3|62|4|5|x|']);

  const summary = await importAll();

  expect([summary.refusals, summary.refused]).toEqual([[], 0]);
  expect(summary.remarks).toEqual(
    ['V00AGE', 'V00ODD'].map((name) => ({
      file: 'AllClinical00.txt',
      remark: `It has several columns ${name}; the first one was read.`,
    })),
  );
  expect(await dataSource.query('SELECT age FROM visit')).toEqual([{ age: 61 }]);
  expect(await dataSource.query('SELECT text FROM variable_level WHERE code <> 0')).toEqual([{ text: '3' }]);
});

test('rows and cells that cannot be used are refused with their line, and the others are read', async () => {
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [
    readingRow('1000001', '1: Right', '15', '2'),
    readingRow('1000001', '1: Right', '15', '3'),
    readingRow('1000002', '2: Left', '15', '7'),
    readingRow('1000003', '2: Left', '15', '2', '1.5: 1.5'),
    readingRow('1000001', '2: Left', '16', '2'),
    readingRow('1000001', '3', '15', '2'),
    readingRow('1000001', '.', '15', '2'),
    readingRow('10001', '1', '15', '2'),
    readingRow("1'; DROP TABLE reading; --", '1', '15', '2'),
    '1000001|1: Right|15',
    readingRow('1000001', '2: Left', '15', '4'),
  ]);

  const summary = await importAll();

  expect(summary.tables[1]).toMatchObject({ rows: 11, inserted: 4, refused: 7, cellsRefused: 2 });
  const file = 'kxr_sq_bu00.txt';
  expect(summary.refusals).toEqual([
    { file, row: 3, reason: 'It repeats 1000001 V00 RIGHT 15, which row 2 already gives.' },
    { file, row: 4, reason: 'V00XRKL is "7"; grades 0 to 4 are accepted. The rest of the row was read.' },
    {
      file,
      row: 5,
      reason:
        'V00XRJSM is "1.5"; grades 0 to 3, with .2, .4, .6 or .8 after grades 1 and 2, are accepted. The rest of the row was read.',
    },
    { file, row: 6, reason: 'READPRJ is "16"; accepted are 15, 37, 42.' },
    { file, row: 7, reason: 'SIDE is "3"; accepted are 1, 2, R, L, RIGHT, LEFT.' },
    { file, row: 8, reason: 'SIDE is missing; 1 (right) or 2 (left) is accepted.' },
    { file, row: 9, count: 2, reason: 'ID is "10001"; a participant\'s id has seven digits.' },
    { file, row: 11, reason: 'It has 3 cells where the header has 24.' },
  ]);
  expect(await count(Reading)).toBe(4);
});

test('a value out of range, a date of no calendar and an unknown code refuse their cell, and the row is read', async () => {
  await release.table('AllClinical00.txt', 'ID|V00AGE|P01BMI|V00EVDATE|V00WOMKPR', [
    '1000001|61|9e99|02/22/2005|1',
    '1000002|610|30|02/22/2005|1',
    '1000003|61|30|02/30/2005|1',
    '1000004|61|30|02/22/2005|99',
  ]);
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male', '1000005|9: Other']);

  expect((await importAll()).refusals.map(({ file, row, reason }) => `${file} ${row} ${reason}`)).toEqual([
    'Enrollees.txt 3 P02SEX is "9"; accepted are 1, 2, M, F. The rest of the row was read.',
    'AllClinical00.txt 2 P01BMI is "9e99"; a number from 5 to 150 is accepted. The rest of the row was read.',
    'AllClinical00.txt 3 V00AGE is "610"; a number from 0 to 120 is accepted. The rest of the row was read.',
    'AllClinical00.txt 4 V00EVDATE is "02/30/2005"; a date as mm/dd/yyyy is accepted. The rest of the row was read.',
    'AllClinical00.txt 5 V00WOMKPR is "99"; a number from 0 to 20 is accepted. The rest of the row was read.',
  ]);
  const visits = await dataSource.getRepository(Visit).find({ order: { participant: { oaiId: 'ASC' } } });
  expect(visits.map(({ age, bmi, date }) => [age, bmi, date])).toEqual([
    [61, null, '2005-02-22'],
    [null, 30, '2005-02-22'],
    [61, 30, null],
    [61, 30, '2005-02-22'],
  ]);
});

test('a table that stops being one half-way leaves nothing of itself', async () => {
  const rows = Array.from({ length: 5000 }, (_, index) => readingRow(String(1000001 + index), '1', '15', '2', '0', ''));
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [...rows, 'x'.repeat(1_200_000)]);

  const summary = await importAll();

  expect(summary.refusals).toEqual([
    {
      file: 'kxr_sq_bu00.txt',
      reason: 'kxr_sq_bu00.txt is not a table: the line after line 5001 has more than 1048576 bytes.',
    },
  ]);
  expect([await count(Reading), await count(KneeExam), await count(Participant)]).toEqual([0, 0, 1]);
});

test.each([
  [
    'a megabyte without a line end',
    'x'.repeat(1_000_000),
    'is not a table: its first line has more than 131072 bytes.',
  ],
  ['nothing', '', 'is empty.'],
  ['binary data', Buffer.from([80, 75, 3, 4, 0, 0, 0, 10, 65]), 'is binary data, not a table.'],
  ['UTF-16', Buffer.from('\ufeffID|SIDE\n', 'utf16le'), 'is UTF-16 text; save it as UTF-8.'],
])('a table of %s is refused', async (_, content, why) => {
  await release.write('kxr_sq_bu00.txt', content);

  expect((await importAll()).refusals).toEqual([{ file: 'kxr_sq_bu00.txt', reason: `kxr_sq_bu00.txt ${why}` }]);
});

test('a quoted cell that never ends is refused', async () => {
  await release.write('oai_kxrsemiquant01.txt', 'src_subject_id\tvisit\tside\treadprj\n"1000001\tV00\t1\t15\n');

  expect((await importAll()).refusals).toEqual([
    {
      file: 'oai_kxrsemiquant01.txt',
      reason: 'oai_kxrsemiquant01.txt is not a table: the line after line 1 ends within a quoted cell.',
    },
  ]);
});

test("a barcode that is somebody else's already is refused", async () => {
  await release.table('XRay00.txt', 'ID|V00EXAMTP|V00XRBARCD', [
    '1000001|Bilateral PA Fixed Flexion Knee|016600000001',
  ]);
  await release.table('XRay01.txt', 'ID|V01EXAMTP|V01XRBARCD', [
    '1000002|Bilateral PA Fixed Flexion Knee|016600000001',
  ]);
  await release.table('XRay03.txt', 'ID|V03EXAMTP|V03XRBARCD', [
    '1000002|Bilateral PA Fixed Flexion Knee|016610000001',
  ]);

  expect((await importAll()).refusals).toEqual([
    {
      file: 'XRay01.txt',
      row: 2,
      reason: 'Barcode 016600000001 is that of an image of participant 1000001, not 1000002.',
    },
    { file: 'XRay03.txt', row: 2, reason: "V03XRBARCD 016610000001 is not a radiograph's, which start with 01660." },
  ]);
  expect(await count(Radiograph)).toBe(1);
});

test('a table named after a visit that OAI does not have is refused, and a link out of the release is not followed', async () => {
  const elsewhere = await ReleaseFolder.make();
  try {
    const table = await elsewhere.table('kxr_sq_bu01.txt', READING_HEADER, []);
    await symlink(table, join(release.path, 'kxr_sq_bu01.txt'));
    await release.table('kxr_sq_bu77.txt', READING_HEADER, []);

    expect((await importAll()).refusals).toEqual([
      {
        file: 'kxr_sq_bu01.txt',
        reason: 'kxr_sq_bu01.txt is a link that leads out of the release; import what it names directly.',
      },
      { file: 'kxr_sq_bu77.txt', reason: 'kxr_sq_bu77.txt is named after a visit 77, which OAI does not have.' },
    ]);
  } finally {
    await elsewhere.remove();
  }
});

test('the summary keeps the first of equal refusals and counts all; whoever listens gets every one', async () => {
  const all: Refusal[] = [];
  await release.table(
    'Enrollees.txt',
    'ID|P02SEX',
    Array.from({ length: 1500 }, () => 'nobody|1'),
  );

  const summary = await importRelease(dataSource, release.path, { store, onRefusal: (refusal) => all.push(refusal) });

  expect([summary.refused, summary.refusals.length, all.length]).toEqual([1500, 1, 1500]);
  expect(readNothing(summary)).toBe(false);
});

test('two imports into one database do not mix', async () => {
  await release.table('AllClinical00.txt', 'ID|V00AGE', ['1000001|61']);

  // Whichever comes first waits for this table, so that the other one finds it running.
  const holder = dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('LOCK TABLE visit IN ACCESS EXCLUSIVE MODE');

  const imports = [importAll(), importAll()];
  await Promise.any(
    imports.map(async (one) =>
      one.then(
        () => Promise.reject(new Error('done')),
        () => undefined,
      ),
    ),
  );
  await holder.rollbackTransaction();
  await holder.release();
  const outcomes = await Promise.allSettled(imports);

  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const { reason } = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(reason).toMatchObject({
    code: 'CONFLICT',
    message: 'Another import into this database is running; wait until it is done.',
  });
});
