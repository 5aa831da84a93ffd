import type { DataSource } from 'typeorm';
import { MriSeries, Radiograph } from '../../src/entities/index.js';
import { encodePng } from '../../src/imaging/png.js';
import { addImages, type AddedTo, type AddOptions } from '../../src/services/imports/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { ReleaseFolder, sliceFile } from '../helpers/oai-files.js';

let database: TestDatabase;
let dataSource: DataSource;
let files: ReleaseFolder;
let blobs: ReleaseFolder;
let store: DirectoryStore;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  files = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
  store = new DirectoryStore(blobs.path);
});

afterEach(async () => {
  await database.drop();
  await files.remove();
  await blobs.remove();
});

const RIGHT: AddedTo = { oaiId: '9000001', visit: 'V00', side: 'RIGHT' };
const BOTTOM: AddOptions['redact'] = [{ edge: 'bottom', pixels: 2 }];
const add = async (path: string, to = RIGHT, redact?: AddOptions['redact']) =>
  (await addImages(dataSource, path, to, { store, create: true, redact })).outcomes;
const rowsOf = async () => [
  ...(await dataSource.getRepository(Radiograph).find({ relations: { asset: true } })),
  ...(await dataSource.getRepository(MriSeries).find({ relations: { asset: true } })),
];

/** A picture, which has no UID, in a folder of its own. */
async function writePicture(folder: string): Promise<string> {
  const data = Uint8Array.from({ length: 80 * 80 }, (_, index) => (index % 80 > 40 ? 200 : 10));
  return files.write(`${folder}/film.png`, encodePng({ rows: 80, columns: 80, data }));
}

/** A series without a UID, in a folder of its own. */
async function writeScan(folder: string): Promise<string> {
  for (const slice of [0, 1, 2])
    await files.write(`${folder}/scan/${slice}`, sliceFile('', '1', slice, { elements: { SeriesInstanceUID: '' } }));
  return `${files.path}/${folder}/scan`;
}

describe.each([
  ['film', writePicture],
  ['series', writeScan],
])('a %s without a UID', (kind, write) => {
  test('is redacted in the row that shows it, also where its file lies elsewhere now', async () => {
    await add(await write('a'));
    const [before] = await rowsOf();

    expect(await add(await write('b'), RIGHT, BOTTOM)).toEqual(['updated']);

    const [after, ...others] = await rowsOf();
    expect(others).toEqual([]);
    expect(after).toMatchObject({ id: before!.id, redacted: true });
    expect(after!.contentSha256).not.toBe(before!.contentSha256);
    expect(await store.exists(before!.asset!.storageKey)).toBe(false);
    expect(await add(await write('c'), RIGHT, BOTTOM)).toEqual(['unchanged']);
    expect(await rowsOf()).toEqual([after]);
  });

  test('is not redacted for another person than the one whose row shows it', async () => {
    await add(await write('a'));
    const before = await rowsOf();

    await expect(add(await write('b'), { ...RIGHT, oaiId: '9000002' }, BOTTOM)).rejects.toThrow(
      `${kind === 'film' ? 'film.png' : 'scan'} holds an image of the right knee of participant 9000001 at V00, which cannot be added to the ` +
        'right knee of participant 9000002 at V00 as well.',
    );

    expect(await rowsOf()).toEqual(before);
  });
});
