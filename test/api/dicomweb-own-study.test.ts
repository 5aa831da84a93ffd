import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Radiograph } from '../../src/entities/index.js';
import { enterStudy, studyOf } from '../../src/imaging/dicom/study.js';
import { encodeProgression } from '../../src/imaging/progression/index.js';
import { forgetOriginal, keepOriginal } from '../../src/services/files/index.js';
import {
  type DicomwebServer,
  type Json,
  makeGenerated,
  makeRestored,
  partsOf,
  startDicomwebServer,
  valueOf,
} from '../helpers/dicomweb.js';
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
  const study = studyOf(object!.bytes, 'film', ['2.25.1'])!;
  await writeFile(join(folder, 'frames.dcm'), enterStudy(progression, 'frames', study));
  for (const name of [...files.keys(), 'frames']) {
    const said = await runProgram('sh', ['-c', 'dciodvfy "$0" 2>&1 || true', join(folder, `${name}.dcm`)]);
    // Debian's dicom3tools is of June 2022; Synthetic Data came into the standard after that.
    const errors = said.split('\n').filter((line) => line.startsWith('Error') && !line.includes('0x0008,0x001c'));
    expect({ name, errors }).toEqual({ name, errors: [] });
  }
});

test('without the object of the film they are of a study of their own, and go back with it', async () => {
  const uids = async () =>
    (await api.search('/instances?SyntheticData=YES'))
      .map((one) => [valueOf(one, STUDY), valueOf(one, INSTANCE)])
      .sort();
  const before = await uids();
  const { id: radiographId, sopInstanceUid } = await api.dataSource
    .getRepository(Radiograph)
    .findOneOrFail({ where: {}, order: { id: 'ASC' } });
  const path = `/studies/${String(valueOf(film, STUDY))}/series/${String(valueOf(film, SERIES))}`;
  const [object] = await partsOf(await api.get(path, 'multipart/related; type="application/dicom"'));
  const { manager } = api.dataSource;

  await forgetOriginal(manager, { radiographId });
  const without = await uids();
  await keepOriginal(
    manager,
    api.store,
    { radiographId },
    one({ bytes: object!.bytes, sopInstanceUid: sopInstanceUid! }),
  );

  expect(new Set(without.map(([study]) => study)).size).toBe(2);
  // Objects that say something else are other objects.
  expect(without.flat().filter((uid) => before.flat().includes(uid))).toEqual([]);
  expect(await uids()).toEqual(before);
});

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}
