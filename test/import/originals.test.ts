import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { Asset, KneeExam, MriSeries, OriginalObject, Radiograph } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import {
  addImages,
  type AddedTo,
  type AddOptions,
  importRelease,
  listImports,
  undoImport,
} from '../../src/services/imports/index.js';
import { openCatalogue } from '../../src/services/dicomweb/index.js';
import { dicomFiles, loadSources, nameOf, readVolume } from '../../src/services/series/index.js';
import { readDicomHeader, readStored } from '../../src/imaging/dicom/read.js';
import { DirectoryStore, readAsset, sweepBlobs } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { makeGenerated } from '../helpers/dicomweb.js';
import { factories } from '../helpers/factories.js';
import { hunt } from '../helpers/hunt.js';
import { filmFile, ReleaseFolder, sliceFile } from '../helpers/oai-files.js';
import { pythonWith } from '../helpers/python.js';
import { unzipped } from '../helpers/zip.js';

const python = pythonWith(['pydicom', 'numpy']);
const needsPython = python ? test : test.skip;

let database: TestDatabase;
let api: Pick<TestDatabase, 'dataSource'> & { store: DirectoryStore };
let files: ReleaseFolder;
let blobs: ReleaseFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  files = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
  api = { dataSource: database.dataSource, store: new DirectoryStore(blobs.path) };
});

afterEach(async () => {
  await database.drop();
  await files.remove();
  await blobs.remove();
});

const RIGHT: AddedTo = { oaiId: '9000001', visit: 'V00', side: 'RIGHT' };
const add = (path: string, to = RIGHT, options: Partial<AddOptions> = {}) =>
  addImages(api.dataSource, path, to, { store: api.store, create: true, ...options });
const originals = () =>
  api.dataSource.getRepository(OriginalObject).find({ relations: { asset: true }, order: { id: 'ASC' } });

/** How the patient of these files is known. */
const WORDS = ['Zyxwvut', 'zyxwvut', 'ZYXWVUT', 'Quentin', '19480203'];
const NAME = 'Zyxwvut^Quentin';
const NAMED = {
  ...{ PatientName: NAME, PatientID: 'Zyxwvut-77', PatientBirthDate: '19480203', AccessionNumber: 'ZYXWVUT' },
  ...{ StudyDescription: `KNEE ${NAME}`, SeriesDescription: `COR T1 ${NAME} RIGHT`, ProtocolName: NAME },
  ...{
    Manufacturer: 'Zyxwvut Quentin',
    StationName: 'Zyxwvut',
    DeviceSerialNumber: 'Zyxwvut-1',
    ReceiveCoilName: 'Zyxwvut',
  },
  ...{
    InstitutionName: NAME,
    ImageComments: NAME,
    SequenceName: 'ZYXWVUT',
    ImageType: ['ORIGINAL', 'PRIMARY', 'ZYXWVUT'],
  },
  ...{ RequestAttributesSequence: [{ ScheduledProcedureStepDescription: NAME }], BodyPartExamined: 'KNEE' },
};

async function writeSeries(folder: string, elements = {}, slices = [0, 1, 2]): Promise<string> {
  for (const slice of slices) await files.write(`${folder}/${slice}`, sliceFile('', folder, slice, { elements }));
  return join(files.path, folder);
}

/** Writes the kept objects into a folder of their own, and gives their paths. */
async function writtenOut(original: OriginalObject): Promise<string[]> {
  const bytes = await readAsset(api.store, original.asset);
  const { mediaType } = original.asset;
  const kept = mediaType === 'application/zip' ? await unzipped(bytes) : new Map([['film.dcm', bytes]]);
  return Promise.all([...kept].map(([name, file]) => files.write(`kept-${original.id}/${name}`, file)));
}

interface Seen {
  meta: [uid: string, transferSyntax: string];
  codes: string[][];
  private: number;
  words: string;
  [keyword: string]: unknown;
}

function seenByPydicom(paths: readonly string[]): Seen[] {
  const script = join(packageRoot, 'test/helpers/read-objects.py');
  return JSON.parse(execFileSync(python!, [script, ...paths], { encoding: 'utf8' })) as Seen[];
}

test('a name in every attribute, in the name of the file and of its folder gets into no table, file, log or export', async () => {
  const planted = await readFile(join(packageRoot, 'test/golden/deidentification/planted.dcm'));
  const film = await files.write(`${NAME}/${NAME} 19480203.dcm`, planted);
  await add(film);
  await add(await writeSeries(NAME.toLowerCase(), NAMED));
  await expect(
    add(await files.write(`${NAME}-2.dcm`, filmFile('', '2', { elements: { ...NAMED, Modality: 'ZYXWVUT' } }))),
  ).rejects.toThrow('it waits in quarantine');

  expect(await hunt(api, WORDS)).toEqual([]);
  expect(await originals()).toHaveLength(2);
  const series = await api.dataSource.getRepository(MriSeries).findOneByOrFail({});
  expect(series).toMatchObject({ sequence: 'COR_T1_RIGHT', acquisition: { manufacturer: null, receiveCoil: null } });
  const [source] = await loadSources(api.dataSource, [series.id]);
  const exported = [...dicomFiles(source!, await readVolume(api.store, source!))];
  expect([nameOf(source!), ...exported.map((file) => Buffer.from(file).toString('latin1'))].join()).not.toMatch(
    /zyxwvut|quentin|19480203/i,
  );
});

needsPython(
  'pydicom reads the kept objects: the pixels and geometry of the files, nothing of the patient',
  async () => {
    const film = await files.write('film.dcm', filmFile('H-1', '1', { elements: NAMED }));
    await add(film);
    const folder = await writeSeries('scan', { ...NAMED, Manufacturer: 'SIEMENS', EchoTime: '4.9' });
    await add(folder);

    const [ofFilm, ofSeries] = (await originals()) as [OriginalObject, OriginalObject];
    const [keptFilm] = seenByPydicom(await writtenOut(ofFilm));
    const slices = seenByPydicom(await writtenOut(ofSeries));
    const [filmBefore, ...slicesBefore] = seenByPydicom([
      film,
      // The last file is the most posterior slice, which is the first of the image.
      ...[2, 1, 0].map((slice) => join(folder, String(slice))),
    ]);

    const { date, sopInstanceUid } = await api.dataSource.getRepository(Radiograph).findOneByOrFail({});
    expect(keptFilm).toMatchObject({
      ...{ PatientName: '9000001', PatientID: '9000001', PatientBirthDate: '', InstitutionName: '', private: 0 },
      ...{ SeriesDescription: 'COR T1 RIGHT', StudyDescription: 'KNEE', PatientIdentityRemoved: 'YES' },
      ...{ StudyDate: date!.replaceAll('-', ''), LongitudinalTemporalInformationModified: 'MODIFIED' },
      ...{ pixels: filmBefore!['pixels'], PixelSpacing: '[0.2, 0.2]', SOPInstanceUID: sopInstanceUid },
      codes: [
        ['113100', 'DCM', 'Basic Application Confidentiality Profile'],
        ['113105', 'DCM', 'Clean Descriptors Option'],
        ['113107', 'DCM', 'Retain Longitudinal Temporal Information Modified Dates Option'],
        ['113109', 'DCM', 'Retain Device Identity Option'],
      ],
    });
    expect(slices.map(({ pixels }) => pixels)).toEqual(slicesBefore.map(({ pixels }) => pixels));
    expect(slices.map(({ meta }) => meta[0])).toEqual(ofSeries.instanceUids);
    expect(slices[0]).toMatchObject({ Manufacturer: 'SIEMENS', EchoTime: '4.9', StudyInstanceUID: ofSeries.studyUid });
    expect([keptFilm, ...slices].map((seen) => seen!.words).join(' ')).not.toMatch(/zyxwvut|quentin|19480203/i);
  },
);

test('dates of one participant go back together, and those of another by another number', async () => {
  const day = async (barcode: string, StudyDate: string, oaiId: string) => {
    const path = await files.write(`${barcode}.dcm`, filmFile('', barcode, { elements: { StudyDate } }));
    await add(path, { ...RIGHT, oaiId });
    const found = await api.dataSource.getRepository(Radiograph).find({ order: { id: 'DESC' }, take: 1 });
    return Date.parse(found[0]!.date!) / 86_400_000;
  };
  const [first, later, other] = [
    await day('1', '20040623', '9000001'),
    await day('2', '20050623', '9000001'),
    await day('3', '20040623', '9000002'),
  ];
  expect(later - first).toBe(365);
  const back = Date.parse('2004-06-23') / 86_400_000 - first;
  expect(back).toBeGreaterThan(30);
  expect(back).toBeLessThan(3681);
  expect(other).not.toBe(first);
});

test('an image of a release keeps the day that the release publishes, whatever its header says', async () => {
  const folder = '00m/0.C.2/9000001/20040623/00000001';
  await files.write(
    `${folder}/001`,
    filmFile('9000001', '016600000001', { elements: { StudyDate: '20040701', SeriesDate: '20040703' } }),
  );
  await importRelease(api.dataSource, files.path, { store: api.store });

  const film = await api.dataSource.getRepository(Radiograph).findOneByOrFail({});
  const [original] = await originals();
  expect(film.date).toBe('2004-06-23');
  const bytes = (await readAsset(api.store, original!.asset)).toString('latin1');
  expect(bytes).toContain('20040623');
  expect(bytes).toContain('20040625');
  expect(bytes).not.toContain('20040701');
});

describe('a study that is in a release and among images added by hand', () => {
  const STUDY = '1.2.3.4';
  const [DAY, LATER] = ['20040701', '20050701'];
  const addFilm = async (barcode: string, StudyDate: string, StudyInstanceUID: string) =>
    add(await files.write(`${barcode}.dcm`, filmFile('', barcode, { elements: { StudyDate, StudyInstanceUID } })));
  /** The release publishes the study at 2004-06-23. */
  const release = async () => {
    const elements = { StudyDate: DAY, StudyInstanceUID: STUDY };
    await files.write(
      'release/00m/0.C.2/9000001/20040623/00000001/001',
      filmFile('9000001', '016600000001', { elements }),
    );
    const { refusals } = await importRelease(api.dataSource, join(files.path, 'release'), { store: api.store });
    expect(refusals).toEqual([]);
  };
  const films = async () =>
    (await api.dataSource.getRepository(Radiograph).find({ order: { id: 'ASC' } })).map(({ date }) => date);
  /** Study UID and dates of every kept object, by its own bytes. */
  const objects = async () => {
    const kept = await originals();
    const read = kept.map(async (original) => {
      const [path] = await writtenOut(original);
      const { studyUid, studyDate } = await readDicomHeader(path!);
      return [studyUid, studyDate];
    });
    return Promise.all(read);
  };

  async function expectOneShift(ofFilms: string[], days = ofFilms): Promise<void> {
    expect(await films()).toEqual(ofFilms);
    const kept = await objects();
    expect(kept.map(([, date]) => date)).toEqual(days.map((day) => day.replaceAll('-', '')));
    const ofStudy = kept.filter(([, date]) => date === '20040623');
    expect(ofStudy).toHaveLength(2);
    expect(new Set(ofStudy.map(([uid]) => uid)).size).toBe(1);
  }

  test('has the published day by both doors, and so does every other image added by hand, when the release came first', async () => {
    await release();
    await addFilm('1', DAY, STUDY);
    await addFilm('2', LATER, '1.2.3.5');

    await expectOneShift(['2004-06-23', '2004-06-23', '2005-06-23']);
  });

  test('has it when the images added by hand came first: they get other dates, and nothing else of them changes', async () => {
    await addFilm('1', DAY, STUDY);
    await addFilm('2', LATER, '1.2.3.5');
    await add(await writeSeries('scan', { StudyDate: LATER, StudyInstanceUID: '1.2.3.5' }));
    const before = await originals();
    const uids = before.map(({ instanceUids, studyUid }) => [instanceUids, studyUid]);
    const seen = async () => (await Promise.all((await originals()).slice(0, 3).map(writtenOut))).flat();
    const pixels = async () => Promise.all((await seen()).map(async (path) => (await readStored(path)).values));
    const voxels = await pixels();
    expect((await films())[0]).not.toBe('2004-06-23');

    await release();

    await expectOneShift(
      ['2004-06-23', '2005-06-23', '2004-06-23'],
      ['2004-06-23', '2005-06-23', '2005-06-23', '2004-06-23'],
    );
    expect((await originals()).slice(0, 3).map(({ instanceUids, studyUid }) => [instanceUids, studyUid])).toEqual(uids);
    expect(await pixels()).toEqual(voxels);
    expect(await api.dataSource.getRepository(MriSeries).findOneByOrFail({})).toMatchObject({ date: '2005-06-23' });
    for (const { asset } of before)
      expect(await api.dataSource.getRepository(Asset).findOneBy({ id: asset.id })).toBeNull();
  });

  test('has it in what was made of these images, too, under the UIDs that it has', async () => {
    await addFilm('1', DAY, STUDY);
    await addFilm('2', LATER, '1.2.3.5');
    const exam = await api.dataSource.getRepository(KneeExam).findOneByOrFail({});
    const result = await makeGenerated({ ...api, make: factories(api.dataSource), exam });
    const told = async () => {
      await openCatalogue(api).catchUp();
      const rows = await api.dataSource.query<object[]>(
        `SELECT state, study_uid, series_uid, study_date FROM dicom_series WHERE generation_id = $1`,
        [result.id],
      );
      return rows[0]!;
    };
    const before = await told();

    await release();

    expect(await told()).toEqual({ ...before, study_date: '20040623' });
    expect(before).toMatchObject({ state: 'LISTED', study_uid: (await originals())[0]!.studyUid });
    expect(before).not.toMatchObject({ study_date: '20040623' });
  });

  test('brings back no other date when an import from before is undone', async () => {
    const path = await files.write(
      'film.dcm',
      filmFile('', '1', { elements: { StudyDate: DAY, StudyInstanceUID: STUDY } }),
    );
    await add(path);
    await files.write('film.dcm', filmFile('', '2', { elements: { StudyDate: DAY, StudyInstanceUID: STUDY } }));
    await add(path);
    const [replacing] = await listImports(api.dataSource, 1);
    await release();

    await undo(replacing!.id);

    await expectOneShift(['2004-06-23', '2004-06-23']);
  });
});

test('an image has one object, whatever is read again, and a corrected file brings its own; undoing its import brings back the other', async () => {
  const path = await files.write('film.dcm', filmFile('', '1'));
  await add(path);
  await add(path);
  const [before, ...more] = await originals();
  expect(more).toEqual([]);

  await files.write('film.dcm', filmFile('', '2'));
  await add(path);

  const [after, ...others] = await originals();
  expect(others).toEqual([]);
  expect(after!.assetId).not.toBe(before!.assetId);
  await sweepBlobs({ dataSource: api.dataSource, store: api.store, graceMs: 0 });
  const [run] = await listImports(api.dataSource, 1);
  await undoImport({ dataSource: api.dataSource, store: api.store }, run!.id);
  expect(await originals()).toEqual([before]);
  expect(await api.store.exists(before!.asset.storageKey)).toBe(true);
  expect(await api.store.exists(after!.asset.storageKey)).toBe(false);
  expect(await add(path)).toMatchObject({ outcomes: ['updated'] });
});

test('a redaction that keeps no object forgets the one that shows what was redacted', async () => {
  const film = await files.write('film.dcm', filmFile('', '1'));
  await add(film);
  expect(await originals()).toHaveLength(1);

  await add(film, RIGHT, { redact: [{ edge: 'top', pixels: 2 }], withoutOriginals: true });

  expect(await originals()).toEqual([]);
});

const BOTTOM: AddOptions['redact'] = [{ edge: 'bottom', pixels: 2 }];
const undo = (id: number, dryRun = false) => undoImport(api, id, { dryRun });

test.each(['film', 'series'])(
  'what a redaction removed of a %s is gone at once, and no undoing brings it back',
  async (kind) => {
    const table = kind === 'film' ? 'radiograph' : 'mri_series';
    const write = async (brightness: string): Promise<string> =>
      kind === 'film'
        ? files.write('film.dcm', filmFile('', brightness))
        : writeSeries('scan', { RescaleIntercept: brightness });
    const state = () => api.dataSource.query<object[]>(`SELECT * FROM ${table}`);
    const digests = async () => (await api.dataSource.getRepository(Asset).find()).map(({ sha256 }) => sha256).sort();
    await add(await write('1'));
    const first = await digests();
    const path = await write('2');
    await add(path);
    const both = await digests();
    expect([first.length, both.length]).toEqual([2, 4]);

    expect(await add(path, RIGHT, { redact: BOTTOM })).toMatchObject({ outcomes: ['updated'] });

    const redacted = await state();
    const kept = await originals();
    const left = await digests();
    expect(left).toHaveLength(2);
    expect(left.filter((one) => both.includes(one))).toEqual([]);
    for (const one of both) expect(await api.store.exists(`${one.slice(0, 2)}/${one}`)).toBe(false);
    const [third, second, made] = (await listImports(api.dataSource, 3)).map(({ id }) => id) as [
      number,
      number,
      number,
    ];
    await expect(undo(second)).rejects.toMatchObject({ code: 'CONFLICT' });
    for (const id of [third, second]) {
      expect(await undo(id, true)).toMatchObject({ changes: [], removed: {}, redacted: 1, files: 0 });
      expect(await undo(id)).toMatchObject({ changes: [], removed: {}, redacted: 1, files: 0 });
      expect(await state()).toEqual(redacted);
      expect(await originals()).toEqual(kept);
    }
    expect(await undo(made)).toMatchObject({ removed: { [table]: 1 }, redacted: 0, files: 2 });
    expect([await state(), await digests()]).toEqual([[], []]);
  },
);

test('a redacted film that a later file replaced is redacted again when the import of that file is undone', async () => {
  const path = await files.write('film.dcm', filmFile('', '1'));
  await add(path);
  await add(path, RIGHT, { redact: BOTTOM });
  const redacted = await api.dataSource.getRepository(Radiograph).findOneByOrFail({});
  await files.write('film.dcm', filmFile('', '2'));
  await add(path);
  const [run] = await listImports(api.dataSource, 1);

  expect(await undo(run!.id)).toMatchObject({ redacted: 0 });

  expect(await api.dataSource.getRepository(Radiograph).find()).toEqual([redacted]);
});

test('a film that something was made from is not redacted beside itself, but refused', async () => {
  const path = await files.write('film.dcm', filmFile('', '1'));
  await add(path);
  const film = await api.dataSource.getRepository(Radiograph).findOneByOrFail({});
  const make = factories(api.dataSource);
  const exam = await api.dataSource.getRepository(KneeExam).findOneByOrFail({});
  const generation = await make.generation(exam, film, await make.bundle());

  await expect(add(path, RIGHT, { redact: BOTTOM })).rejects.toMatchObject({
    code: 'FILE_REFUSED',
    message: 'film.dcm cannot be redacted while something that was made from what it shows is kept; remove that first.',
  });

  expect(await api.dataSource.getRepository(Radiograph).find()).toEqual([film]);
  await api.dataSource.query('DELETE FROM generation WHERE id = $1', [generation.id]);
  expect(await add(path, RIGHT, { redact: BOTTOM })).toMatchObject({ outcomes: ['updated'] });
});

const FOLDER = '00m/0.C.2/9000001/20040623/00000001';
const release = () => importRelease(api.dataSource, files.path, { store: api.store, reread: true });
const films = () => api.dataSource.getRepository(Radiograph).find({ order: { id: 'ASC' } });
const BOTH: AddedTo = { oaiId: '9000001', visit: 'V00' };

test('a film is not redacted while another row of the same film is in use', async () => {
  const path = await files.write('film.dcm', filmFile('', '1'));
  await add(path);
  const [used] = await films();
  const make = factories(api.dataSource);
  const exam = await api.dataSource.getRepository(KneeExam).findOneByOrFail({});
  await make.generation(exam, used!, await make.bundle());
  await files.write('film.dcm', filmFile('', '1', { side: 100 }));
  expect(await add(path)).toMatchObject({ outcomes: ['inserted'] });
  const before = await films();

  await expect(add(path, RIGHT, { redact: BOTTOM })).rejects.toThrow(
    'film.dcm cannot be redacted while something that was made from what it shows is kept; remove that first.',
  );

  expect(before).toHaveLength(2);
  expect(await films()).toEqual(before);
});

test('a film that a release brought is redacted in the row of the release, and the next import of it is refused', async () => {
  const elements = { StudyDate: '20050101', StudyDescription: 'OAI^BILATERAL_KNEE' };
  const path = await files.write(`${FOLDER}/001`, filmFile('9000001', '016600000001', { elements }));
  await release();
  const [before] = await films();
  const [object] = await originals();

  expect(await add(path, BOTH, { redact: BOTTOM })).toMatchObject({ outcomes: ['updated'] });

  const [after, ...others] = await films();
  expect(others).toEqual([]);
  expect(after).toMatchObject({
    ...{ id: before!.id, barcode: '016600000001', release: '0.C.2', date: '2004-06-23', redacted: true },
    ...{ sponsor: before!.sponsor, provenance: before!.provenance },
  });
  expect(await api.store.exists(object!.asset.storageKey)).toBe(false);
  const [kept, ...more] = await originals();
  expect(more).toEqual([]);
  const bytes = await readAsset(api.store, kept!.asset);
  expect(await readDicomHeader({ bytes, name: 'kept' })).toMatchObject({ studyDate: '20040623' });
  const { refusals } = await release();
  expect(refusals.map(({ reason }) => reason)).toEqual([
    `${FOLDER} would bring back what was redacted of the image of both knees of participant 9000001 at V00, which stays as it is.`,
  ]);
  expect(await films()).toEqual([after]);
});

test('a film that was redacted when it was added by hand is not brought back by a release', async () => {
  const film = filmFile('9000001', '016600000001');
  await add(await files.write('film.dcm', film), BOTH, { redact: BOTTOM });
  const before = await films();
  await files.write(`${FOLDER}/001`, film);

  const { images, refusals } = await release();

  expect(images).toMatchObject({ inserted: 0, updated: 0, refused: 1 });
  expect(refusals[0]!.reason).toBe(
    `${FOLDER} would bring back what was redacted of the image of both knees of participant 9000001 at V00, which stays as it is.`,
  );
  expect(await films()).toEqual(before);
  expect(before).toMatchObject([{ redacted: true, barcode: null }]);
});

test('a film that two rows show is not redacted in one of them', async () => {
  const film = filmFile('9000001', '016600000001');
  await files.write(`${FOLDER}/001`, film);
  await release();
  const corrected = await files.write('film.dcm', filmFile('9000001', '016600000001', { side: 100 }));
  expect(await add(corrected, BOTH)).toMatchObject({ outcomes: ['inserted'] });
  const before = await films();

  await expect(add(corrected, BOTH, { redact: BOTTOM })).rejects.toThrow(
    'film.dcm cannot be redacted while 2 images of both knees of participant 9000001 at V00 are of it; undo the imports of all but one first.',
  );

  expect(await films()).toEqual(before);
});

test('without originals nothing but the image is kept, under the same policy, and the report is written all the same', async () => {
  const told: string[] = [];
  const onDeidentified: AddOptions['onDeidentified'] = ({ attributes }) => told.push(attributes[0]!.attribute);
  await add(await writeSeries('scan', NAMED), RIGHT, { withoutOriginals: true, onDeidentified });

  expect(await originals()).toEqual([]);
  expect(told).toHaveLength(3);
  expect(await hunt(api, WORDS)).toEqual([]);
});

test('text burned into a film or a series is refused, and with its strip named it is black in both image and object', async () => {
  const elements = { BurnedInAnnotation: 'YES' };
  const film = await files.write('film.dcm', filmFile('', '1', { elements }));
  const series = await writeSeries('scan', elements);
  for (const path of [film, series]) await expect(add(path)).rejects.toThrow('name the strip to redact');

  const redact = [{ edge: 'top' as const, pixels: 2 }];
  await add(film, RIGHT, { redact });
  await add(series, RIGHT, { redact });

  expect((await originals()).map(({ asset }) => asset.mediaType)).toEqual(['application/dicom', 'application/zip']);
  expect(await api.dataSource.getRepository(Radiograph).count()).toBe(1);
});

test('the objects of somebody who is erased go, with the number of days that their dates went back', async () => {
  await add(await files.write('film.dcm', filmFile('', '1')));
  await add(await writeSeries('scan'));
  const before = await originals();

  const { removed } = await eraseParticipant(api, COMMAND_LINE, { oaiId: RIGHT.oaiId });

  expect(removed).toContainEqual({ table: 'original_object', rows: 2 });
  expect(removed).toContainEqual({ table: 'audit_key', rows: 1 });
  for (const { asset } of before) expect(await api.store.exists(asset.storageKey)).toBe(false);
});
