import { copyFile, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeXlsx } from 'hucre';
import { openTable } from '../../src/oai/index.js';
import { KneeExam, Visit } from '../../src/entities/index.js';
import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { READING_HEADER, readingRow } from '../helpers/oai-files.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';
import { zipped } from '../helpers/zip.js';

/** Written by R's haven: test/golden/sas.R. */
const GOLDEN = join(import.meta.dirname, '../golden/sas');

/** What haven was given, as a release's ASCII form has it. */
const READINGS = [
  ['1000001', '1', '15', '0.8', '016600000001', '2', '1.4', '.'],
  ['1000001', '2', '15', '0.8', '016600000001', '3', '2', '3'],
  ['1000002', '1', '15', '0.8', '016600000002', '.P', '.A', '.T'],
  ['1000002', '2', '37', '0.8', '016600000002', '0', '0', '1'],
];

const store = {} as BlobStore;

emptyRelease();

const importAll = (path = release.path) => importRelease(dataSource, path, { store });
const golden = (file: string, as = file) => copyFile(join(GOLDEN, file), join(release.path, as));

async function cellsOf(path: string): Promise<(readonly string[])[]> {
  const rows = [];
  for await (const { cells } of (await openTable(path)).rows()) rows.push(cells);
  return rows;
}

/** KL grade of each knee, and codes where there is none. */
async function grades(): Promise<Record<string, unknown>> {
  const exams = await dataSource.getRepository(KneeExam).find({ relations: { participant: true, readings: true } });
  return Object.fromEntries(
    exams.flatMap(({ participant, side, readings }) =>
      readings.map(({ grades, missing }) => [`${participant.oaiId} ${side}`, grades.XRKL ?? missing.XRKL]),
    ),
  );
}

test.each([
  ["SAS's own format", 'kxr_sq_bu00.sas7bdat'],
  ["version 5 of SAS's transport format", 'kxr_sq_bu00-v5.xpt'],
  ["version 8 of SAS's transport format", 'kxr_sq_bu00-v8.xpt'],
])('%s keeps numbers, texts and each code of a missing value', async (_, file) => {
  expect(await cellsOf(join(GOLDEN, file))).toEqual(READINGS);
});

test('readings come in from a SAS table, with prosthesis, technical fault and "not expected" apart', async () => {
  await golden('kxr_sq_bu00.sas7bdat', 'KXR_SQ_BU00.SAS7BDAT');

  const { refusals, tables } = await importAll();

  expect(refusals).toEqual([]);
  expect(tables).toMatchObject([{ file: 'KXR_SQ_BU00.SAS7BDAT', rows: 4, inserted: 4 }]);
  expect(await grades()).toEqual({ '1000001 RIGHT': 2, '1000001 LEFT': 3, '1000002 RIGHT': '.P', '1000002 LEFT': 0 });
});

test('dates of a SAS table are days, not numbers since 1960', async () => {
  await golden('allclinical00.sas7bdat');

  expect((await importAll()).refusals).toEqual([]);

  const visits = await dataSource.getRepository(Visit).find({ order: { id: 'ASC' } });
  expect(visits.map(({ date, bmi }) => [date, bmi])).toEqual([
    ['2004-03-15', 27.25],
    ['2005-11-02', null],
  ]);
});

test('a SAS table beside its ASCII form, which has lost the codes, gives the codes back', async () => {
  await release.table('kXR_SQ_BU00.txt', READING_HEADER, [readingRow('1000002', '1: Right', '15', '.')]);
  await golden('kxr_sq_bu00.sas7bdat');

  expect((await importAll()).refusals).toEqual([]);
  expect(await grades()).toMatchObject({ '1000002 RIGHT': '.P' });
});

test("a workbook's first sheet is a table: whole numbers, halves, dates and codes are read as they are shown", async () => {
  const rows = [
    ['ID', 'V00FVDATE', 'V00AGE', 'P01BMI', 'V00WOMKPR'],
    [1000001, new Date('2004-03-15'), 62, 27.25, 3.5],
    [1000002, new Date('2005-11-02'), null, '.M'],
  ];
  await release.write('AllClinical00.xlsx', await writeXlsx({ sheets: [{ name: 'AllClinical00', rows }] }));

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.tables).toMatchObject([{ file: 'AllClinical00.xlsx', rows: 2, inserted: 2 }]);
  const visits = await dataSource.getRepository(Visit).find({ order: { id: 'ASC' } });
  expect(visits.map(({ date, bmi }) => [date, bmi])).toEqual([
    ['2004-03-15', 27.25],
    ['2005-11-02', null],
  ]);
});

test('sheets of a workbook that are not read are counted, blank ones left aside', async () => {
  const rows = [
    ['ID', 'V00AGE'],
    [1000001, 62],
  ];
  const later = [
    ['ID', 'V03AGE'],
    [1000001, 64],
  ];
  const sheets = [
    { name: 'AllClinical00', rows },
    { name: 'Sheet2', rows: [] },
    { name: 'Sheet3', rows: [[null, null], [null]] },
  ];
  await release.write(
    'AllClinical00.xlsx',
    await writeXlsx({ sheets: [...sheets, { name: 'AllClinical03', rows: later }] }),
  );

  const { refusals, refused, remarks, tables } = await importAll();

  expect(tables).toMatchObject([{ rows: 1, inserted: 1, refused: 0 }]);
  expect([refusals, refused]).toEqual([[], 0]);
  expect(remarks).toEqual([
    {
      file: 'AllClinical00.xlsx',
      remark: 'It has another sheet with rows, which was not read: the table is the first sheet.',
    },
  ]);
});

test('a small workbook that unpacks to more than memory holds is refused before it is', async () => {
  const parts = { 'xl/sharedStrings.xml': ' '.repeat(40 * 1024 ** 2), 'xl/worksheets/sheet1.xml': '<worksheet/>' };
  const bytes = await zipped(parts);
  expect(bytes.length).toBeLessThan(1024 ** 2);
  await release.write('AllClinical00.xlsx', bytes);

  expect((await importAll()).refusals).toEqual([
    {
      file: 'AllClinical00.xlsx',
      reason: 'AllClinical00.xlsx unpacks to more than 32 MiB in xl/sharedStrings.xml; save the table as CSV.',
    },
  ]);
});

describe('an archive', () => {
  const table = [READING_HEADER, readingRow('1000001', '1: Right', '15', '3')].join('\r\n');

  test('is read like a folder; what else it holds is named; a second import finds it unchanged', async () => {
    await release.write(
      'X-Ray Image Assessments_ASCII.zip',
      await zipped({ 'ascii/kXR_SQ_BU00.txt': table, 'ascii/notes.csv': 'a,b\n', 'readme.pdf': 'no table' }),
    );

    const first = await importAll();
    const second = await importAll();

    const file = 'X-Ray Image Assessments_ASCII.zip/ascii/kXR_SQ_BU00.txt';
    expect(first.tables).toMatchObject([{ file, rows: 1, inserted: 1 }]);
    expect(first.ignored).toEqual([
      { file: 'X-Ray Image Assessments_ASCII.zip/ascii/notes.csv', reason: 'not a table of a release' },
    ]);
    expect(second.tables).toMatchObject([{ file, rows: 1, unchanged: 1, skipped: true }]);
    expect(await grades()).toEqual({ '1000001 RIGHT': 3 });
  });

  test('within an archive is named, tables packed one by one among them', async () => {
    await release.write(
      'all.zip',
      await zipped({ 'more/rest.zip': '', 'AllClinical00.txt.gz': '', 'scan.nii.gz': '' }),
    );

    expect((await importAll()).ignored).toEqual([
      { file: 'all.zip/more/rest.zip', reason: 'an archive within an archive; unpack it first' },
      { file: 'all.zip/AllClinical00.txt.gz', reason: 'an archive within an archive; unpack it first' },
    ]);
  });

  test('may be given by itself, as a table may, and nothing beside it is read', async () => {
    const packed = await release.write('kxr_sq_bu00.csv.gz', gzipSync(table.replaceAll('|', ',')));
    await release.table('Enrollees.txt', 'ID|P02SEX', ['1000009|2: Female']);

    expect((await importAll(packed)).tables).toMatchObject([
      { file: 'kxr_sq_bu00.csv.gz/kxr_sq_bu00.csv', inserted: 1 },
    ]);
    expect((await importAll(join(release.path, 'Enrollees.txt'))).tables).toMatchObject([
      { file: 'Enrollees.txt', rows: 1 },
    ]);
  });

  test('leaves nothing behind, also when it is damaged, which is one sentence', async () => {
    const before = await scratchFolders();
    await release.write('AllClinical_ASCII.zip', 'this is no archive');
    await release.write('kxr_sq_bu00.csv.gz', gzipSync(table).subarray(0, 40));

    const { refusals } = await importAll();

    expect(refusals.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^AllClinical_ASCII\.zip cannot be unpacked: .+\.$/),
      'kxr_sq_bu00.csv.gz cannot be unpacked: unexpected end of file.',
    ]);
    expect(await scratchFolders()).toEqual(before);
  });
});

test.each([
  [
    'kxr_sq_bu00.sas7bdat',
    'nothing of the kind',
    "kxr_sq_bu00.sas7bdat is not in SAS's format, whose first bytes it lacks.",
  ],
  ['kxr_sq_bu00.xpt', 'nothing of the kind', 'kxr_sq_bu00.xpt is cut off within its header.'],
  [
    'kxr_sq_bu00.xpt',
    'x'.repeat(4000),
    'kxr_sq_bu00.xpt is not in the transport format of SAS, whose first line it lacks.',
  ],
  [
    'kxr_sq_bu00.xlsx',
    'nothing of the kind',
    expect.stringMatching(/^kxr_sq_bu00\.xlsx is no workbook that can be read: .+\.$/),
  ],
])('%s that is something else is refused in one sentence', async (file, content, reason) => {
  await release.write(file, content);

  expect((await importAll()).refusals).toEqual([{ file, reason }]);
});

test('a SAS table that is cut off or damaged is refused as a whole, and nothing of it is stored', async () => {
  const whole = await readFile(join(GOLDEN, 'kxr_sq_bu00.sas7bdat'));
  for (const length of [300, 5000, whole.length - 100]) {
    await release.write('kxr_sq_bu00.sas7bdat', whole.subarray(0, length));
    const { refusals } = await importAll();
    expect(refusals).toEqual([
      { file: 'kxr_sq_bu00.sas7bdat', reason: expect.stringMatching(/ (is cut off|is damaged|is not in)\b.*\.$/) },
    ]);
  }
  expect(await grades()).toEqual({});
});

test('a file that is neither table nor archive is not taken for a release', async () => {
  const path = await release.write('notes.txt', 'hello');

  await expect(importAll(path)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: `${path} is neither the folder of a release, nor one of its tables by its name, such as Enrollees.txt, nor a .zip or .gz of them.`,
  });
});

async function scratchFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('osteograph-import-'));
}
