import { utimes, writeFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { KneeExam, Participant, Reading, Visit } from '../../src/entities/index.js';
import { changedAnything, importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { READING_HEADER, readingRow, ReleaseFolder } from '../helpers/oai-files.js';

let database: TestDatabase;
let dataSource: DataSource;
let release: ReleaseFolder;
const store = {} as BlobStore;

const ENROLLEES = 'ID|VERSION|P02SEX|P02RACE|V00SITE';
const CLINICAL = 'ID|P01BMI|V00AGE|V00EVDATE|V00WOMKPR|V00WOMKPL';
const FILMS = 'ID|V00EXAMTP|V00XRDATE|V00XRBARCD';
const SERIES = 'ID|V00MEXAMTP|V00MRBARCD|V00MRCOMP|V00MRDATE|V00MRSIDE';

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  release = await ReleaseFolder.make();
  await release.table('Enrollees.txt', ENROLLEES, [
    '1000001|25|1: Male|1: White or Caucasian|A',
    '1000002|25|2: Female|3: Asian|B',
  ]);
  await release.table('AllClinical00.txt', CLINICAL, [
    '1000001|30.1|61|02/22/2005|3|4',
    '1000002|22.2|50|03/01/2005|0|0',
  ]);
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [
    readingRow('1000001', '1: Right', '15', '2', '1.4: 1.4'),
    readingRow('1000001', '2: Left', '15', '.P'),
    readingRow('1000002', '1: Right', '37', '0', '0: 0', '016600000002'),
  ]);
  await release.table('XRay00.txt', FILMS, ['1000001|Bilateral PA Fixed Flexion Knee|02/22/2005|016600000001']);
  await release.table('MRI00.txt', SERIES, ['1000001|R COR T1 3D FLASH WE|016610000001|1: Yes|02/22/2005|1: Right']);
});

afterEach(async () => {
  await database.drop();
  await release.remove();
});

const importAll = (reread = false) => importRelease(dataSource, release.path, { store, reread });

/** Every row's identity and the transaction that last wrote it: equal before and after means that nothing was written. */
async function rowVersions(): Promise<object[]> {
  const tables = ['participant', 'visit', 'knee_exam', 'reading', 'radiograph', 'mri_series', 'imported_file'];
  const rows = await Promise.all(
    tables.map((table) =>
      dataSource.query<object[]>(`SELECT '${table}' AS name, xmin::text, ctid::text FROM ${table} ORDER BY ctid`),
    ),
  );
  return rows.flat();
}

test('a second import changes no row and says so', async () => {
  await importAll();
  const before = await rowVersions();

  const summary = await importAll();

  expect(changedAnything(summary)).toBe(false);
  expect(summary.tables.every(({ skipped, unchanged, rows }) => skipped && unchanged === rows)).toBe(true);
  expect(await rowVersions()).toEqual(before);
});

test('rows of no interest are none of the equal ones when their table is skipped', async () => {
  await release.table('XRay00.txt', FILMS, [
    '1000001|Bilateral PA Fixed Flexion Knee|02/22/2005|016600000001',
    '1000001|PA Right Hand|02/22/2005|016600000009',
  ]);
  const films = async () => (await importAll()).tables.find(({ file }) => file === 'XRay00.txt');
  const passedOver = { 'films of other joints': 1 };
  expect(await films()).toMatchObject({ rows: 2, inserted: 1, passedOver });

  expect(await films()).toMatchObject({ rows: 2, unchanged: 1, passedOver, skipped: true });
});

test('reading everything again changes no row of the data either', async () => {
  await importAll();
  const data = async () => (await rowVersions()).filter((row) => (row as { name: string }).name !== 'imported_file');
  const before = await data();

  const summary = await importAll(true);

  expect(summary.tables.map(({ inserted, updated, skipped }) => [inserted, updated, skipped])).toEqual(
    Array(5).fill([0, 0, false]),
  );
  expect(await data()).toEqual(before);
});

test('a table that was only copied anew is not read again, whatever its time', async () => {
  await importAll();
  await utimes(`${release.path}/Enrollees.txt`, 1_000_000, 1_000_000);

  expect((await importAll()).tables[0]).toMatchObject({ file: 'Enrollees.txt', skipped: true });
});

test('an updated table changes the rows that differ, and their preferred reading', async () => {
  await importAll();
  const left = readingRow('1000001', '2: Left', '15', '1');
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [
    readingRow('1000001', '1: Right', '15', '3', '2.2: 2.2').replace('|0.8|', '|0.9|'),
    left,
    readingRow('1000002', '1: Right', '37', '0', '0: 0', '016600000002'),
    readingRow('1000002', '1: Right', '15', '1', '0: 0', '016600000002'),
  ]);

  const summary = await importAll();

  const readings = summary.tables.find(({ file }) => file === 'kxr_sq_bu00.txt');
  expect(readings).toMatchObject({ rows: 4, inserted: 1, updated: 2, unchanged: 1, refused: 0 });
  // A table of which codes may have waited for an exam is read again, and says nothing new.
  const others = summary.tables.filter(({ file, skipped }) => file !== 'kxr_sq_bu00.txt' && !skipped);
  expect(others).toMatchObject([{ file: 'AllClinical00.txt', inserted: 0, updated: 0, unchanged: 2 }]);
  const exams = await dataSource.getRepository(KneeExam).find({ relations: { participant: true, readings: true } });
  const [first, second, third] = [
    ['1000001', 'RIGHT'],
    ['1000001', 'LEFT'],
    ['1000002', 'RIGHT'],
  ].map(([id, side]) => exams.find((exam) => exam.participant.oaiId === id && exam.side === side)!);
  expect(first).toMatchObject({ grades: { XRKL: 3, XRJSM: 2 } });
  expect(first!.readings[0]).toMatchObject({ version: '0.9', missing: {} });
  expect(second).toMatchObject({ grades: { XRKL: 1 } });
  expect(second!.readings[0]!.missing).toEqual({});
  expect(third).toMatchObject({ preferredProject: '15', grades: { XRKL: 1 } });
});

test('a corrected value replaces, a code that took its place is kept, and a plain missing form erases nothing', async () => {
  await importAll();
  await release.table('AllClinical00.txt', CLINICAL, [
    '1000001|.|61|02/23/2005|.R|4',
    '1000002|22.2|50|03/01/2005|0|0',
  ]);
  await release.table('Enrollees.txt', ENROLLEES, [
    '1000001|26|1: Male|.: Missing|A',
    '1000002|26|2: Female|3: Asian|B',
  ]);

  const summary = await importAll();

  const became = Object.fromEntries(
    summary.tables.map(({ file, updated, unchanged, skipped }) => [file, [updated, unchanged, skipped]]),
  );
  expect(became).toMatchObject({ 'Enrollees.txt': [0, 1, false], 'AllClinical00.txt': [1, 1, false] });
  const participant = await dataSource.getRepository(Participant).findOneByOrFail({ oaiId: '1000001' });
  expect(participant).toMatchObject({ race: 'WHITE', sex: 'MALE' });
  const visit = await dataSource
    .getRepository(Visit)
    .findOneOrFail({ where: { participantId: participant.id }, relations: { exams: true } });
  expect(visit).toMatchObject({ bmi: expect.closeTo(30.1) as number, age: 61, date: '2005-02-23' });
  expect(visit.exams.find(({ side }) => side === 'RIGHT')).toMatchObject({
    womacPain: null,
    origins: { womacPain: [expect.any(Number), 2, '.R'] },
    grades: { XRKL: 2 },
  });
});

test('a code of a knee that only a later table shows to have been examined is there after one import', async () => {
  await release.table('AllClinical00.txt', CLINICAL, ['1000003|30.1|61|02/22/2005|.A|.M']);
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [readingRow('1000003', '1: Right', '15', '2')]);

  await importAll();

  const exams = await dataSource.getRepository(KneeExam).findBy({ participant: { oaiId: '1000003' } });
  expect(exams.map(({ side, origins }) => [side, origins['womacPain']])).toEqual([
    ['RIGHT', [expect.any(Number), expect.any(Number), '.A']],
  ]);
});

test('a table without a column leaves what another table said of it', async () => {
  await importAll();
  await release.table('SubjectChar00.txt', 'ID|V00AGE', ['1000001|62']);
  await writeFile(`${release.path}/Enrollees.txt`, 'ID|P02SEX\r\n1000001|1: Male\r\n');

  await importAll();

  const visit = await dataSource
    .getRepository(Visit)
    .findOneOrFail({ where: { participant: { oaiId: '1000001' } }, relations: { participant: true } });
  expect(visit).toMatchObject({
    age: 62,
    bmi: expect.closeTo(30.1) as number,
    participant: { race: 'WHITE', site: 'A' },
  });
});

test('images and readings may be imported without Enrollees, which completes them later', async () => {
  const other = await createTestDatabase();
  try {
    await writeFile(`${release.path}/Enrollees.txt`, '');

    const first = await importRelease(other.dataSource, release.path, { store });
    await release.table('Enrollees.txt', ENROLLEES, ['1000001|25|1: Male|1: White or Caucasian|A']);
    await importRelease(other.dataSource, release.path, { store });

    expect(first.refusals).toEqual([{ file: 'Enrollees.txt', reason: 'Enrollees.txt is empty.' }]);
    expect(await other.dataSource.getRepository(Participant).findOneByOrFail({ oaiId: '1000001' })).toMatchObject({
      sex: 'MALE',
    });
    expect(await other.dataSource.getRepository(Reading).count()).toBe(3);
  } finally {
    await other.drop();
  }
});
