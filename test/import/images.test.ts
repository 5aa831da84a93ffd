import { rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { MriSeries, Participant, Radiograph } from '../../src/entities/index.js';
import { decodeNifti } from '../../src/imaging/nifti.js';
import { decodePng } from '../../src/imaging/png.js';
import { importRelease } from '../../src/services/imports/index.js';
import { DirectoryStore, readAsset } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { CONTENTS_HEADER, filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';

let database: TestDatabase;
let dataSource: DataSource;
let release: ReleaseFolder;
let blobs: ReleaseFolder;

const FILM = '00m/0.C.2/1000001/20040623/00000001';
const SERIES = '00m/0.C.2/1000001/20040623/10000001';

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  release = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
});

afterEach(async () => {
  await database.drop();
  await release.remove();
  await blobs.remove();
});

const store = () => new DirectoryStore(blobs.path);
const importAll = () => importRelease(dataSource, release.path, { store: store() });

/** Films and series with whose they are, and their assets. */
async function images() {
  const films = await dataSource.getRepository(Radiograph).find({
    order: { barcode: 'ASC' },
    relations: { asset: true, visit: { participant: true }, exam: { participant: true, visit: true } },
  });
  const series = await dataSource.getRepository(MriSeries).find({
    order: { barcode: 'ASC' },
    relations: { asset: true, exam: { visit: true, participant: true } },
  });
  return { films, series };
}

test("folders of OAI's layout are imported without any table", async () => {
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001', { photometric: 'MONOCHROME1' }));
  await release.series(SERIES, 4);

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.images).toMatchObject({ folders: 2, inserted: 2 });
  const { films, series } = await images();
  expect(films).toMatchObject([
    {
      ...{ barcode: '016600000001', view: 'Bilateral PA Fixed Flexion Knee', date: '2004-06-23', examId: null },
      ...{ rows: 96, columns: 96, photometric: 'MONOCHROME1' },
      ...{ sopClassUid: '1.2.840.10008.5.1.4.1.1.1', sopInstanceUid: expect.stringMatching(/^2\.25\./) },
      visit: { code: 'V00', participant: { oaiId: '1000001', phantom: false } },
    },
  ]);
  expect(films[0]!.pixelSpacing).toBeCloseTo(0.2, 6);
  expect(series).toMatchObject([
    {
      ...{
        barcode: '016610000001',
        sequence: 'COR_T1_3D_FLASH_RIGHT',
        plane: 'CORONAL',
        date: '2004-06-23',
        synthetic: false,
      },
      ...{
        sliceCount: 4,
        rows: 8,
        columns: 8,
        pixelSpacing: 0.625,
        sliceSpacing: 1.5,
        direction: 'posterior to anterior',
      },
      exam: { side: 'RIGHT', visit: { code: 'V00' }, participant: { oaiId: '1000001' } },
    },
  ]);
});

test('a film is kept as a 16-bit PNG with bright bone, a series as NIfTI from posterior to anterior', async () => {
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001', { photometric: 'MONOCHROME1' }));
  await release.series(SERIES, 3);

  await importAll();

  const { films, series } = await images();
  const png = decodePng(await readAsset(store(), films[0]!.asset!));
  expect(films[0]!.asset!.mediaType).toBe('image/png');
  expect(png.data).toBeInstanceOf(Uint16Array);
  expect([png.data[0], png.data[48 * 96 + 48]]).toEqual([4095 - 500, 4095 - 3000]);
  const { volume, description } = await decodeNifti(await readAsset(store(), series[0]!.asset!));
  expect([0, 1, 2].map((slice) => volume.data[slice * 64])).toEqual([102, 101, 100]);
  expect(description).toBe('1000001 V00 COR_T1_3D_FLASH_RIGHT');
});

test('tables and images meet by barcode, in whichever order they come', async () => {
  await release.table('MRI00.txt', 'ID|V00MEXAMTP|V00MRBARCD|V00MRSIDE|V00MRDATE', [
    '1000001|R COR T1 3D FLASH WE|016610000001|1: Right|06/24/2004',
  ]);
  await release.series(SERIES, 3, {
    elements: { SeriesDescription: 'series 7', StudyDescription: 'knee' },
  });
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001'));
  await importAll();
  await release.table('XRay00.txt', 'ID|V00EXAMTP|V00XRDATE|V00XRBARCD', [
    '1000001|Bilateral PA Fixed Flexion Knee|06/25/2004|016600000001',
  ]);

  const summary = await importAll();

  expect(summary.tables).toMatchObject([
    { file: 'XRay00.txt', updated: 1 },
    { file: 'MRI00.txt', updated: 0, unchanged: 1 },
  ]);
  const { films, series } = await images();
  expect(series).toMatchObject([
    { sequence: 'COR_T1_3D_FLASH_RIGHT', date: '2004-06-24', sliceCount: 3, exam: { side: 'RIGHT' } },
  ]);
  expect(films).toMatchObject([{ date: '2004-06-25', rows: 96 }]);
});

test('contents.csv completes the folders: lost zeros, eleven digits, blanks, no month in Folder, rows that are not on disk', async () => {
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001', { elements: { SeriesDescription: '' } }));
  await release.series(SERIES, 3, { elements: { SeriesDescription: '', StudyDescription: '' } });
  await release.write(
    '00m/contents.csv',
    [
      CONTENTS_HEADER,
      '0.C.2/1000001/20040623/00000001,1000001,20040623,1,OAI^XRAY^SCREENING^KNEE ,PA Fixed Flexion Left Knee',
      '0.C.2/1000001/20040623/10000001,1000001,20040623,16610000001,OAI^MR^ENROLLMENT^LEFT ,SAG_3D_DESS_LEFT',
      '0.E.1/1000002/20040623/10000009,1000002,20040623,10000009,OAI^MR^ENROLLMENT^LEFT ,SAG_3D_DESS_LEFT',
    ].join('\r\n'),
  );

  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.images).toMatchObject({ folders: 2, inserted: 2, absent: 1 });
  const { films, series } = await images();
  expect(films).toMatchObject([
    { view: 'PA Fixed Flexion Left Knee', visitId: null, exam: { side: 'LEFT', visit: { code: 'V00' } } },
  ]);
  expect(series).toMatchObject([{ sequence: 'SAG_3D_DESS_LEFT', exam: { side: 'LEFT' } }]);
});

test('the nested folder 48m/48m, a contents.csv with AccessionNumber, and folders in another place are found', async () => {
  await release.series('48m/48m/6.C.1/1000001/20080623/10000001', 3);
  await release.series('extra/scans/10000002', 3, { elements: { SeriesInstanceUID: '2.25.7' } });
  await release.write(
    '48m/contents.csv',
    'Folder,ParticipantID,StudyDate,AccessionNumber,StudyDescription,SeriesDescription\n' +
      '6.C.1/1000001/20080623/10000001,1000001,20080623,10000001,OAI^MR^48 MONTH^RIGHT,COR_T1_3D_FLASH_RIGHT\n',
  );
  await release.write(
    'contents.csv',
    `${CONTENTS_HEADER}\n48m/6.C.1/1000001/20080623/10000001,1000001,20080623,10000001,x,COR_T1_3D_FLASH_RIGHT\n` +
      'extra/scans/10000002,1000001,20040623,016610000002,OAI^MR^12 MONTH^RIGHT,COR_T1_3D_FLASH_RIGHT\n' +
      'extra/scans/10000002,1000001,20040623,016610000002,knee,COR_T1_3D_FLASH_RIGHT\n',
  );

  const summary = await importAll();

  expect(summary.refusals).toEqual([
    { file: 'contents.csv', row: 4, reason: 'Folder "extra/scans/10000002" does not say which visit it belongs to.' },
  ]);
  expect((await images()).series).toMatchObject([
    { barcode: '016610000001', exam: { visit: { code: 'V06' } } },
    { barcode: '016610000002', exam: { visit: { code: 'V01' } } },
  ]);
});

test('the echoes of one series become series of their own', async () => {
  for (const [echo, first] of [
    [1, 1],
    [2, 4],
  ] as const) {
    await release.series(
      SERIES,
      3,
      { elements: { SeriesDescription: 'SAG_T2_MAP_RIGHT', EchoNumbers: echo, EchoTime: 10 * echo } },
      first,
    );
  }

  await importAll();

  expect((await images()).series.map(({ barcode, sequence, sliceCount }) => [barcode, sequence, sliceCount])).toEqual([
    ['016610000001', 'SAG_T2_MAP_RIGHT', 3],
    ['016610000001-2', 'SAG_T2_MAP_RIGHT', 3],
  ]);
});

test('a second import reads no image again; a changed one replaces its pixels', async () => {
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001'));
  await release.series(SERIES, 3);
  await importAll();
  const before = await images();

  const second = await importAll();
  await release.series(SERIES, 4);
  const third = await importAll();

  expect(second.images).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
  expect(third.images).toMatchObject({ inserted: 0, updated: 1, unchanged: 1 });
  const after = await images();
  expect(after.films).toEqual(before.films);
  expect(after.series).toMatchObject([{ id: before.series[0]!.id, sliceCount: 4 }]);
  expect(after.series[0]!.assetId).not.toBe(before.series[0]!.assetId);
});

test('images of thighs and hands, and knee detectors, are passed over', async () => {
  await release.write(
    `${FILM}/001`,
    filmFile('1000001', '016600000001', { elements: { SeriesDescription: 'PA Left Hand' } }),
  );
  await release.series(SERIES, 3, { elements: { SeriesDescription: 'AX_T1_THIGH' } });

  expect((await importAll()).images).toMatchObject({ folders: 2, inserted: 0, passedOver: 2, refused: 0 });
  expect((await importAll()).images).toMatchObject({ passedOver: 2 });
  expect(await dataSource.getRepository(Participant).count()).toBe(0);
});

test('a participant whose files say that they are synthetic is a phantom, whatever the id', async () => {
  const folder = '00m/0.C.2/9000001/20040623/00000001';
  await release.write(`${folder}/001`, filmFile('9000001', '016600000001', { elements: { SyntheticData: 'YES' } }));
  await release.write('00m/0.C.2/9000002/20040623/00000002/001', filmFile('9000002', '016600000002'));

  await importAll();

  const participants = await dataSource.getRepository(Participant).find({ order: { oaiId: 'ASC' } });
  expect(participants.map(({ phantom }) => phantom)).toEqual([true, false]);
});

test('a damaged image, a foreign one and a missing slice are refused each with a sentence, and the rest is imported', async () => {
  await release.write(`${FILM}/001`, filmFile('1000001', '016600000001'));
  await truncate(join(release.path, FILM, '001'), 4000);
  await release.series(SERIES, 3);
  await truncate(join(release.path, SERIES, '002'), 300);
  const gap = '00m/0.C.2/1000001/20040623/10000002';
  await release.series(gap, 5);
  await rm(join(release.path, gap, '003'));
  const foreign = '00m/0.C.2/1000001/20040623/00000003';
  await release.write(`${foreign}/001`, filmFile('1000002', '016600000003'));
  const text = '00m/0.C.2/1000001/20040623/10000004';
  await release.write(`${text}/001`, 'not a DICOM file');
  const fine = '00m/0.C.2/1000001/20040623/10000005';
  await release.series(fine, 3);

  const summary = await importAll();

  expect(summary.refusals.map(({ file, reason }) => [file.slice(-8), reason])).toEqual([
    ['00000001', expect.stringMatching(/^\S+00000001 is (truncated|a damaged or truncated)/)],
    ['00000003', `${foreign} holds an image of participant 1000002, not 1000001.`],
    [
      '10000001',
      expect.stringMatching(
        /^00m.*10000001 holds a file that cannot be used: 002 .*damaged or truncated DICOM file\.$/,
      ),
    ],
    ['10000002', expect.stringMatching(/has slices .* apart: one is missing or misplaced\.$/)],
    ['10000004', `${text} holds a file that cannot be used: 001 is not a DICOM file.`],
  ]);
  expect(summary.images).toMatchObject({ folders: 6, inserted: 1, refused: 5 });
  const { films, series } = await images();
  expect(films).toEqual([]);
  expect(series.map(({ barcode }) => barcode)).toEqual(['016610000005']);
  expect((await importAll()).images).toMatchObject({ unchanged: 1, refused: 5 });
});

test('paths in contents.csv that leave the release are refused one by one, and the rest goes on', async () => {
  const elsewhere = await ReleaseFolder.make();
  try {
    await elsewhere.write('10000007/001', sliceFile('1000001', '016610000007', 0));
    await release.series(SERIES, 3);
    await symlink(elsewhere.path, join(release.path, '00m/0.C.2/linked'));
    const rows = [
      '../../etc',
      '/etc',
      '0.C.2/linked/10000007',
      '.',
      'C:\\scans',
      '0.C.2\\..\\..\\..',
      '0.C.2/1000001/20040623/10000001',
    ];
    await release.write(
      '00m/contents.csv',
      [CONTENTS_HEADER, ...rows.map((folder) => `${folder},1000001,20040623,10000007,x,COR_T1_3D_FLASH_RIGHT`)].join(
        '\n',
      ),
    );

    const summary = await importAll();

    const file = '00m/contents.csv';
    expect(summary.refusals).toEqual([
      {
        file: '00m/0.C.2/linked',
        reason: 'linked is a link that leads out of the release; import what it names directly.',
      },
      {
        file,
        row: 2,
        reason: 'Folder "../../etc" leads out of the release with ".."; only folders inside it are read.',
      },
      { file, row: 3, reason: 'Folder "/etc" is an absolute path; only folders inside the release are read.' },
      { file, row: 4, reason: 'Folder "0.C.2/linked/10000007" is a link that leads out of the release.' },
      { file, row: 5, reason: 'Folder "." is not a folder of images.' },
      { file, row: 6, reason: 'Folder "C:\\\\scans" is an absolute path; only folders inside the release are read.' },
      {
        file,
        row: 7,
        reason: 'Folder "0.C.2\\\\..\\\\..\\\\.." leads out of the release with ".."; only folders inside it are read.',
      },
    ]);
    expect(summary.images).toMatchObject({ folders: 1, inserted: 1 });
  } finally {
    await elsewhere.remove();
  }
});

test('a contents.csv without Folder is refused, and the images are found by their layout', async () => {
  await release.series(SERIES, 3);
  await release.write('00m/contents.csv', 'ParticipantID,Barcode\n1000001,10000001\n');

  const summary = await importAll();

  expect(summary.refusals).toEqual([
    {
      file: '00m/contents.csv',
      reason: 'contents.csv lacks its key column FOLDER (where the images are); accepted names: FOLDER.',
    },
  ]);
  expect(summary.images).toMatchObject({ folders: 1, inserted: 1 });
});

test('a film is read again when another folder has given its barcode other pixels, or when it was removed', async () => {
  const other = await ReleaseFolder.make();
  try {
    await release.write(`${FILM}/001`, filmFile('1000001', '016600000001'));
    await other.write(`${FILM}/001`, filmFile('1000001', '016600000001', { side: 64 }));
    const sizes: unknown[] = [];
    const bring = async (path: string) => {
      const summary = await importRelease(dataSource, path, { store: store() });
      const [film] = await dataSource.query<{ rows: number }[]>('SELECT rows FROM radiograph');
      sizes.push([film?.rows, summary.images.inserted, summary.images.updated, summary.images.unchanged]);
    };

    for (const path of [release.path, other.path, release.path, release.path]) await bring(path);
    await dataSource.query('DELETE FROM radiograph');
    await bring(release.path);

    expect(sizes).toEqual([
      [96, 1, 0, 0],
      [64, 0, 1, 0],
      [96, 0, 1, 0],
      [96, 0, 0, 1],
      [96, 1, 0, 0],
    ]);
  } finally {
    await other.remove();
  }
});
