import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeParametricMap, type ParametricMap } from '../../src/imaging/dicom/parametric-map.js';
import type { Volume } from '../../src/imaging/volume.js';
import { runProgram } from '../helpers/program.js';
import { hasProgram, pythonWith } from '../helpers/python.js';

const python = pythonWith(['pydicom', 'numpy']);
const needsPydicom = python ? test : test.skip;
const needsDciodvfy = hasProgram('dciodvfy') ? test : test.skip;

/** Coronal slices to the back: columns to the patient's left, rows to the feet. */
const VOLUME: Volume = {
  ...{ columns: 4, rows: 3, slices: 2, spacing: [0.5, 0.625, 3], placement: 'SCANNER' },
  affine: [-0.5, 0, 0, 10, 0, 0, -3, 5, 0, -0.625, 0, 20],
  data: Float32Array.from({ length: 24 }, (_, index) => (index === 5 ? 0 : 20 + index / 4)),
};

const HEADER: ParametricMap = {
  ...{ identity: ['test'], synthetic: true, patient: { id: '1000001', sex: 'MALE', age: 61 }, trial: null },
  ...{ deidentified: null, side: 'RIGHT', studyDate: '2004-10-28', studyDescription: 'V00 RIGHT knee MRI' },
  ...{ seriesDescription: 'SYNTHETIC PHANTOM T2 map', createdAt: new Date(0), comments: 'Research use only.' },
  equipment: { manufacturer: 'Osteograph', model: 'T2 map', versions: ['1'] },
  derivation: 'T2 by a fit',
  window: { low: 0, high: 100 },
  ...{ label: 'T2', explanation: 'T2 in ms, 0 where nothing could be fitted' },
  quantity: { value: 'T2', scheme: '99OSTEOGRAPH', meaning: 'T2 relaxation time' },
  unit: { value: 'ms', scheme: 'UCUM', meaning: 'millisecond' },
};

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'osteograph-map-'));
  file = join(folder, 'map.dcm');
  await writeFile(file, encodeParametricMap(VOLUME, HEADER));
});

afterAll(() => rm(folder, { recursive: true }));

test('the same map gives the same bytes', () => {
  expect(encodeParametricMap(VOLUME, HEADER)).toEqual(encodeParametricMap(VOLUME, HEADER));
});

needsPydicom('pydicom reads the values, their unit and where each slice lies', async () => {
  const program = `
import json, sys, pydicom
d = pydicom.dcmread(sys.argv[1])
shared = d.SharedFunctionalGroupsSequence[0]
mapping = shared.RealWorldValueMappingSequence[0]
numbers = lambda values: [float(value) for value in values]
print(json.dumps(dict(
  name=d.SOPClassUID.name, type=list(d.ImageType), modality=d.Modality, patient=d.PatientID, shape=d.pixel_array.shape, frames=d.NumberOfFrames,
  unit=mapping.MeasurementUnitsCodeSequence[0].CodeValue, slope=mapping.RealWorldValueSlope, intercept=mapping.RealWorldValueIntercept,
  orientation=numbers(shared.PlaneOrientationSequence[0].ImageOrientationPatient), spacing=numbers(shared.PixelMeasuresSequence[0].PixelSpacing),
  positions=[numbers(f.PlanePositionSequence[0].ImagePositionPatient) for f in d.PerFrameFunctionalGroupsSequence],
  places=[list(f.FrameContentSequence[0].DimensionIndexValues) for f in d.PerFrameFunctionalGroupsSequence],
  pointers=[int(i.DimensionIndexPointer) for i in d.DimensionIndexSequence],
  values=d.pixel_array.ravel().tolist(), synthetic=d[0x0008, 0x001c].value)))`;
  const said = await runProgram(python!, ['-c', program, file]);

  expect(JSON.parse(said)).toEqual({
    ...{ name: 'Parametric Map Storage', type: ['DERIVED', 'PRIMARY', 'VOLUME', 'QUANTITY'], modality: 'MR' },
    ...{ patient: '1000001', shape: [2, 3, 4], frames: 2, unit: 'ms', slope: 1, intercept: 0, synthetic: 'YES' },
    ...{ orientation: [1, 0, 0, 0, 0, -1], spacing: [0.625, 0.5] },
    positions: [
      [-10, -5, 20],
      [-10, -2, 20],
    ],
    places: [
      [1, 1],
      [1, 2],
    ],
    pointers: [0x00209056, 0x00209057],
    values: Array.from({ length: 24 }, (_, index) => (index === 5 ? 0 : 20 + index / 4)),
  });
});

needsDciodvfy('dciodvfy finds no error of ours in it', async () => {
  const said = await runProgram('sh', ['-c', 'dciodvfy "$0" 2>&1 || true', file]);

  expect(said).toContain('ParametricMap');
  // Synthetic Data is younger than the program.
  const errors = said.split('\n').filter((line) => line.startsWith('Error') && !line.includes('(0x0008,0x001c)'));
  expect(errors).toEqual([]);
});
