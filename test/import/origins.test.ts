import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import type { DataSource } from 'typeorm';
import { AuditEntry, ImportedFile, MriSeries, Participant, Radiograph } from '../../src/entities/index.js';
import type { DicomKeywords } from '../../src/imaging/dicom/write.js';
import { addImages, type AddedTo, importRelease } from '../../src/services/imports/index.js';
import { dicomFiles, loadSources, nameOf, readNifti, readVolume } from '../../src/services/series/index.js';
import { KeepImageOrigins1760000003500 } from '../../migrations/1760000003500-keep-image-origins.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';

let database: TestDatabase;
let dataSource: DataSource;
let files: ReleaseFolder;
let blobs: ReleaseFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  files = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
});

afterEach(async () => {
  await database.drop();
  await files.remove();
  await blobs.remove();
});

const RIGHT: AddedTo = { oaiId: '1000001', visit: 'V00', side: 'RIGHT' };
const store = () => new DirectoryStore(blobs.path);
const importAll = () => importRelease(dataSource, files.path, { store: store() });
const allSeries = () => dataSource.getRepository(MriSeries).find({ order: { id: 'ASC' } });
const participants = () => dataSource.getRepository(Participant).find({ order: { oaiId: 'ASC' } });

async function addSeries(elements: DicomKeywords, to = RIGHT): Promise<void> {
  for (const slice of [0, 1, 2]) await files.write(`scan/${slice}`, sliceFile('', 'x', slice, { elements }));
  await addImages(dataSource, join(files.path, 'scan'), to, { store: store(), create: true });
}

/** The first DICOM file that an export of the first series holds, the name of its files, and its stored volume. */
async function exported(): Promise<{ header: DataSet; text: string; name: string; nifti: string }> {
  const [source] = await loadSources(dataSource, [(await allSeries())[0]!.id]);
  const [file] = [...dicomFiles(source!, await readVolume(store(), source!))];
  return {
    header: dicomParser.parseDicom(file!),
    text: Buffer.from(file!).toString('latin1'),
    name: nameOf(source!),
    nifti: gunzipSync(await readNifti(store(), source!)).toString('latin1'),
  };
}

const OUTSIDE = { StudyDescription: 'KNEE RIGHT' };

describe('what an image is, is what its file and release say', () => {
  test('a real scan added to participant 1000001 is real, of no study, and its participant is no phantom', async () => {
    await addSeries(OUTSIDE);

    expect(await allSeries()).toMatchObject([{ provenance: 'REAL', sponsor: null, release: null }]);
    expect((await allSeries())[0]!.importedBy).toMatch(/^command line: .+/);
    expect(await participants()).toMatchObject([{ phantom: false }]);
    const { header, text, nifti } = await exported();
    for (const word of ['phantom', 'PHANTOM', 'Osteoarthritis Initiative', 'synthetic release']) {
      expect(text).not.toContain(word);
      expect(nifti).not.toContain(word);
    }
    expect(header.string('x0008001c')).toBe('NO');
  });

  test('a scan whose header is of OAI names its sponsor, whatever the id', async () => {
    await addSeries({});
    expect(await allSeries()).toMatchObject([{ provenance: 'REAL', sponsor: 'Osteoarthritis Initiative' }]);
    expect((await exported()).text).toContain('Osteoarthritis Initiative');
  });

  test('a file that says Synthetic Data = YES is a phantom, at 9000001 too, and its new participant', async () => {
    await addSeries({ SyntheticData: 'YES' }, { ...RIGHT, oaiId: '9000001' });
    expect(await allSeries()).toMatchObject([{ provenance: 'PHANTOM' }]);
    expect(await participants()).toMatchObject([{ phantom: true }]);
    expect((await exported()).header.string('x0008001c')).toBe('YES');
  });

  test('a synthetic file makes no phantom of a participant who was there', async () => {
    await dataSource.getRepository(Participant).insert({ oaiId: '9000001' });
    await addSeries({ SyntheticData: 'YES' }, { ...RIGHT, oaiId: '9000001' });
    expect(await participants()).toMatchObject([{ phantom: false }]);
  });

  test.each([
    ['that says so', true],
    ['without a word, though the ids start with 1', false],
  ])('the participants and images of a synthetic release %s', async (_, says) => {
    const provenance = says ? 'PHANTOM' : 'REAL';
    if (says) {
      const stamp = { format: 'osteograph-synthetic-oai/1', generator: '0.1.0', complete: true };
      await files.write('synthetic-release.json', JSON.stringify(stamp));
    }
    await files.table('XRay00.txt', 'ID|V00EXAMTP|V00XRDATE|V00XRBARCD', [
      '1000002|Bilateral PA Fixed Flexion Knee|06/25/2004|016600000002',
    ]);
    await files.write('00m/0.C.2/1000001/20040623/00000001/001', filmFile('1000001', '016600000001'));

    await importAll();

    expect(await participants()).toMatchObject([{ phantom: says }, { phantom: says }]);
    const films = await dataSource.getRepository(Radiograph).find({ order: { barcode: 'ASC' } });
    expect(films).toMatchObject([
      {
        provenance,
        sponsor: says ? 'Osteograph synthetic release' : null,
        release: says ? 'osteograph-synthetic-oai/1 by Osteograph 0.1.0' : '0.C.2',
      },
      { provenance, assetId: null },
    ]);
  });
});

describe('names are kept out', () => {
  const NAMED = { ...OUTSIDE, SeriesDescription: 'COR T1 3D FLASH Doe^Jane 19480203 RIGHT', PatientName: 'Doe^Jane' };

  test('of sequence, files, folders, exports and the audit', async () => {
    await addSeries(NAMED);

    const [series] = await allSeries();
    expect(series!.sequence).toBe('COR_T1_3D_FLASH_RIGHT');
    const { text, name, nifti } = await exported();
    for (const place of [text, name, nifti]) expect(place).not.toMatch(/doe|jane|19480203/i);
  });

  test('of the audit and of what is remembered of files: no path of the host', async () => {
    await addSeries(NAMED);
    await importAll();
    const kept = JSON.stringify([
      await dataSource.getRepository(AuditEntry).find(),
      await dataSource.getRepository(ImportedFile).find(),
    ]);
    expect(kept).toMatch(/participant:[0-9a-f]{16} V00/);
    expect(kept).not.toContain('1000001');
    expect(kept).not.toContain(files.path);
    expect(kept).not.toContain('scan');
  });

  test('of a film, whose view is then what the side says', async () => {
    const path = await files.write('film', filmFile('', '1', { elements: { SeriesDescription: 'Doe, Jane' } }));
    await addImages(dataSource, path, RIGHT, { store: store(), create: true });
    expect(await dataSource.getRepository(Radiograph).find()).toMatchObject([{ view: 'Knee right' }]);
  });

  test('an image with text burned in is refused at this door too', async () => {
    await expect(addSeries({ ...OUTSIDE, BurnedInAnnotation: 'YES' })).rejects.toThrow(
      'scan says that text is burned into its pixels (Burned In Annotation = YES), which may name the patient; name the strip to redact, or blacken it first.',
    );
    const film = '00m/0.C.2/1000001/20040623/00000001/001';
    await files.write(film, filmFile('1000001', '016600000001', { elements: { BurnedInAnnotation: 'YES' } }));
    expect((await importAll()).images).toMatchObject({ inserted: 0, refused: 1 });
  });

  test('Patient Identity Removed is said of what came in under the policy, and not of what came before', async () => {
    await addSeries(OUTSIDE);
    expect((await exported()).header.string('x00120062')).toBe('YES');
    await dataSource.getRepository(MriSeries).update({ provenance: 'REAL' }, { deidentification: null });
    expect((await exported()).header.elements).not.toHaveProperty('x00120062');
  });
});

test('rows from before keep what was said of them, and lose names', async () => {
  const migration = new KeepImageOrigins1760000003500();
  const runner = dataSource.createQueryRunner();
  await migration.down(runner);
  await runner.query(`WITH p AS (INSERT INTO participant (oai_id, phantom) VALUES ('1000001', true), ('9000001', false) RETURNING id),
    v AS (INSERT INTO visit (participant_id, code, month) SELECT id, 'V00', 0 FROM p RETURNING id, participant_id),
    e AS (INSERT INTO knee_exam (visit_id, participant_id, side) SELECT id, participant_id, 'RIGHT' FROM v RETURNING id)
    INSERT INTO mri_series (exam_id, barcode, sequence)
    SELECT id, CASE kind WHEN 'released' THEN 'b' || id END, 'COR_T1_DOE_JANE' FROM e, (VALUES ('released'), ('added')) k (kind)`);
  await runner.query(`INSERT INTO imported_file (path, bytes, modified_at, sha256, reader, rows, refused)
    VALUES ('/home/doe/scan', 1, now(), 'x', 1, 1, 0)`);

  await migration.up(runner);

  const rows: unknown = await runner.query(
    `SELECT p.oai_id AS id, s.barcode IS NOT NULL AS released, s.sequence, s.provenance, s.sponsor
     FROM mri_series s JOIN knee_exam e ON e.id = s.exam_id JOIN participant p ON p.id = e.participant_id ORDER BY 1, 2`,
  );
  await runner.release();
  expect(rows).toEqual([
    { id: '1000001', released: false, sequence: 'COR_T1', provenance: 'REAL', sponsor: null },
    {
      ...{ id: '1000001', released: true, sequence: 'COR_T1_DOE_JANE', provenance: 'PHANTOM' },
      sponsor: 'Osteograph synthetic release',
    },
    { id: '9000001', released: false, sequence: 'COR_T1', provenance: 'REAL', sponsor: null },
    {
      ...{ id: '9000001', released: true, sequence: 'COR_T1_DOE_JANE', provenance: 'REAL' },
      sponsor: 'Osteoarthritis Initiative',
    },
  ]);
  const [file] = await dataSource.getRepository(ImportedFile).find();
  expect(file!.path).toMatch(/^[0-9a-f]{64}$/);
});
