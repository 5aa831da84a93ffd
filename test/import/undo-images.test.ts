import type { DataSource } from 'typeorm';
import { Asset, Radiograph } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { addImages, importRelease, listImports, undoImport } from '../../src/services/imports/index.js';
import { DirectoryStore, sweepBlobs } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { hunt } from '../helpers/hunt.js';
import { everythingImported } from '../helpers/imported.js';
import { filmFile, READING_HEADER, readingRow, ReleaseFolder } from '../helpers/oai-files.js';
import { known, LEAVER, STAYER, writeRelease } from '../helpers/withdrawing.js';

let database: TestDatabase;
let dataSource: DataSource;
let release: ReleaseFolder;
let blobs: ReleaseFolder;
let store: DirectoryStore;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  release = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
  store = new DirectoryStore(blobs.path);
});

afterEach(async () => {
  await database.drop();
  await release.remove();
  await blobs.remove();
});

const FILM = '00m/0.C.2/1000001/20040623/00000001/001';
const BARCODE = '016600000001';

async function importAll(): Promise<number> {
  const { refusals } = await importRelease(dataSource, release.path, { store });
  expect(refusals).toEqual([]);
  return (await listImports(dataSource, 1))[0]!.id;
}

const undo = (id: number) => undoImport({ dataSource, store }, id);
const film = () => dataSource.manager.findOneByOrFail(Radiograph, { barcode: BARCODE });
const stored = async (sha256: string) => store.exists(`${sha256.slice(0, 2)}/${sha256}`);
const rowsOf = async (table: string) => dataSource.query<unknown[]>(`SELECT * FROM ${table}`);

test('films and series go with the import that brought them, and so do their files', async () => {
  await writeRelease(release);
  const id = await importAll();
  const { film, series } = await known(dataSource, LEAVER);

  const summary = await undo(id);

  expect(summary.removed).toEqual({ reading: 2, radiograph: 2, mri_series: 2, knee_exam: 4, visit: 2, participant: 2 });
  // Two films, two series, and the objects that each came as.
  expect(summary.files).toBe(8);
  for (const table of ['radiograph', 'mri_series', 'original_object', 'asset', 'participant'])
    expect(await rowsOf(table)).toEqual([]);
  for (const { contentSha256 } of [film, series]) expect(await stored(contentSha256!)).toBe(false);
  expect(await sweepBlobs({ dataSource, store, graceMs: 0 })).toMatchObject({ blobs: 0, assets: 0, missing: [] });

  await importAll();
  expect((await known(dataSource, LEAVER)).film).toMatchObject({ contentSha256: film.contentSha256 });
});

test('a film that a corrected file replaced is what it was, its pixels too, also after a sweep', async () => {
  await release.write(FILM, filmFile('1000001', BARCODE));
  await importAll();
  const before = await film();
  const original = await rowsOf('original_object');
  await release.write(FILM, filmFile('1000001', BARCODE, { side: 128 }));
  const id = await importAll();
  const replaced = await film();
  expect(replaced).toMatchObject({ id: before.id, rows: 128 });
  await sweepBlobs({ dataSource, store, graceMs: 0 });

  const summary = await undo(id);

  expect(await film()).toEqual(before);
  expect(summary.changes).toContainEqual({
    table: 'radiograph',
    column: 'asset_id',
    removed: 0,
    emptied: 0,
    restored: 1,
  });
  expect(await stored(before.contentSha256!)).toBe(true);
  expect(await stored(replaced.contentSha256!)).toBe(false);
  expect(await rowsOf('original_object')).toEqual(original);
});

test('a film of a table is without pixels again when the import of its file is undone, and then the table can be', async () => {
  const header = 'ID|VERSION|V00EXAMTP|V00XRBARCD|V00XRDATE';
  await release.table('XRay00.txt', header, [`1000001|1|Bilateral PA Fixed Flexion Knee|${BARCODE}|06/23/2004`]);
  const table = await importAll();
  const before = await film();
  await release.write(FILM, filmFile('1000001', BARCODE));
  const images = await importAll();

  await expect(undo(table)).rejects.toMatchObject({ code: 'CONFLICT' });
  await undo(images);
  expect(await film()).toEqual(before);
  await undo(table);
  expect(await rowsOf('participant')).toEqual([]);
});

test('what somebody made something from stays, and the refusal says what', async () => {
  await release.write(FILM, filmFile('1000001', BARCODE));
  const id = await importAll();
  const make = factories(dataSource);
  const [exam] = await dataSource.query<{ id: number }[]>('SELECT id FROM knee_exam LIMIT 1');
  const image = await film();
  const generation = await make.generation(exam as never, image, await make.bundle());
  const before = await everythingImported(dataSource);

  await expect(undo(id)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Import ${id} cannot be undone, because what it brought is in use (1 generation); remove what was made from it first.`,
  });

  expect(await everythingImported(dataSource)).toEqual(before);
  await dataSource.query('DELETE FROM generation WHERE id = $1', [generation.id]);
  await undo(id);
  expect(await rowsOf('radiograph')).toEqual([]);
});

test('a film that somebody has measured stays, until the measurement is deleted', async () => {
  await release.write(FILM, filmFile('1000001', BARCODE));
  const id = await importAll();
  const { id: token } = await factories(dataSource).token();
  await dataSource.query(
    `INSERT INTO measurement (radiograph_id, exam_id, kind, points, value, unit, name, image_sha256, requested_by_id)
     VALUES ($1, (SELECT min(id) FROM knee_exam), 'LENGTH', '[[0,0],[1,0]]', 1, 'PIXEL', 'x', 'x', $2)`,
    [(await film()).id, token],
  );

  await expect(undo(id)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Import ${id} cannot be undone, because what it brought is in use (1 measurement); remove what was made from it first.`,
  });

  await dataSource.query('DELETE FROM measurement');
  await undo(id);
  expect(await rowsOf('radiograph')).toEqual([]);
});

test('a film in use gets back the barcode that a corrected file has taken from it', async () => {
  await release.write(FILM, filmFile('1000001', BARCODE));
  await importAll();
  const before = await film();
  const make = factories(dataSource);
  const [exam] = await dataSource.query<{ id: number }[]>('SELECT id FROM knee_exam LIMIT 1');
  await make.generation(exam as never, before, await make.bundle());
  await release.write(FILM, filmFile('1000001', BARCODE, { side: 128 }));
  const id = await importAll();
  expect(await rowsOf('radiograph')).toHaveLength(2);

  await undo(id);

  expect(await dataSource.manager.find(Radiograph)).toEqual([before]);
});

test('a film that was added by hand is undone by its number', async () => {
  const path = await release.write('film.dcm', filmFile('1000001', BARCODE));
  await addImages(dataSource, path, { oaiId: '1000001', visit: 'V00', side: 'RIGHT' }, { store, create: true });
  const [run] = await listImports(dataSource, 1);
  expect(run).toMatchObject({ ended: true, release: null, images: { folders: 1, inserted: 1 } });

  await undo(run!.id);

  expect([await rowsOf('radiograph'), await rowsOf('participant'), await dataSource.manager.find(Asset)]).toEqual([
    [],
    [],
    [],
  ]);
});

test('who was erased in between stays erased, with all that imports kept of them', async () => {
  await writeRelease(release);
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00INCOME', [
    `${LEAVER}|1|61|only theirs`,
    `${STAYER}|1|62|b`,
  ]);
  const first = await importAll();
  const replaced = (await known(dataSource, LEAVER)).film.contentSha256!;
  const file = `00m/0.C.2/${LEAVER}/20040711/00000001/001`;
  const elements = { StudyDate: '20040711' };
  await release.write(file, filmFile(LEAVER, BARCODE, { side: 128, elements }));
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00INCOME', [`${LEAVER}|2|71|x`, `${STAYER}|2|72|c`]);
  await release.table('kxr_sq_bu00.txt', READING_HEADER, [
    readingRow(LEAVER, '1: Right', '15', '4', '0: 0', BARCODE),
    readingRow(STAYER, '1: Right', '15', '4', '0: 0', '016600000002'),
  ]);
  const second = await importAll();

  await eraseParticipant({ dataSource, store }, COMMAND_LINE, { oaiId: LEAVER });

  expect(await hunt({ dataSource, store }, [LEAVER, BARCODE, 'only theirs', replaced])).toEqual([]);
  await undo(second);
  expect(await everythingImported(dataSource)).toMatchObject({
    participants: [{ oai_id: STAYER }],
    visits: [{ oai_id: STAYER, age: 62 }],
    readings: [{ oai_id: STAYER, xrkl: 3 }],
    cells: [{ oai_id: STAYER, text: 'b' }],
  });
  await undo(first);
  for (const table of ['participant', 'radiograph', 'asset', 'variable']) expect(await rowsOf(table)).toEqual([]);
});
