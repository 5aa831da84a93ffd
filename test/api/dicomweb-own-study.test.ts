import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Radiograph } from '../../src/entities/index.js';
import { enterStudy, studyOf } from '../../src/imaging/dicom/study.js';
import { encodeProgression } from '../../src/imaging/progression/index.js';
import { forgetOriginal, keepOriginal } from '../../src/services/files/index.js';
import {
  type DicomwebServer,
  filmInStudy,
  type Json,
  makeGenerated,
  makeRestored,
  partsOf,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
import { untilWaiting, waitingForLock } from '../helpers/locks.js';
import { hasProgram, pythonWith } from '../helpers/python.js';
import { runProgram } from '../helpers/program.js';

const python = pythonWith(['pydicom', 'numpy']);
const needsPydicom = python ? test : test.skip;
const needsDciodvfy = hasProgram('dciodvfy') ? test : test.skip;

const [STUDY, SERIES, INSTANCE, SYNTHETIC] = ['0020000D', '0020000E', '00080018', '0008001C'];

let api: DicomwebServer;
/** The film as its kept object lists it, and what was made from it. */
let film: Json;
let made: Json[];
let files: Buffer[];
let folder: string;

beforeAll(async () => {
  api = await startDicomwebServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-own-study-'));
  [film] = (await api.search('/series?Modality=CR&includefield=all')) as [Json];
  await makeGenerated(api);
  await makeRestored(api);
  made = await api.search('/series?SyntheticData=YES&includefield=all');
  files = [];
  for (const one of made) {
    const path = `/studies/${String(valueOf(one, STUDY))}/series/${String(valueOf(one, SERIES))}`;
    const parts = await partsOf(await api.get(path, 'multipart/related; type="application/dicom"'));
    files.push(...parts.map(({ bytes }) => bytes));
  }
  for (const [index, bytes] of files.entries()) await writeFile(join(folder, `${index}.dcm`), bytes);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await api.close();
});

test('what is made from a film is a series of the study of the film, and says that it is synthetic', async () => {
  const study = String(valueOf(film, STUDY));
  const series = await api.search(`/studies/${study}/series?includefield=all`);

  expect(series.map((one) => [valueOf(one, '00080060'), valueOf(one, SYNTHETIC) ?? 'NO']).sort()).toEqual([
    ['CR', 'NO'],
    ['CR', 'YES'],
    ['MR', 'YES'],
  ]);
  for (const one of made) expect(String(valueOf(one, '0008103E'))).toMatch(/SYNTHETIC/);
  expect(made.map((one) => valueOf(one, '00200011'))).toEqual([9001, 9001]);
  // Half of it is real: the study as such does not claim to be made.
  const [whole] = await api.search(`/studies?StudyInstanceUID=${study}&includefield=all`);
  expect(valueOf(whole, SYNTHETIC)).toBeUndefined();
  expect(valueOf(whole, '00201206')).toBe(3);
  const [asMade] = await api.search(`/studies?StudyInstanceUID=${study}&SyntheticData=YES&includefield=all`);
  expect(valueOf(asMade, SYNTHETIC)).toBeUndefined();
});

const SEEN = `
import json, sys, pydicom
def seen(path):
    ds = pydicom.dcmread(path)
    [series] = ds.ReferencedSeriesSequence
    shared = ['StudyInstanceUID', 'StudyDate', 'StudyTime', 'StudyID', 'AccessionNumber', 'PatientID', 'PatientName', 'PatientSex']
    return {
        'shared': [str(ds.get(keyword, 'absent')) for keyword in shared],
        'series': series.SeriesInstanceUID,
        'instances': [item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence],
        'sources': [item.ReferencedSOPInstanceUID for item in ds.SourceImageSequence],
        'same': ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID,
        'derived': ds.ImageType[0] == 'DERIVED' and len(ds.DerivationDescription) > 0,
        'values': int(ds.pixel_array.max()),
    }
print(json.dumps([seen(path) for path in sys.argv[1:]]))
`;

interface Seen {
  shared: string[];
  series: string;
  instances: string[];
  sources: string[];
  same: boolean;
  derived: boolean;
  values: number;
}

needsPydicom('pydicom reads the study of the film, and the film as what it was made from', async () => {
  const path = `/studies/${String(valueOf(film, STUDY))}/series/${String(valueOf(film, SERIES))}`;
  const [object] = await partsOf(await api.get(path, 'multipart/related; type="application/dicom"'));
  await writeFile(join(folder, 'film'), object!.bytes);
  const header = `import sys, json, pydicom; ds = pydicom.dcmread(sys.argv[1]); print(json.dumps([str(ds.get(keyword, '')) for keyword in
    ['StudyInstanceUID', 'StudyDate', 'StudyTime', 'StudyID', 'AccessionNumber', 'PatientID', 'PatientName', 'PatientSex']]))`;
  const shared = JSON.parse(await runProgram(python!, ['-c', header, join(folder, 'film')])) as string[];
  const [instance] = await api.search(`${path}/instances`);
  const own = String(valueOf(instance, INSTANCE));
  const paths = files.map((_, index) => join(folder, `${index}.dcm`));
  const seen = JSON.parse(await runProgram(python!, ['-c', SEEN, ...paths])) as Seen[];

  expect(seen).toHaveLength(3);
  for (const one of seen) {
    expect(one).toMatchObject({
      shared,
      series: valueOf(film, SERIES),
      instances: [own],
      sources: [own],
      same: true,
      derived: true,
    });
  }
  expect(seen.map(({ values }) => values).sort((a, b) => a - b)).toEqual([15, 29_000, 59_000]);
  expect(shared[5]).toBe('9000001');
});

needsDciodvfy('dciodvfy finds no error in them, nor in frames that were made of a film', async () => {
  const path = `/studies/${String(valueOf(film, STUDY))}/series/${String(valueOf(film, SERIES))}`;
  const [object] = await partsOf(await api.get(path, 'multipart/related; type="application/dicom"'));
  const frames = [0, 1].map((grey) => new Uint16Array(16).fill(grey));
  const header = {
    ...{ bundle: { name: 'b', version: '1' }, derivation: 'KL 0 to 4', createdAt: new Date(0), identity: ['test'] },
    sourceImage: { sopClassUid: '1.2.840.10008.5.1.4.1.1.1', sopInstanceUid: '2.25.1' },
  };
  const progression = encodeProgression(frames, { side: 4, spacing: [0.2, 0.2] }, header);
  const { image, elements } = studyOf(object!.bytes, 'film')!;
  const inStudy = enterStudy(progression, 'frames', { ...image, instanceUids: ['2.25.1'] }, elements);
  await writeFile(join(folder, 'frames.dcm'), inStudy);
  for (const name of [...files.keys(), 'frames']) {
    const said = await runProgram('sh', ['-c', 'dciodvfy "$0" 2>&1 || true', join(folder, `${name}.dcm`)]);
    // Debian's dicom3tools is of June 2022; Synthetic Data came into the standard after that.
    const errors = said.split('\n').filter((line) => line.startsWith('Error') && !line.includes('0x0008,0x001c'));
    expect({ name, errors }).toEqual({ name, errors: [] });
  }
});

const needsClient = pythonWith(['pydicom', 'dicomweb_client']) ? test : test.skip;

needsClient('dicomweb-client finds and fetches a film and what was made of it as one study', async () => {
  const script = `import sys, json; from dicomweb_client import DICOMwebClient
client = DICOMwebClient(sys.argv[1], headers={'Authorization': 'Bearer ' + sys.argv[2]})
whole = client.retrieve_study(sys.argv[3])
print(json.dumps(sorted([ds.Modality, ds.get('SyntheticData', 'NO'), str(ds.StudyInstanceUID)] for ds in whole)))`;
  const study = String(valueOf(film, STUDY));
  const told = await runProgram(python!, ['-c', script, `${api.url}/dicomweb`, api.tokens.READER, study]);

  expect(JSON.parse(told)).toEqual([
    ['CR', 'NO', study],
    ['CR', 'YES', study],
    ['MR', 'YES', study],
    ['MR', 'YES', study],
  ]);
});

/** Study and instance of every slice that was made, as it is listed. */
const uidsOfMade = async () =>
  (await api.search('/instances?SyntheticData=YES&Modality=MR'))
    .map((one) => [valueOf(one, STUDY), valueOf(one, INSTANCE)].join(' '))
    .sort();

test('whatever becomes of the film, they stay in the study that they were first given out in', async () => {
  const before = await uidsOfMade();
  const film = await firstFilm();
  const { manager } = api.dataSource;
  await keepOriginal(manager, api.store, { radiographId: film.id }, one(filmInStudy('2.25.77')));

  expect(await uidsOfMade()).toEqual(before);
  await forgetOriginal(manager, { radiographId: film.id });
  expect(await uidsOfMade()).toEqual(before);
  // Also where the list is made anew.
  await api.dataSource.query(`UPDATE dicom_series SET state = 'PENDING'`);
  expect(await uidsOfMade()).toEqual(before);
});

test('what was made before the film came with another study goes into that as a whole, if nobody has had it', async () => {
  const film = await firstFilm();
  await keepOriginal(api.dataSource.manager, api.store, { radiographId: film.id }, one(filmInStudy('2.25.78')));
  const known = new Set(await uidsOfMade());
  await makeGenerated(api);
  await keepOriginal(api.dataSource.manager, api.store, { radiographId: film.id }, one(filmInStudy('2.25.79')));

  const added = (await uidsOfMade()).filter((uids) => !known.has(uids));
  expect(added.map((uids) => uids.split(' ')[0])).toEqual(['2.25.79', '2.25.79']);
});

test('what a server from before an upgrade has listed in a study of its own is listed in that of the film once it is given out', async () => {
  const { id } = await makeGenerated(api);
  const before = await uidsOfMade();
  await api.dataSource.query(
    `UPDATE dicom_series SET made_from = NULL, study_elements = NULL, study_uid = '2.25.5', series_uid = '2.25.6', instance_uids = '{2.25.7,2.25.8}'
     WHERE generation_id = $1`,
    [id],
  );
  const parts = await partsOf(await api.get('/studies/2.25.5', 'multipart/related; type="application/dicom"'));

  expect(parts).toHaveLength(2);
  expect(await uidsOfMade()).toEqual(before);
});

test('a film that is being replaced is waited for before it is decided which study a result is of', async () => {
  const { dataSource, store } = api;
  const { id: radiographId } = await firstFilm();
  const known = new Set(await uidsOfMade());
  await using runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await keepOriginal(runner.manager, store, { radiographId }, one(filmInStudy('2.25.89')));
  await makeGenerated(api);
  let isListed = false;
  const listing = uidsOfMade().finally(() => (isListed = true));
  while (!isListed && (await waitingForLock(api.dataSource)) === 0) continue;
  await runner.commitTransaction();

  const added = (await listing).filter((uids) => !known.has(uids));
  expect(added.map((uids) => uids.split(' ')[0])).toEqual(['2.25.89', '2.25.89']);
});

test('what had no study to go into goes into that of its image once this comes, unless it was sent', async () => {
  const { dataSource, store } = api;
  const { id: radiographId } = await firstFilm();
  await forgetOriginal(dataSource.manager, { radiographId });
  const known = new Set(await uidsOfMade());
  const sent = await makeGenerated(api);
  await makeGenerated(api);
  const alone = (await uidsOfMade()).filter((uids) => !known.has(uids));
  await dataSource.query(
    `WITH peer AS (
       INSERT INTO dicom_peer (name, ae_title, host, port, calling_ae_title, tls) VALUES ('p', 'P', 'localhost', 1, 'O', false) RETURNING id
     ) INSERT INTO dicom_sending (state, peer_id, series_id)
       SELECT 'FAILED', peer.id, d.id FROM peer, dicom_series d WHERE d.generation_id = $1`,
    [sent.id],
  );
  await keepOriginal(dataSource.manager, store, { radiographId }, one(filmInStudy('2.25.88')));

  const now = (await uidsOfMade()).filter((uids) => !known.has(uids));
  expect([alone.length, now.length]).toEqual([4, 4]);
  expect(now.filter((uids) => alone.includes(uids))).toHaveLength(2);
  expect(now.filter((uids) => uids.startsWith('2.25.88 '))).toHaveLength(2);
  expect(await uidsOfMade()).toEqual(expect.arrayContaining([...known]));
});

test('what is made of a phantom, or of a film that is synthetic itself, has a study of its own', async () => {
  const film = await firstFilm();
  const { dataSource, store } = api;
  await dataSource.getRepository(Radiograph).update({ id: film.id }, { provenance: 'PHANTOM' });
  await keepOriginal(dataSource.manager, store, { radiographId: film.id }, one(filmInStudy('2.25.80')));
  const known = new Set(await uidsOfMade());
  await makeGenerated(api);
  const ofPhantom = (await uidsOfMade()).filter((uids) => !known.has(uids));
  await dataSource.getRepository(Radiograph).update({ id: film.id }, { provenance: 'REAL' });
  await keepOriginal(dataSource.manager, store, { radiographId: film.id }, one(filmInStudy('2.25.81', 'YES')));
  await makeGenerated(api);
  const all = (await uidsOfMade()).filter((uids) => !known.has(uids));

  expect([ofPhantom.length, all.length]).toEqual([2, 4]);
  expect(all.filter((uids) => /^2\.25\.8[01] /.test(uids))).toEqual([]);
});

test('an object that is replaced while it is being listed is listed anew', async () => {
  const { dataSource, store, search } = api;
  const { id: radiographId } = await firstFilm();
  await dataSource.query(`UPDATE dicom_series SET state = 'PENDING' WHERE original_id IS NOT NULL`);
  await using runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await keepOriginal(runner.manager, store, { radiographId }, one(filmInStudy('2.25.90')));
  const searching = search('/studies');
  await untilWaiting(api.dataSource);
  await runner.commitTransaction();
  await searching;

  expect(await search('/studies?StudyInstanceUID=2.25.90')).toHaveLength(1);
});

const firstFilm = () => api.dataSource.getRepository(Radiograph).findOneOrFail({ where: {}, order: { id: 'ASC' } });

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}
