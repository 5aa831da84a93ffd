import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { packageRoot } from '../../src/domain/package.js';
import { KneeExam, MriSeries, Participant, Radiograph } from '../../src/entities/index.js';
import { encodePng } from '../../src/imaging/png.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { addImages, type AddedTo } from '../../src/services/imports/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';

/** A real knee MRI in explicit big endian; the folder lies beside the repository where it is developed. */
const REAL_SERIES = join(packageRoot, '../shared/data/mri-knee-sagittal-dicom');

let database: TestDatabase;
let dataSource: DataSource;
let files: ReleaseFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  files = await ReleaseFolder.make();
});

afterEach(async () => {
  await database.drop();
  await files.remove();
});

const RIGHT: AddedTo = { oaiId: '1000001', visit: 'V00', side: 'RIGHT' };
const add = (path: string, to = RIGHT, create = true) =>
  addImages(dataSource, path, to, { store: new DirectoryStore(join(files.path, 'blobs')), create });
const films = () => dataSource.getRepository(Radiograph).find({ relations: { exam: true, visit: true, asset: true } });
const allSeries = () =>
  dataSource.getRepository(MriSeries).find({ relations: { exam: true, asset: true }, order: { id: 'ASC' } });

function png(bright: number): Uint8Array {
  const data = Uint8Array.from({ length: 80 * 80 }, (_, index) => (index % 80 > 40 ? bright : 10));
  return encodePng({ rows: 80, columns: 80, data });
}

test('a PNG radiograph of one knee is added to its exam', async () => {
  const path = await files.write('knee.png', png(200));

  expect(await add(path)).toEqual({ kind: 'radiograph', outcomes: ['inserted'] });
  expect(await films()).toMatchObject([
    { view: 'Knee right', barcode: null, rows: 80, exam: { side: 'RIGHT' }, visitId: null },
  ]);
});

test('a DICOM film without a side is bilateral and makes both exams', async () => {
  const path = await files.write('film.dcm', filmFile('1000001', '016600000001'));

  await add(path, { oaiId: '1000001', visit: 'V00' });

  expect(await films()).toMatchObject([
    { view: 'Bilateral PA Fixed Flexion Knee', examId: null, visit: { code: 'V00' }, date: expect.any(String) },
  ]);
  expect((await dataSource.getRepository(KneeExam).find()).map(({ side }) => side).sort()).toEqual(['LEFT', 'RIGHT']);
});

test('adding a file again changes nothing, a changed file replaces its pixels, and none is moved to another side', async () => {
  const path = await files.write('knee.png', png(200));
  await add(path);
  const [before] = await films();

  const again = await add(path);
  await files.write('knee.png', png(220));
  const changed = await add(path);

  expect([again, changed].map(({ outcomes }) => outcomes)).toEqual([['unchanged'], ['updated']]);
  await expect(add(path, { ...RIGHT, side: 'LEFT' })).rejects.toThrow(
    'knee.png holds an image of the right knee of participant 1000001 at V00, which cannot be added to the left knee of ' +
      'participant 1000001 at V00 as well.',
  );
  const after = await films();
  expect(after).toMatchObject([{ id: before!.id, exam: { side: 'RIGHT' } }]);
  expect(after[0]!.assetId).not.toBe(before!.assetId);
});

test('a folder of DICOM slices becomes a series of the exam; a folder with more slices later replaces it', async () => {
  for (const slice of [0, 1, 2]) await files.write(`scan/${slice}.dcm`, sliceFile('', 'x', slice));
  await files.write('scan/README.md', 'notes');

  const first = await add(join(files.path, 'scan'));
  const again = await add(join(files.path, 'scan'));
  await files.write('scan/3.dcm', sliceFile('', 'x', 3));
  const more = await add(join(files.path, 'scan'));

  expect([first, again, more].map(({ outcomes }) => outcomes)).toEqual([['inserted'], ['unchanged'], ['updated']]);
  expect(await allSeries()).toMatchObject([
    { sequence: 'COR_T1_3D_FLASH_RIGHT', sliceCount: 4, barcode: null, exam: { side: 'RIGHT' } },
  ]);
});

test('an exam that is not there is refused unless it is to be created, and nothing is written', async () => {
  const path = await files.write('knee.png', png(200));

  await expect(add(path, RIGHT, false)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'Participant 1000001 is not in the database; import its tables first, or say --create.',
  });
  await dataSource.getRepository(Participant).insert({ oaiId: '1000001' });
  await expect(add(path, RIGHT, false)).rejects.toThrow('Participant 1000001 has no visit V00 in the database');
  expect(await dataSource.getRepository(KneeExam).count()).toBe(0);
});

test('files that cannot be used are refused with a sentence, and no exam is made for them', async () => {
  const notes = await files.write('notes.txt', 'not an image');
  const slice = await files.write('one/slice.dcm', sliceFile('1000001', 'x', 0));
  await files.write('empty/README.md', 'nothing here');
  await files.write(
    'sideless/1.dcm',
    sliceFile('1', 'y', 0, { elements: { SeriesDescription: 'COR T1', StudyDescription: 'knee' } }),
  );

  await expect(add(join(files.path, 'nowhere'))).rejects.toThrow('There is no ');
  await expect(add(notes)).rejects.toThrow('notes.txt is no DICOM, PNG, TIFF or JPEG file');
  await expect(add(slice)).rejects.toThrow('slice.dcm is one slice of an MRI series; give the folder of the series');
  await expect(add(join(files.path, 'empty'))).rejects.toThrow('empty holds no images.');
  await expect(add(join(files.path, 'sideless'), { oaiId: '1000001', visit: 'V00' })).rejects.toThrow(
    'sideless does not say which knee it shows; say --side RIGHT or --side LEFT.',
  );
  expect(await dataSource.getRepository(Participant).count()).toBe(0);
});

// ../shared is there where Osteograph is developed and not in a clone of it.
(existsSync(REAL_SERIES) ? test : test.skip)('a real big-endian series from outside OAI is added', async () => {
  await add(REAL_SERIES, { oaiId: '1000001', visit: 'V03', side: 'LEFT' });

  expect(await allSeries()).toMatchObject([
    {
      plane: 'SAGITTAL',
      sliceCount: 24,
      direction: 'right to left',
      exam: { side: 'LEFT' },
      asset: { mediaType: 'application/gzip' },
    },
  ]);
});

describe('an image whose header names another participant', () => {
  const OTHER = '1000002';
  const write = {
    film: (id: string) => files.write('film.dcm', filmFile(id, '016600000001')),
    series: async (id: string) => {
      await files.write('scan/0', sliceFile('', 'x', 0));
      await files.write('scan/1', sliceFile(id, 'x', 1));
      return join(files.path, 'scan');
    },
  };

  test.each(['film', 'series'] as const)('is refused as a %s where that one is known', async (kind) => {
    for (const oaiId of [RIGHT.oaiId, OTHER]) await dataSource.getRepository(Participant).insert({ oaiId });

    await expect(add(await write[kind](OTHER))).rejects.toMatchObject({
      code: 'FILE_REFUSED',
      message: `${kind === 'film' ? 'film.dcm' : 'scan'} holds an image of participant 1000002, not 1000001.`,
    });

    expect([await films(), await allSeries(), await dataSource.getRepository(KneeExam).count()]).toEqual([[], [], 0]);
  });

  test('is refused where that one has withdrawn and was erased', async () => {
    await dataSource.getRepository(Participant).insert({ oaiId: OTHER });
    const store = new DirectoryStore(join(files.path, 'blobs'));
    await eraseParticipant({ dataSource, store }, COMMAND_LINE, { oaiId: OTHER });

    await expect(add(await write.film(OTHER))).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Nothing was imported: the participant has withdrawn consent and was erased.',
    });
    expect(await films()).toEqual([]);
  });

  test.each(['film', 'series'] as const)(
    "is added as a %s where nobody has that number: it is a hospital's",
    async (kind) => {
      expect((await add(await write[kind](OTHER))).outcomes).toEqual(['inserted']);
    },
  );
});
