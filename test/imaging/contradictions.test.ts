import { contradictionsOf } from '../../src/imaging/contradictions.js';

const FILM = { modality: 'DX', bodyPart: 'KNEE', laterality: null, viewPosition: 'PA', seriesDescription: 'Knee PA' };
const SERIES = { ...FILM, modality: 'MR', viewPosition: null, seriesDescription: 'COR_T1_3D_FLASH_RIGHT' };

test.each([
  ['nothing at all', { modality: null, bodyPart: null, viewPosition: null, seriesDescription: null }],
  ['its own side', { laterality: 'R' }],
  ['both sides', { laterality: 'B' }],
  ['a knee in another language', { bodyPart: 'KNIE' }],
  ['the leg', { bodyPart: 'LOWER EXTREMITY' }],
  ['a film that a converter wrote', { modality: 'OT' }],
  ['that a fluoroscope took it', { modality: 'RF' }],
  ['what no standard knows', { modality: 'DR' }],
  ['that it is a screenshot', { modality: 'SC' }],
  ['a compartment', { viewPosition: null, seriesDescription: 'Knee PA, lateral compartment' }],
  ['a joint space', { viewPosition: null, seriesDescription: 'Knee PA for lateral joint space' }],
  ['both knees with a hyphen', { viewPosition: null, seriesDescription: 'KNEES BI-LATERAL STANDING' }],
  ['both knees in two words', { viewPosition: null, seriesDescription: 'Bi Lateral Knees WB' }],
  ['that it was taken from in front, with a lateral view beside it', { seriesDescription: 'Knee AP and Lateral' }],
  ['that it was taken from behind, of a leg under axial load', { seriesDescription: 'Knee PA axial load' }],
])('a film of the right knee may say %s', (_name, said) => {
  expect(contradictionsOf({ ...FILM, ...said }, { kind: 'RADIOGRAPH', side: 'RIGHT' })).toEqual([]);
});

test.each([
  [{ modality: 'CT' }, 'it is of modality CT, which no radiograph is'],
  [{ modality: 'US' }, 'it is of modality US, which no radiograph is'],
  [{ bodyPart: 'CHEST' }, 'it shows another part of the body (CHEST)'],
  [{ bodyPart: 'L-Spine' }, 'it shows another part of the body (LSPINE)'],
  [{ viewPosition: 'LL' }, 'it is a lateral view'],
  [{ seriesDescription: 'Knee Lateral' }, 'it is a lateral view'],
  [{ seriesDescription: 'Patella SKYLINE' }, 'it is a skyline view'],
  [{ viewPosition: null, seriesDescription: 'Knee AP and Lateral' }, 'it is a lateral view'],
  [{ laterality: 'L' }, 'it shows the left knee, where the right one is expected'],
])('a film of the right knee that says %j is contradicted', (said, sentence) => {
  expect(contradictionsOf({ ...FILM, ...said }, { kind: 'RADIOGRAPH', side: 'RIGHT' })).toEqual([sentence]);
});

test('a film of both knees is of no side that could be contradicted', () => {
  expect(contradictionsOf({ ...FILM, laterality: 'L' }, { kind: 'RADIOGRAPH', side: null })).toEqual([]);
});

test.each([
  [{ modality: 'DX' }, 'it is of modality DX, which no MRI series is'],
  [{ laterality: 'R' }, 'it shows the right knee, where the left one is expected'],
  [{ bodyPart: 'HIP' }, 'it shows another part of the body (HIP)'],
])('a series of the left knee that says %j is contradicted', (said, sentence) => {
  expect(contradictionsOf({ ...SERIES, ...said }, { kind: 'MRI_SERIES', side: 'LEFT' })).toEqual([sentence]);
});

test.each(['OT', 'SC'])('a series that a converter wrote as %s is a series', (modality) => {
  expect(contradictionsOf({ ...SERIES, modality }, { kind: 'MRI_SERIES', side: 'LEFT' })).toEqual([]);
});

test('a series in a lateral plane is a series', () => {
  expect(
    contradictionsOf({ ...SERIES, seriesDescription: 'SAG lateral' }, { kind: 'MRI_SERIES', side: 'LEFT' }),
  ).toEqual([]);
});

test('a header contradicts in more than one way', () => {
  const said = { ...FILM, modality: 'CT', bodyPart: 'ANKLE', viewPosition: 'LL', laterality: 'L' };
  expect(contradictionsOf(said, { kind: 'RADIOGRAPH', side: 'RIGHT' })).toEqual([
    'it is of modality CT, which no radiograph is',
    'it shows another part of the body (ANKLE)',
    'it is a lateral view',
    'it shows the left knee, where the right one is expected',
  ]);
});
