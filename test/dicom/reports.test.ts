import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Radiograph, RadiographReading } from '../../src/entities/index.js';
import { encodeKneeReport } from '../../src/imaging/dicom/knee-report.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { type DicomwebServer, type Json, partsOf, startDicomwebServer, valueOf } from '../helpers/dicomweb.js';
import { hunt } from '../helpers/hunt.js';
import { upload } from '../helpers/radiographs.js';
import { runProgram } from '../helpers/program.js';
import { hasProgram, pythonWith } from '../helpers/python.js';

const python = pythonWith(['pydicom']);
const needsPydicom = python ? test : test.skip;
const needsDciodvfy = hasProgram('dciodvfy') ? test : test.skip;

let api: DicomwebServer;
let folder: string;
/** The film of the exam as it is listed, and the report of a reading of it. */
let film: Json;
let report: Json;
let bytes: Buffer;

const pathOf = (one: Json) => `/studies/${String(valueOf(one, '0020000D'))}/series/${String(valueOf(one, '0020000E'))}`;

beforeAll(async () => {
  api = await startDicomwebServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-reports-'));
  [film] = (await api.search('/series?Modality=CR')) as [Json];
  const { dataSource, make, exam } = api;
  const { id: radiographId } = await dataSource.getRepository(Radiograph).findOneByOrFail({});
  const bundle = await make.bundle({ name: 'knee-reader', version: '1.2.0', task: 'radiograph-reading' });
  const of = { examId: exam.id, radiographId, side: 'RIGHT', bundleId: bundle.id } as const;
  const shared = {
    ...of,
    filmSha256: 'a'.repeat(64),
    box: { left: 0, top: 0, side: 4 },
    boxGiven: false,
    durationMs: 1,
  };
  const readings = dataSource.getRepository(RadiographReading);
  const edges = { femur: [], tibia: [], percent: 4 };
  await readings.insert({
    ...{ ...shared, id: '00000000-0000-4000-8000-000000000001', probabilities: [0.1, 0.1, 0.6, 0.1, 0.1] },
    ...{ expectedKl: 2.034, distance: 1, medial: { ...edges, mm: 3.456 }, lateral: { ...edges, mm: null } },
  });
  await readings.insert({ ...shared, id: '00000000-0000-4000-8000-000000000002', unreadable: 'It is too dark.' });
  const reports = await api.search('/series?Modality=SR&includefield=all');
  expect(reports).toHaveLength(1);
  report = reports[0]!;
  const [part] = await partsOf(await api.get(pathOf(report), 'multipart/related; type="application/dicom"'));
  bytes = part!.bytes;
  await writeFile(join(folder, 'report.dcm'), bytes);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await api.close();
});

test('a reading is a report in the study of its film; one that could not be made is none', async () => {
  expect(valueOf(report, '0020000D')).toBe(valueOf(film, '0020000D'));
  expect(valueOf(report, '0008103E')).toBe('Automatic reading, right knee');
  const [study] = await api.search(`/studies?StudyInstanceUID=${String(valueOf(film, '0020000D'))}`);
  expect(study!['00080061']!.Value).toEqual(['CR', 'SR']);
});

const SEEN = `
import json, sys, pydicom
ds = pydicom.dcmread(sys.argv[1])
found = {}
def walk(items):
    for item in items:
        if item.ValueType == 'NUM':
            value = item.MeasuredValueSequence[0]
            [image] = [one for one in item.ContentSequence if one.ValueType == 'IMAGE']
            found[item.ConceptNameCodeSequence[0].CodeValue] = [
                float(value.NumericValue), value.MeasurementUnitsCodeSequence[0].CodeValue,
                str(image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)]
        walk(item.get('ContentSequence', []))
walk(ds.ContentSequence)
[evidence] = ds.CurrentRequestedProcedureEvidenceSequence
print(json.dumps([found, str(ds.PatientID), str(evidence.ReferencedSeriesSequence[0].SeriesInstanceUID)]))
`;

needsPydicom('pydicom reads grade and joint space as measurements of the film', async () => {
  const told: unknown = JSON.parse(await runProgram(python!, ['-c', SEEN, join(folder, 'report.dcm')]));
  const [instance] = await api.search(`${pathOf(film)}/instances`);
  const of = valueOf(instance, '00080018');

  expect(told).toEqual([
    { KL: [2, '1', of], 'KL-EXPECTED': [2.03, '1', of], 'JSW-MEDIAL': [3.46, 'mm', of] },
    '9000001',
    valueOf(film, '0020000E'),
  ]);
});

needsDciodvfy('dciodvfy finds no error in it, nor in one of a film without a DICOM object', async () => {
  const alone = encodeKneeReport(
    {
      ...{ identity: ['test'], patient: 'UPLOADED', side: 'LEFT', bundle: { name: 'b', version: '1' } },
      ...{ createdAt: new Date(0), kl: 0, expectedKl: 0, medialMm: null, lateralMm: 0, notice: 'Research only.' },
    },
    null,
  );
  await writeFile(join(folder, 'alone.dcm'), alone);
  for (const name of ['report', 'alone']) {
    const said = await runProgram('sh', ['-c', 'dciodvfy "$0" 2>&1 || true', join(folder, `${name}.dcm`)]);
    expect(said).toContain('ComprehensiveSR');
    expect(said.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
  }
});

test('it is refused by every door that it comes back to', async () => {
  const head = '\r\n--b\r\nContent-Type: application/dicom\r\n\r\n';
  const response = await fetch(`${api.url}/dicomweb/studies`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${api.tokens.OPERATOR}`,
      'content-type': 'multipart/related; type="application/dicom"; boundary=b',
    },
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--b--\r\n')]),
  });

  expect(response.headers.get('warning')).toContain('was made by a bundle of Osteograph');
  const { message } = await upload(api.url, api.tokens.OPERATOR, bytes);
  expect(message).toBe('The file was made by a bundle of Osteograph, and is no image that was taken of anybody.');
});

test('it has metadata and no pictures, and goes with the participant', async () => {
  const [instance] = await api.search(`${pathOf(report)}/instances`);
  const path = `${pathOf(report)}/instances/${String(valueOf(instance, '00080018'))}`;
  const [header] = (await (await api.get(`${path}/metadata`)).json()) as Json[];
  expect(valueOf(header, '00080060')).toBe('SR');
  expect((await api.get(`${path}/rendered`)).status).toBe(422);

  await eraseParticipant(api, COMMAND_LINE, { oaiId: '9000001' });
  expect(await api.search('/series?Modality=SR')).toEqual([]);
  const uids = ['0020000D', '0020000E'].map((tag) => String(valueOf(report, tag)));
  expect(await hunt(api, [...uids, String(valueOf(instance, '00080018'))])).toEqual([]);
});
