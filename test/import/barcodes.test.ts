import { rm } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { MriSeries, Radiograph } from '../../src/entities/index.js';
import { addImages, type AddedTo, importRelease, listImports, undoImport } from '../../src/services/imports/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories, type Factories } from '../helpers/factories.js';
import { filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';

let database: TestDatabase;
let dataSource: DataSource;
let make: Factories;
let files: ReleaseFolder;
let blobs: ReleaseFolder;
let store: DirectoryStore;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
  make = factories(dataSource);
  files = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
  store = new DirectoryStore(blobs.path);
});

afterEach(async () => {
  await database.drop();
  await files.remove();
  await blobs.remove();
});

const FILM = '00m/0.C.2/9000001/20040623/00000001/001';
const FILM_BARCODE = '016600000001';
const SERIES = '00m/0.C.2/9000001/20040623/10000001';
const SERIES_BARCODE = '016610000001';
const RIGHT: AddedTo = { oaiId: '9000001', visit: 'V00', side: 'RIGHT' };

const film = (side: number) =>
  filmFile('9000001', FILM_BARCODE, { side, elements: { SeriesDescription: 'PA Right Knee' } });
const films = () => dataSource.getRepository(Radiograph).find({ relations: { exam: true }, order: { id: 'ASC' } });
const series = () => dataSource.getRepository(MriSeries).find({ relations: { exam: true }, order: { id: 'ASC' } });
const add = async (path: string) => (await addImages(dataSource, path, RIGHT, { store })).outcomes;

async function importAll() {
  const summary = await importRelease(dataSource, files.path, { store });
  expect(summary.refusals).toEqual([]);
  return summary;
}

/** The folder of a series of the release, or one that is added by hand, whose slices have this many rows. */
async function writeSlices(folder: string, side: number): Promise<string> {
  for (const slice of [0, 1, 2])
    await files.write(`${folder}/00${slice}`, sliceFile('9000001', SERIES_BARCODE, slice, { side }));
  return `${files.path}/${folder}`;
}

const xrays = (...rows: string[]) => files.table('XRay00.txt', 'ID|VERSION|V00EXAMTP|V00XRBARCD|V00XRDATE', rows);

test('tables are imported as before although a film of theirs has given up its barcode to a corrected one', async () => {
  await xrays(`9000001|1|PA Right Knee|${FILM_BARCODE}|06/23/2004`);
  await files.write(FILM, film(96));
  await importAll();
  const [before] = await films();
  await make.generation(before!.exam!, before!, await make.bundle());
  await files.write(FILM, film(100));
  await importAll();
  expect(await films()).toMatchObject([
    { id: before!.id, barcode: null },
    { barcode: FILM_BARCODE, rows: 100 },
  ]);
  await xrays(`9000001|2|PA Right Knee|${FILM_BARCODE}|06/24/2004`);

  const { tables } = await importAll();

  expect(tables).toMatchObject([{ rows: 1, updated: 1, absent: 0, dropped: 0 }]);
  expect(await films()).toMatchObject([
    { id: before!.id, barcode: null, date: '2004-06-23', dropped: {} },
    { barcode: FILM_BARCODE, date: '2004-06-24', dropped: {} },
  ]);
});

/** A kind of image that a release brings, that something is made from, and of which a correction exists. */
interface Corrected {
  write: (to: string, rows: number) => Promise<string>;
  releasedAs: string;
  barcode: string;
  use: (id: number) => Promise<unknown>;
  rows: () => Promise<(Radiograph | MriSeries)[]>;
}

const KINDS: [kind: string, of: Corrected][] = [
  [
    'film',
    {
      write: (to, rows) => files.write(to, film(rows)),
      releasedAs: FILM,
      barcode: FILM_BARCODE,
      use: async (id) => {
        const used = (await films()).find((one) => one.id === id)!;
        return make.generation(used.exam!, used, await make.bundle());
      },
      rows: films,
    },
  ],
  [
    'series',
    {
      write: writeSlices,
      releasedAs: SERIES,
      barcode: SERIES_BARCODE,
      use: async (id) => {
        const used = (await series()).find((one) => one.id === id)!;
        return make.generation(used.exam!, {} as Radiograph, await make.bundle(), {
          sourceSeriesId: id,
          radiographId: null,
        });
      },
      rows: series,
    },
  ],
];

describe.each(KINDS)(
  'a corrected %s that was added by hand beside one in use',
  (_, { write, releasedAs, barcode, use, rows }) => {
    test.each([
      ['the same correction, which is there already', 100, 'updated'],
      ['another correction', 104, 'updated'],
    ])(
      'takes the barcode when the release brings %s, and gives it back when that import is undone',
      async (__, side) => {
        await write(releasedAs, 96);
        await importAll();
        const [released] = await rows();
        await use(released!.id);
        expect(await add(await write('corrected', 100))).toEqual(['inserted']);
        const before = await rows();
        await write(releasedAs, side);

        const { images } = await importAll();

        expect(images).toMatchObject({ updated: 1, inserted: 0 });
        expect(await rows()).toMatchObject([
          { id: released!.id, barcode: null, rows: 96, assetId: released!.assetId },
          { id: before[1]!.id, barcode, rows: side },
        ]);
        expect((await importAll()).images).toMatchObject({ unchanged: 1 });
        const runs = await listImports(dataSource, 2);
        for (const { id } of runs) await undoImport({ dataSource, store }, id);
        expect(await rows()).toEqual(before);
      },
    );
  },
);

test("a film that is added by hand leaves the release's own film as it is, though that came from the same path", async () => {
  const path = await files.write('film.dcm', film(96));
  await make.participant({ oaiId: '9000001' }).then((participant) => make.visit(participant));
  expect(await add(path)).toEqual(['inserted']);
  await files.write(FILM, film(96));
  await importAll();
  const released = await films();
  expect(released).toMatchObject([{ barcode: FILM_BARCODE }]);
  await files.write('film.dcm', filmFile('', '2', { elements: { SeriesDescription: 'PA Right Knee' } }));

  expect(await add(path)).toEqual(['inserted']);

  expect(await films()).toMatchObject([released[0]!, { barcode: null, rows: 96 }]);
});

test('a series of a release stays when the folder that it was added from by hand holds it no more', async () => {
  await writeSlices(SERIES, 8);
  await importAll();
  const released = await series();
  await writeSlices('scan', 8);
  for (const slice of [0, 1, 2])
    await files.write(
      `scan/other-${slice}`,
      sliceFile('', 'other', slice, { elements: { SeriesDescription: 'SAG T2 RIGHT' } }),
    );
  expect((await add(`${files.path}/scan`)).sort()).toEqual(['inserted', 'unchanged']);
  expect(await series()).toHaveLength(2);
  for (const slice of [0, 1, 2]) await rm(`${files.path}/scan/00${slice}`);

  expect(await add(`${files.path}/scan`)).toEqual(['unchanged']);

  expect(await series()).toMatchObject([released[0]!, { barcode: null, sequence: 'SAG_T2_RIGHT' }]);
});

describe('a table that says an image is of another knee or visit', () => {
  const mris = (...rows: string[]) =>
    files.table('MRI00.txt', 'ID|VERSION|V00MEXAMTP|V00MRBARCD|V00MRCOMP|V00MRSIDE', rows);

  beforeEach(async () => {
    await xrays(`9000001|1|PA Right Knee|${FILM_BARCODE}|06/23/2004`);
    await mris(`9000001|1|R COR T1 3D FLASH|${SERIES_BARCODE}|1|1: Right`);
    await importAll();
  });

  test('moves it while its pixels are not there', async () => {
    await xrays(`9000001|2|PA Left Knee|${FILM_BARCODE}|06/23/2004`);
    await mris(`9000001|2|L COR T1 3D FLASH|${SERIES_BARCODE}|1|2: Left`);

    expect((await importAll()).tables).toMatchObject([
      { updated: 1, refused: 0 },
      { updated: 1, refused: 0 },
    ]);

    expect([...(await films()), ...(await series())]).toMatchObject([
      { exam: { side: 'LEFT' } },
      { exam: { side: 'LEFT' } },
    ]);
  });

  test('is refused in that row once its pixels are there, and all of the image stays', async () => {
    await files.write(FILM, film(96));
    await writeSlices(SERIES, 8);
    await importAll();
    const before = [await films(), await series()];
    await xrays(
      `9000001|2|PA Left Knee|${FILM_BARCODE}|06/24/2004`,
      '9000001|2|Bilateral PA Fixed Flexion Knee|016600000002|06/24/2004',
    );
    await mris(`9000001|2|L COR T1 3D FLASH|${SERIES_BARCODE}|1|2: Left`);

    const { tables, refusals } = await importRelease(dataSource, files.path, { store });

    const sentence = (barcode: string) =>
      `Barcode ${barcode} is that of an image of the right knee of participant 9000001 at V00, whose pixels were imported; ` +
      'nothing moves it to the left knee of participant 9000001 at V00. ' +
      'If the row is right, undo the import that brought the image, and import both again.';
    expect(refusals.map(({ row, reason }) => [row, reason])).toEqual([
      [2, sentence(FILM_BARCODE)],
      [2, sentence(SERIES_BARCODE)],
    ]);
    expect(tables).toMatchObject([
      { inserted: 1, updated: 0, refused: 1, changes: [{ added: 1 }, { added: 1 }] },
      { updated: 0, refused: 1, changes: [] },
    ]);
    expect(await films()).toMatchObject([before[0]![0]!, { barcode: '016600000002', examId: null }]);
    expect(await series()).toEqual(before[1]);
  });

  test('says nothing of it when the table is older than what is known', async () => {
    await xrays(`9000001|2|PA Right Knee|${FILM_BARCODE}|06/23/2004`);
    await files.write(FILM, film(96));
    await importAll();
    const before = await films();
    await xrays(`9000001|1|PA Left Knee|${FILM_BARCODE}|06/22/2004`);

    expect((await importAll()).tables).toMatchObject([
      { file: 'XRay00.txt', kept: 1, refused: 0 },
      { file: 'MRI00.txt' },
    ]);

    expect(await films()).toEqual(before);
  });
});
