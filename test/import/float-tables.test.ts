import { importRelease, type ImportSummary } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

emptyRelease();

const importAll = (): Promise<ImportSummary> => importRelease(dataSource, release.path, { store: {} as BlobStore });
const SERIES = 'ID,VERSION,V00MEXAMTP,V00MRBARCD,V00MRCOMP,V00MRDATE,V00MRSIDE';

test.each([
  ['barcode', '9990061,1,R SAG 3D DESS WE,16610000061.0,1,2004-10-26,1'],
  ['completion', '9990061,1,R SAG 3D DESS WE,16610000061,1.0,2004-10-26,1'],
  ['side', '9990061,1,R SAG 3D DESS WE,16610000061,1,2004-10-26,1.0'],
  ['everything, with a time of day', '9990061.0,1.0,R SAG 3D DESS WE,016610000061.00,1.0,2004-10-26T00:00:00.000Z,1.0'],
  [
    'everything, with a time of day after a blank',
    '9990061.0,1.0,SAG 3D DESS WE,10000061.0,1.0,2004-10-26 00:00:00,1.0',
  ],
])('a series whose %s is written as a float is the series', async (_, row) => {
  await release.write('MRI00.csv', `${SERIES}\n${row}\n`);

  expect((await importAll()).tables).toMatchObject([{ rows: 1, inserted: 1, passedOver: {}, refused: 0 }]);
  expect(
    await dataSource.query(
      `SELECT s.barcode, s.sequence, s.date::text, e.side FROM mri_series s JOIN knee_exam e ON e.id = s.exam_id`,
    ),
  ).toEqual([{ barcode: '016610000061', sequence: 'SAG_3D_DESS_RIGHT', date: '2004-10-26', side: 'RIGHT' }]);
});

test('every row that is not kept counts under its reason, and a barcode that is none is refused', async () => {
  await release.write(
    'MRI00.csv',
    [
      SERIES,
      '9990061,1,R SAG 3D DESS WE,16610000061.0,1.0,2004-10-26,1.0',
      '9990061,1,L SAG 3D DESS WE,NaN,0.0,NaN,2.0',
      '9990061,1,THIGH T1,16610000062.0,1.0,2004-10-26,3.0',
      '9990061,1,R COR IW TSE,NA,1.0,2004-10-26,1.0',
      '9990061,1,NA,16610000063.0,1.0,2004-10-26,1.0',
      '9990061,1,L COR IW TSE,1.661E+10,1.0,2004-10-26,2.0',
      '9990061,1,L SAG T2 MAP,16610000064.5,1.0,2004-10-26,2.0',
    ].join('\n'),
  );

  const summary = await importAll();

  expect(summary.tables[0]).toMatchObject({
    ...{ rows: 7, inserted: 1, refused: 2, cellsRefused: 0 },
    passedOver: {
      'series that were not made': 1,
      'series of the thigh, localisers and prescriptions': 1,
      'series without V00MRBARCD': 1,
      'rows without V00MEXAMTP': 1,
    },
  });
  expect(summary.refusals).toEqual([
    {
      file: 'MRI00.csv',
      row: 7,
      count: 2,
      reason: 'V00MRBARCD is "1.661E+10"; a barcode such as 016600000001 is accepted.',
    },
  ]);
});

test('grades and ages are read as R and pandas write them, with semicolons too', async () => {
  await release.write(
    'kxr_sq_bu00.csv',
    [
      'ID;SIDE;READPRJ;VERSION;V00BARCDBU;V00XRKL;V00XRJSM',
      '9990001.0;1.0;15.0;0.9;16600000001.0;2.0;1.4',
      '9990002;R;15;0.9;;NaN;NA',
      '9990003;Left;15;0.9;;P;.P: Prosthetic',
      '9990004;2: Left;15.0;0.9;;4: Severe;2: definite',
      '9990005;LEFT;99;0.9;;1;',
    ].join('\r\n'),
  );
  await release.write('AllClinical03.csv', 'ID,VERSION,V03AGE,V03FVDATE\n9990001,1.0,61.0,2006-02-14T09:30:00\n');

  const summary = await importAll();

  expect(summary.refusals).toEqual([
    { file: 'kxr_sq_bu00.csv', row: 6, reason: 'READPRJ is "99"; accepted are 15, 37, 42.' },
  ]);
  expect(
    await dataSource.query(
      `SELECT p.oai_id AS id, e.side, r.project, r.version, r.xrkl, r.xrjsm, r.missing
       FROM reading r JOIN knee_exam e ON e.id = r.exam_id JOIN participant p ON p.id = e.participant_id ORDER BY 1`,
    ),
  ).toEqual([
    { id: '9990001', side: 'RIGHT', project: '15', version: '0.9', xrkl: 2, xrjsm: 1.4, missing: {} },
    { id: '9990002', side: 'RIGHT', project: '15', version: '0.9', xrkl: null, xrjsm: null, missing: {} },
    {
      ...{ id: '9990003', side: 'LEFT', project: '15', version: '0.9', xrkl: null, xrjsm: null },
      missing: { XRKL: '.P', XRJSM: '.P' },
    },
    { id: '9990004', side: 'LEFT', project: '15', version: '0.9', xrkl: 4, xrjsm: 2, missing: {} },
  ]);
  expect(await dataSource.query('SELECT barcode FROM radiograph')).toEqual([{ barcode: '016600000001' }]);
  expect(await dataSource.query(`SELECT age, date::text FROM visit WHERE code = 'V03'`)).toEqual([
    { age: 61, date: '2006-02-14' },
  ]);
});

test('one bad cell refuses the cell, keeps the row and says so', async () => {
  await release.table('kXR_SQ_BU06.txt', 'ID|SIDE|READPRJ|VERSION|V06BARCDBU|V06XRKL|V06XRJSM|V06XROSFM', [
    '9990071|1: Right|15|0.9|016600000071|.: Missing Form/Incomplete Workbook|1.4: 1.4|.P: Prosthetic',
    '9990071|2: Left|15|0.9|016600000071|3: Moderate|.T: Technical Problems|9',
    '9990072|1: Right|15|0.9||P|T|A',
  ]);

  const summary = await importAll();

  expect(summary.tables).toMatchObject([{ rows: 3, inserted: 3, refused: 0, cellsRefused: 1 }]);
  expect(summary.refusals).toEqual([
    {
      file: 'kXR_SQ_BU06.txt',
      row: 3,
      reason: 'V06XROSFM is "9"; grades 0 to 3 are accepted. The rest of the row was read.',
    },
  ]);
  expect(await dataSource.query(`SELECT r.xrkl, r.xrjsm, r.xrosfm, r.missing FROM reading r ORDER BY r.id`)).toEqual([
    { xrkl: null, xrjsm: 1.4, xrosfm: null, missing: { XRKL: '.', XROSFM: '.P' } },
    { xrkl: 3, xrjsm: null, xrosfm: null, missing: { XRJSM: '.T' } },
    { xrkl: null, xrjsm: null, xrosfm: null, missing: { XRKL: '.P', XRJSM: '.T', XROSFM: '.A' } },
  ]);
});

test('files that look like tables and are not read are named with the reason', async () => {
  const files = [
    ...['kXR_notes.txt', 'biospec_fnih.csv', 'kXR_SQ_BU00.xls', 'AllClinical_ASCII.7z', 'oai.rds'],
    ...['Enrollees.dta', 'MIF00.txt', 'metabolomics00.sas7bdat', 'README.txt', 'contents.csv', 'notes.md'],
  ];
  for (const file of files) await release.write(`tables/${file}`, 'Folder,ParticipantID\n');

  expect((await importAll()).ignored).toEqual([
    { file: 'tables/AllClinical_ASCII.7z', reason: 'packed; unpack it first' },
    { file: 'tables/Enrollees.dta', reason: "in another program's format; save the table as CSV" },
    {
      file: 'tables/MIF00.txt',
      reason: 'a list with a row for each medicine, and so with no one value for a visit',
    },
    { file: 'tables/biospec_fnih.csv', reason: 'not a table of a release' },
    { file: 'tables/kXR_SQ_BU00.xls', reason: 'a spreadsheet of another kind; save the table as XLSX or CSV' },
    { file: 'tables/kXR_notes.txt', reason: 'not a table of a release' },
    { file: 'tables/metabolomics00.sas7bdat', reason: 'not a table of a release' },
    { file: 'tables/oai.rds', reason: "in another program's format; save the table as CSV" },
  ]);
});
