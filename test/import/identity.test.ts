import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { Generation, MriSeries, Radiograph } from '../../src/entities/index.js';
import { dicomUid } from '../../src/imaging/dicom/write.js';
import { encodePng } from '../../src/imaging/png.js';
import { addImages, type AddedTo, importRelease } from '../../src/services/imports/index.js';
import { DirectoryStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
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

const A: AddedTo = { oaiId: '9000001', visit: 'V00', side: 'RIGHT' };
const B: AddedTo = { oaiId: '9000002', visit: 'V00', side: 'LEFT' };
const store = () => new DirectoryStore(blobs.path);
const add = async (path: string, to: AddedTo) =>
  (await addImages(dataSource, path, to, { store: store(), create: true })).outcomes;
const films = () =>
  dataSource.getRepository(Radiograph).find({ relations: { exam: { participant: true } }, order: { id: 'ASC' } });
const series = () =>
  dataSource.getRepository(MriSeries).find({ relations: { exam: { participant: true } }, order: { id: 'ASC' } });

function png(bright: number): Uint8Array {
  const data = Uint8Array.from({ length: 80 * 80 }, (_, index) => (index % 80 > 40 ? bright : 10));
  return encodePng({ rows: 80, columns: 80, data });
}

/** A finished generation from a film. */
async function generateFrom(film: Radiograph): Promise<Generation> {
  const make = factories(dataSource);
  return make.generation(film.exam!, film, await make.bundle(), { state: 'SUCCEEDED' });
}

describe('an image belongs to one participant and one exam', () => {
  test("a file overwritten with another person's film is refused, and nobody's film moves", async () => {
    const path = await files.write('knee.png', png(200));
    await add(path, A);
    const [before] = await films();
    const generation = await generateFrom(before!);

    await files.write('knee.png', png(220));

    await expect(add(path, B)).rejects.toThrow(
      'knee.png was imported for the right knee of participant 9000001 at V00 before and holds another image now; give that of ' +
        'the left knee of participant 9000002 at V00 a file of its own.',
    );
    expect(await films()).toEqual([before]);
    const kept = await dataSource.getRepository(Generation).findOneByOrFail({ id: generation.id });
    expect(kept.radiographId).toBe(before!.id);
  });

  test.each([
    ['the same pixels as PNG', () => png(200), () => png(200)],
    [
      'the same SOP Instance UID',
      () => filmFile('', '1', { elements: { SeriesDescription: 'Knee' } }),
      () => filmFile('', '1', { side: 100, elements: { SeriesDescription: 'Knee' } }),
    ],
    [
      'the same pixels under another UID',
      () => filmFile('', '1'),
      () =>
        Buffer.from(
          Buffer.from(filmFile('', '1')).toString('latin1').replaceAll(dicomUid('film', '1'), otherUid()),
          'latin1',
        ),
    ],
  ])('%s, from another file, is refused for another person', async (_, first, second) => {
    await add(await files.write('a', first()), A);
    await expect(add(await files.write('b', second()), B)).rejects.toThrow(
      'b holds an image of the right knee of participant 9000001 at V00, which cannot be added to the left knee of participant ' +
        '9000002 at V00 as well.',
    );
    expect(await films()).toMatchObject([{ exam: { side: 'RIGHT', participant: { oaiId: '9000001' } } }]);
  });

  test('the same image from another file for the same exam is unchanged', async () => {
    await add(await files.write('a.png', png(200)), A);
    expect(await add(await files.write('b.png', png(200)), A)).toEqual(['unchanged']);
    expect(await films()).toHaveLength(1);
  });

  test('a series is refused for another person, by its UID and by its voxels', async () => {
    for (const slice of [0, 1, 2]) {
      await files.write(`a/${slice}`, sliceFile('', 'x', slice));
      await files.write(`same-uid/${slice}`, sliceFile('', 'x', slice, { side: 10 }));
      await files.write(
        `same-voxels/${slice}`,
        sliceFile('', 'x', slice, { elements: { SeriesInstanceUID: '2.25.7' } }),
      );
    }
    expect(await add(join(files.path, 'a'), A)).toEqual(['inserted']);
    expect(await add(join(files.path, 'same-voxels'), A)).toEqual(['unchanged']);
    for (const folder of ['same-uid', 'same-voxels']) {
      await expect(add(join(files.path, folder), B)).rejects.toThrow(
        `${folder} holds an image of the right knee of participant 9000001 at V00, which cannot be added to the left knee`,
      );
    }
    expect(await series()).toMatchObject([{ exam: { participant: { oaiId: '9000001' } } }]);
  });
});

describe('a corrected file', () => {
  test('replaces the film while nothing was made from it', async () => {
    const path = await files.write('knee.png', png(200));
    await add(path, A);
    const [before] = await films();
    await files.write('knee.png', png(220));

    expect(await add(path, A)).toEqual(['updated']);
    const [after, ...others] = await films();
    expect([after!.id, others]).toEqual([before!.id, []]);
    expect(after!.contentSha256).not.toBe(before!.contentSha256);
  });

  test('comes beside a film that a volume was generated from, which stays as it was', async () => {
    const path = await files.write('knee.png', png(200));
    await add(path, A);
    const [before] = await films();
    await generateFrom(before!);
    await files.write('knee.png', png(220));

    expect(await add(path, A)).toEqual(['inserted']);
    expect(await add(path, A)).toEqual(['unchanged']);
    const after = await films();
    expect(after).toHaveLength(2);
    expect(after[0]).toEqual(before);
    expect(after[1]!.exam!.participant.oaiId).toBe('9000001');
  });

  test('of a release takes the barcode from a film that a volume was generated from', async () => {
    const path = '00m/0.C.2/9000001/20040623/00000001/001';
    const elements = { SeriesDescription: 'PA Right Knee' };
    await files.write(path, filmFile('9000001', '016600000001', { elements }));
    await importRelease(dataSource, files.path, { store: store() });
    const [before] = await films();
    await generateFrom(before!);
    await files.write(path, filmFile('9000001', '016600000001', { side: 100, elements }));

    const summary = await importRelease(dataSource, files.path, { store: store() });

    expect(summary.images).toMatchObject({ updated: 1, refused: 0 });
    const after = await films();
    expect(after).toMatchObject([
      { id: before!.id, barcode: null, rows: 96, assetId: before!.assetId },
      { barcode: '016600000001', rows: 100 },
    ]);
  });
});

test('a series from before contents were kept is known again by its stored file, and then by its content', async () => {
  for (const slice of [0, 1, 2]) {
    await files.write(`00m/0.C.2/9000001/20040623/10000001/${slice}`, sliceFile('9000001', '016610000001', slice));
  }
  await importRelease(dataSource, files.path, { store: store() });
  const [before] = await series();
  await dataSource.getRepository(MriSeries).update({ id: before!.id }, { contentSha256: null, sourceUid: null });

  const summary = await importRelease(dataSource, files.path, { store: store(), reread: true });

  expect(summary.images).toMatchObject({ unchanged: 1, updated: 0, inserted: 0 });
  expect(await series()).toEqual([before]);
});

test('a series that a folder does not hold any more goes with it', async () => {
  for (const echo of [1, 2]) {
    for (const slice of [0, 1, 2]) {
      const elements = { EchoNumbers: echo, EchoTime: 10 * echo, SeriesDescription: 'SAG T2 RIGHT' };
      await files.write(`scan/${echo}${slice}`, sliceFile('', `echo ${echo}`, slice, { elements }));
    }
  }
  await add(join(files.path, 'scan'), A);
  expect(await series()).toHaveLength(2);
  for (const slice of [0, 1, 2]) await rm(join(files.path, `scan/2${slice}`));

  await add(join(files.path, 'scan'), A);
  expect(await series()).toHaveLength(1);
});

test('two barcodes of a release that hold one image of two people are refused', async () => {
  await files.write('00m/0.C.2/9000001/20040623/00000001/001', filmFile('9000001', '016600000001'));
  await files.write('00m/0.C.2/9000002/20040623/00000002/001', filmFile('9000002', '016600000001'));

  const summary = await importRelease(dataSource, files.path, { store: store() });

  expect(summary.images).toMatchObject({ inserted: 1, refused: 1 });
  expect(summary.refusals[0]!.reason).toBe(
    '00m/0.C.2/9000002/20040623/00000002 holds an image of both knees of participant 9000001 at V00, which cannot be added to ' +
      'both knees of participant 9000002 at V00 as well.',
  );
});

/** Of the same length as the fixture's. */
function otherUid(): string {
  const uid = dicomUid('film', '1');
  return `${uid.slice(0, -1)}${uid.endsWith('1') ? '2' : '1'}`;
}
