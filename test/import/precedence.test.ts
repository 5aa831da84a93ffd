import type { DataSource } from 'typeorm';
import { ImportSource, KneeExam, Reading, Visit } from '../../src/entities/index.js';
import { importRelease, type TableSummary } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { ReleaseFolder } from '../helpers/oai-files.js';

let database: TestDatabase;
let dataSource: DataSource;
let folders: Map<string, ReleaseFolder>;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  folders = new Map();
});

afterEach(async () => {
  await database.drop();
  for (const folder of folders.values()) await folder.remove();
});

/** Writes a release of one table. */
async function release(name: string, file: string, ...lines: string[]): Promise<void> {
  const folder = await ReleaseFolder.make();
  folders.set(name, folder);
  await folder.table(file, lines[0]!, lines.slice(1));
}

/** Imports a release and tells what became of its table. */
async function bring(name: string): Promise<TableSummary> {
  const summary = await importRelease(dataSource, folders.get(name)!.path, { store: {} as BlobStore });
  expect(summary.refusals).toEqual([]);
  return summary.tables[0]!;
}

const counts = ({ inserted, updated, kept, blank, unchanged, skipped }: TableSummary) => ({
  ...{ new: inserted, changed: updated, kept, blank, equal: unchanged, skipped },
});

/** KL grade or missing code of each reading, with the version that its row has. */
async function grades(): Promise<string[]> {
  const readings = await dataSource
    .getRepository(Reading)
    .find({ relations: { exam: { participant: true } }, order: { exam: { participant: { oaiId: 'ASC' } } } });
  return readings.map(
    ({ exam, grades: { XRKL }, missing, version }) =>
      `${exam.participant.oaiId} ${XRKL ?? missing.XRKL ?? 'blank'} ${version}`,
  );
}

const READINGS = 'ID|SIDE|READPRJ|VERSION|V00XRKL';

test('a lower version, blanks and all, changes nothing of a higher one, in whichever order they come', async () => {
  await release('a', 'kxr_sq_bu00.txt', READINGS, '9990031|1|15|0.9|.P', '9990032|1|15|0.9|2');
  await release('b', 'kxr_sq_bu00.csv', 'ID,SIDE,READPRJ,VERSION,V00XRKL', '9990031,1,15,0.6,', '9990032,1,15,0.6,1');
  const expected = ['9990031 .P 0.9', '9990032 2 0.9'];

  expect(counts(await bring('a'))).toEqual({ new: 2, changed: 0, kept: 0, blank: 0, equal: 0, skipped: false });
  expect(counts(await bring('b'))).toEqual({ new: 0, changed: 0, kept: 1, blank: 1, equal: 0, skipped: false });
  expect(await grades()).toEqual(expected);
  // Nothing was written in between, so the database is what it was.
  expect(counts(await bring('a'))).toEqual({ new: 0, changed: 0, kept: 0, blank: 0, equal: 2, skipped: true });
  expect(await grades()).toEqual(expected);

  await dataSource.query('DELETE FROM reading');
  expect(counts(await bring('b'))).toMatchObject({ new: 2 });
  expect(await grades()).toEqual(['9990031 blank 0.6', '9990032 1 0.6']);
  expect(counts(await bring('a'))).toMatchObject({ new: 0, changed: 2 });
  expect(await grades()).toEqual(expected);
});

test('of equal versions the last import counts: A, B, A ends with the values of A', async () => {
  await release('a', 'kxr_sq_bu00.txt', READINGS, '9990031|1|15|0.9|.P', '9990032|1|15|0.9|2', '9990033|1|15|0.9|4');
  await release('b', 'kxr_sq_bu00.txt', READINGS, '9990031|1|15|0.9|3', '9990032|1|15|0.9|1', '9990033|1|15|0.9|4');
  const seen: unknown[] = [];

  for (const name of ['a', 'b', 'a', 'a']) seen.push([counts(await bring(name)), await grades()]);

  const ofA = ['9990031 .P 0.9', '9990032 2 0.9', '9990033 4 0.9'];
  const again = { new: 0, changed: 2, kept: 0, blank: 0, equal: 1, skipped: false };
  expect(seen).toEqual([
    [{ new: 3, changed: 0, kept: 0, blank: 0, equal: 0, skipped: false }, ofA],
    [again, ['9990031 3 0.9', '9990032 1 0.9', '9990033 4 0.9']],
    [again, ofA],
    [{ new: 0, changed: 0, kept: 0, blank: 0, equal: 3, skipped: true }, ofA],
  ]);
  const exam = await dataSource.getRepository(KneeExam).findOneByOrFail({ participant: { oaiId: '9990032' } });
  expect(exam.grades.XRKL).toBe(2);
});

test('a CSV made from the spreadsheet of the same table wipes no missing code', async () => {
  await release(
    'txt',
    'kxr_sq_bu00.txt',
    READINGS,
    '9990031|1|15|0.9|.P',
    '9990032|1|15|0.9|.T',
    '9990033|1|15|0.9|.A',
  );
  await release(
    'csv',
    'kxr_sq_bu00.csv',
    'ID,SIDE,READPRJ,VERSION,V00XRKL',
    ...['9990031,1,15,0.9,', '9990032,1,15,0.9,NaN', '9990033,1,15,0.9,NA'],
  );
  await bring('txt');

  expect(counts(await bring('csv'))).toEqual({ new: 0, changed: 0, kept: 0, blank: 3, equal: 0, skipped: false });
  expect(await grades()).toEqual(['9990031 .P 0.9', '9990032 .T 0.9', '9990033 .A 0.9']);
});

test('a missing code of another table does not erase an age, of equal version, and neither does a missing form', async () => {
  await release(
    'all',
    'AllClinical00.txt',
    'ID|VERSION|V00AGE|P01BMI|V00WOMKPR',
    '9990031|1|61|31.5|3',
    '9990032|1|62|30|2',
  );
  await release('subject', 'SubjectChar00.txt', 'ID|VERSION|V00AGE', '9990031|1|.', '9990032|1|.A');
  await release('newer', 'SubjectChar00.txt', 'ID|VERSION|V00AGE', '9990031|2|.', '9990032|2|60');

  await bring('all');
  expect(counts(await bring('subject'))).toMatchObject({ changed: 0, kept: 1, blank: 1 });
  expect(await ages()).toEqual([61, 62]);
  expect(counts(await bring('newer'))).toMatchObject({ changed: 1, blank: 1 });
  expect(await ages()).toEqual([61, 60]);
  expect(counts(await bring('all'))).toMatchObject({ changed: 0, kept: 1, equal: 1, skipped: false });
  expect(await ages()).toEqual([61, 60]);

  async function ages(): Promise<(number | null)[]> {
    const visits = await dataSource.getRepository(Visit).find({ order: { participant: { oaiId: 'ASC' } } });
    return visits.map(({ age }) => age);
  }
});

test('each value knows its file, its row and the version', async () => {
  await release('all', 'AllClinical00.txt', 'ID|VERSION|V00AGE|P01BMI|V00WOMKPR|V00WOMKPL', '9990031|25|61|31.5|3|.R');
  await release('subject', 'SubjectChar00.txt', 'ID|VERSION|V00AGE', '9990030|26|50', '9990031|26|60');
  await bring('all');
  await bring('subject');

  const sources = await dataSource.getRepository(ImportSource).find({ order: { id: 'ASC' } });
  expect(sources).toMatchObject([
    { file: 'AllClinical00.txt', name: 'allclinical00', version: '25' },
    { file: 'SubjectChar00.txt', name: 'subjectchar00', version: '26' },
  ]);
  const [all, subject] = sources.map(({ id }) => id) as [number, number];
  const visit = await dataSource
    .getRepository(Visit)
    .findOneOrFail({ where: { participant: { oaiId: '9990031' } }, relations: { exams: true } });
  expect([visit.age, visit.origins]).toEqual([60, { '*': [all, 2], age: [subject, 3] }]);
  // Of the left knee only a code is known, which makes no exam.
  expect(visit.exams).toMatchObject([{ side: 'RIGHT', womacPain: 3, origins: { '*': [all, 2] } }]);
});

test('a value that a higher version repeats is of the higher version from then on', async () => {
  await release('old', 'kxr_sq_bu00.txt', READINGS, '9990031|1|15|0.6|2');
  await release('new', 'kxr_sq_bu00.txt', READINGS, '9990031|1|15|0.10|2');
  await release('between', 'kxr_sq_bu00.txt', READINGS, '9990031|1|15|0.9|3');
  await bring('old');

  expect(counts(await bring('new'))).toMatchObject({ changed: 0, equal: 1 });
  expect(counts(await bring('between'))).toMatchObject({ changed: 0, kept: 1 });
  expect(await grades()).toEqual(['9990031 2 0.10']);
});

test('rows that a newer file of a table lacks stay, and their number is told', async () => {
  await release('long', 'kxr_sq_bu00.txt', READINGS, '9990051|1|15|0.8|1', '9990052|1|15|0.8|3', '9990053|1|15|0.8|2');
  await release('short', 'kxr_sq_bu00.csv', 'ID,SIDE,READPRJ,VERSION,V00XRKL', '9990052,1,15,0.9,4');
  await release('other', 'kxr_sq_bu01.txt', READINGS.replace('V00', 'V01'), '9990052|1|15|0.9|4');

  expect((await bring('long')).absent).toBe(0);
  expect(await bring('short')).toMatchObject({ rows: 1, updated: 1, absent: 2 });
  expect((await bring('other')).absent).toBe(0);
  expect((await grades()).filter((grade) => !grade.startsWith('9990052'))).toEqual(['9990051 1 0.8', '9990053 2 0.8']);
});

test('a table is read again when somebody else changed the database', async () => {
  await release('a', 'AllClinical00.txt', 'ID|VERSION|V00AGE', '9990031|1|61');
  await bring('a');
  expect(counts(await bring('a'))).toMatchObject({ skipped: true });
  await dataSource.query('DELETE FROM visit');

  expect(counts(await bring('a'))).toMatchObject({ new: 1, skipped: false });
});

test('a value of a database from before origins were kept gives way to any version', async () => {
  await release('a', 'AllClinical00.txt', 'ID|VERSION|V00AGE|P01BMI', '9990031|1|61|30');
  await bring('a');
  await dataSource.query(`UPDATE visit SET origins = '{}', age = 55`);

  expect(counts(await bring('a'))).toMatchObject({ changed: 1, skipped: false });
  expect(await dataSource.getRepository(Visit).find()).toMatchObject([{ age: 61, bmi: 30 }]);
});
