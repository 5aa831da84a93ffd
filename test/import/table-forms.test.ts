import { KneeExam, Participant, type Reading, Visit } from '../../src/entities/index.js';
import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { READING_HEADER, readingRow } from '../helpers/oai-files.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

const store = {} as BlobStore;

emptyRelease();

const importAll = () => importRelease(dataSource, release.path, { store });
const participant = () => dataSource.getRepository(Participant).findOneByOrFail({ oaiId: '1000001' });

/** The first knee of participant 1000001 with its readings, by project. */
async function rightKnee(): Promise<KneeExam> {
  const exam = await dataSource.getRepository(KneeExam).findOneOrFail({
    where: { side: 'RIGHT', participant: { oaiId: '1000001' } },
    relations: { readings: true, visit: true },
  });
  exam.readings.sort((a, b) => (a.project < b.project ? -1 : 1));
  return exam;
}

const LABELLED = [
  'ID|VERSION|P02HISP|P02RACE|P02SEX|V00CHRTHLF|V00COHORT|V00IMAGESA|V00SITE|V01HADINTV',
  '1000001|25|0: No|2: Black or African American|2: Female|1: First half of cohort|3: Non-exposed control group|0: No|C|0: No interim visit',
];
const PLAIN = ['ID|VERSION|P02SEX|P02RACE|P02HISP|V00COHORT|V00CHRTHLF|V00SITE', '1000001|23|2|2|0|3|1|C'];
const lower = (text: string): string => text.toLowerCase();

test.each([
  ['labelled ASCII with CRLF', 'Enrollees.txt', LABELLED.join('\r\n') + '\r\n'],
  ['labelled ASCII in capitals without a last line end', 'ENROLLEES.TXT', LABELLED.join('\r\n')],
  ['plain ASCII with LF and other column order', 'enrollees.txt', PLAIN.join('\n') + '\n'],
  ['plain ASCII with a small header', 'Enrollees.txt', [lower(PLAIN[0]!), PLAIN[1]!].join('\n')],
  ['a byte order mark', 'Enrollees.txt', `\ufeff${PLAIN.join('\n')}`],
  ['commas', 'Enrollees.csv', PLAIN.join('\r\n').replaceAll('|', ',')],
  [
    'commas and quotes',
    'Enrollees.csv',
    `"ID","P02SEX","P02RACE","V00SITE","V00COHORT","V00CHRTHLF","P02HISP"\n1000001,"2: Female","2: Black, or African American","C","3",1,0\n`,
  ],
  ['a separator at the end of each row', 'Enrollees.txt', `${PLAIN[0]}\n${PLAIN[1]}|\n\n`],
])('participants are read from %s', async (_, file, text) => {
  await release.write(file, text);

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.tables).toMatchObject([{ file, rows: 1, inserted: 1 }]);
  expect(await participant()).toMatchObject({
    ...{ sex: 'FEMALE', race: 'BLACK', hispanic: false, cohort: 'CONTROL', site: 'C', cohortHalf: 1, phantom: false },
  });
});

test('labels that are no UTF-8 do not stop the row', async () => {
  await release.write('Enrollees.txt', Buffer.from(`${PLAIN[0]}\n1000001|23|2: F\xe9minin|2|0|3|1|C\n`, 'latin1'));

  expect((await importAll()).refusals).toEqual([]);
  expect((await participant()).sex).toBe('FEMALE');
});

test("NDA's tables are tab-separated, describe their columns in line 2 and name the visit in each row", async () => {
  await release.write(
    'oai_kxrsemiquant01.txt',
    [
      [
        'subjectkey',
        'src_subject_id',
        'interview_date',
        'visit',
        'readprj',
        'side',
        'xrkl',
        'xrjsl',
        'xrjsm',
        'barcode',
      ],
      [
        'The NDAR Global Unique Identifier',
        "Subject ID how it's defined in lab",
        'Date',
        'Visit',
        'Project',
        'Side',
        'KL',
        'L',
        'M',
        'Barcode',
      ],
      ['NDAR_INVAB12CD34', '1000001', '03/01/2009', 'V06', '15', '1', '3', '0', '1.4', '016600000007'],
      ['NDAR_INVAB12CD34', '1000001', '03/01/2013', 'V10', '37', '1', '', '0', '2', '016600000008'],
    ]
      .map((cells) => cells.map((cell) => `"${cell}"`).join('\t'))
      .join('\n'),
  );
  await release.write(
    'oai_koos_womac01.txt',
    'subjectkey\tsrc_subject_id\tvisit\twomac_pain_right\tkoos_rkpain\nkey\tid\tvisit\tpain\tpain\nNDAR_INVAB12CD34\t1000001\tV06\t4\t83.3\n',
  );

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  const visits = await dataSource
    .getRepository(Visit)
    .find({ order: { code: 'ASC' }, relations: { exams: { readings: true } } });
  expect(visits.map(({ code }) => code)).toEqual(['V06', 'V10']);
  expect(visits[0]!.exams[0]).toMatchObject({
    womacPain: 4,
    koosPain: 83.3,
    preferredProject: '15',
    grades: { XRKL: 3, XRJSM: 1 },
  });
  expect(visits[0]!.exams[0]!.readings[0]!.grades.XRJSM).toBeCloseTo(1.4, 6);
  expect(visits[1]!.exams[0]).toMatchObject({ preferredProject: '37', grades: { XRKL: null, XRJSM: 2 } });
});

test('every way in which a grade is missing is kept with its code', async () => {
  const cells = ['', ' ', '.', '.: Missing Form/Incomplete Workbook', '.A', '.P: Prosthetic', 'T', 'M', '2'];
  const features = ['XROSFM', 'XRSCFM', 'XRCYFM', 'XRCHM', 'XROSTM', 'XRSCTM', 'XRATTM', 'XRATTL', 'XROSTL'];
  await release.table(
    'kXR_SQ_BU00.txt',
    ['ID', 'SIDE', 'READPRJ', 'V00XRKL', ...features.map((code) => `V00${code}`)].join('|'),
    [['1000001', '1: Right', '15', '0', ...cells].join('|')],
  );

  expect((await importAll()).refusals).toEqual([]);
  const [reading] = (await rightKnee()).readings as [Reading];
  expect(reading.missing).toEqual({ XRCYFM: '.', XRCHM: '.', XROSTM: '.A', XRSCTM: '.P', XRATTM: '.T', XRATTL: '.M' });
  expect(reading.grades).toMatchObject({ XROSFM: null, XRSCFM: null, XRATTM: null, XRKL: 0, XROSTL: 2 });
});

test('reading project 42 is read as 37, the preferred reading is project 15 up to V06 and holds whole grades', async () => {
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [
    readingRow('1000001', '1: Right', '42', '3', '0: 0'),
    readingRow('1000001', '1: Right', '15', '2', '1.6: 1.6'),
    readingRow('1000001', '2: Left', '42', '1'),
  ]);

  await importAll();

  const right = await rightKnee();
  expect(right.readings.map(({ project, version, grades }) => [project, version, grades.XRKL])).toEqual([
    ['15', '0.8', 2],
    ['37', '0.8', 3],
  ]);
  expect(right.readings[0]!.grades.XRJSM).toBeCloseTo(1.6, 6);
  expect(right).toMatchObject({ preferredProject: '15', grades: { XRKL: 2, XRJSM: 1 } });
  const left = await dataSource.getRepository(KneeExam).findOneByOrFail({ side: 'LEFT' });
  expect(left).toMatchObject({ preferredProject: '37', grades: { XRKL: 1 } });
});

test('at V08 and V10 the preferred reading is project 37', async () => {
  const header = READING_HEADER.replaceAll('V00', 'V08');
  await release.table('kxr_sq_bu08.txt', header, [
    readingRow('1000001', '1', '15', '1'),
    readingRow('1000001', '1', '37', '4'),
  ]);

  await importAll();

  expect(await rightKnee()).toMatchObject({
    preferredProject: '37',
    grades: { XRKL: 4 },
    visit: { code: 'V08', month: 72 },
  });
});

test('age, BMI, date and scores come from the clinical tables, whichever of them has the column', async () => {
  await release.table(
    'AllClinical00.txt',
    'ID|VERSION|P01BMI|P01SVDATE|V00EVDATE|V00WOMKPR|V00WOMADLR|V00WOMSTFR|V00WOMTSR|V00KOOSKPR|V00WOMKPL',
    ['1000001|25|27.3|02/01/2005|02/22/2005|3|11.5|2|16.5|80.56|.: Missing Form/Incomplete Workbook'],
  );
  await release.table('SubjectChar00.txt', 'ID|VERSION|V00AGE|V00EDCV', ['1000001|25|63|2: Some college']);
  await release.table('AllClinical01.txt', 'ID|V01AGE|V01BMI|V01FVDATE|V01WOMKPR', [
    '1000001| | | | ',
    '1000002|.V|.V|.V|.V',
  ]);

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(await rightKnee()).toMatchObject({
    ...{ womacPain: 3, womacDisability: 11.5, womacStiffness: 2, womacTotal: 16.5, koosPain: 80.56 },
    visit: { code: 'V00', month: 0, date: '2005-02-22', age: 63, bmi: 27.3 },
  });
  expect(await dataSource.getRepository(KneeExam).count()).toBe(1);
  expect(await dataSource.getRepository(Visit).count()).toBe(1);
});

test('films and series are known from the tables before there are images; of those not made and of other joints variables are kept', async () => {
  await release.table('XRay00.txt', 'ID|VERSION|V00EXAMTP|V00XRDATE|V00XRBARCD|V00XRCOMP|V00XRSIDE|V00ACCEPT', [
    '1000001|25|Bilateral PA Fixed Flexion Knee|02/22/2005|016600000001|1: Yes|3: Both|Y: QCd and found to be acceptable',
    '1000001|25|Lateral Left Knee|02/22/2005|016600000002|1: Yes|2: Left| : Not QCd or meets QC standard',
    '1000001|25|PA Left Hand|02/22/2005|016600000003|1: Yes|2: Left| : Not QCd or meets QC standard',
  ]);
  await release.table('MRI00.txt', 'ID|VERSION|V00MEXAMTP|V00MRBARCD|V00MRCOMP|V00MRDATE|V00MRSIDE|V00QCRESLT', [
    '1000001|25|R COR T1 3D FLASH WE|016610000001|1: Yes|02/22/2005|1: Right|Y',
    '1000001|25|L AXIAL MPR|016610000002|1: Yes|02/22/2005|2: Left|Y',
    '1000001|25|L SAG 3D DESS WE| |0: No| |2: Left|NR',
    '1000001|25|THIGH T1|016610000003|1: Yes|02/22/2005|3: Both|Y',
  ]);

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.tables).toMatchObject([
    { file: 'XRay00.txt', rows: 3, inserted: 3, passedOver: {}, storedCells: 4 },
    {
      file: 'MRI00.txt',
      rows: 4,
      inserted: 3,
      passedOver: { 'series of the thigh, localisers and prescriptions': 1 },
      storedCells: 3,
    },
  ]);
  const films = await dataSource.query<object[]>(
    `SELECT f.barcode, f.view, e.side, f.visit_id IS NOT NULL AS bilateral, f.date::text, f.asset_id
     FROM radiograph f LEFT JOIN knee_exam e ON e.id = f.exam_id ORDER BY f.barcode`,
  );
  const taken = { date: '2005-02-22', asset_id: null };
  expect(films).toEqual([
    { barcode: '016600000001', view: 'Bilateral PA Fixed Flexion Knee', side: null, bilateral: true, ...taken },
    { barcode: '016600000002', view: 'Lateral Left Knee', side: 'LEFT', bilateral: false, ...taken },
  ]);
  const series = await dataSource.query<object[]>(
    `SELECT m.sequence, m.plane, e.side, m.synthetic FROM mri_series m JOIN knee_exam e ON e.id = m.exam_id ORDER BY m.barcode`,
  );
  expect(series).toEqual([
    { sequence: 'COR_T1_3D_FLASH_RIGHT', plane: 'CORONAL', side: 'RIGHT', synthetic: false },
    { sequence: 'AX_MPR_LEFT', plane: 'AXIAL', side: 'LEFT', synthetic: false },
  ]);
});
