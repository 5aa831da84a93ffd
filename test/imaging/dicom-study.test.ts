import { parseDicom } from '../../src/imaging/dicom/read.js';
import { enterStudy, studyOf } from '../../src/imaging/dicom/study.js';
import { type DicomKeywords, encodeDicom } from '../../src/imaging/dicom/write.js';

const PIXELS = { pixels: new Uint16Array(4), rows: 2, columns: 2, photometric: 'MONOCHROME2', bitsStored: 12 } as const;

function filmWith(elements: DicomKeywords): Uint8Array {
  const named = { StudyInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.2', PatientID: '9000001', ...elements };
  return encodeDicom({ ...PIXELS, sopClass: 'CR', sopInstanceUid: '2.25.3', elements: named });
}

const RESULT = encodeDicom({
  ...{ ...PIXELS, sopClass: 'MR', sopInstanceUid: '2.25.10' },
  elements: {
    ...{ StudyInstanceUID: '2.25.11', SeriesInstanceUID: '2.25.12', FrameOfReferenceUID: '2.25.13', Modality: 'MR' },
    ...{ SyntheticData: 'YES', SeriesDescription: 'SYNTHETIC COR T1', StudyDescription: 'V00 MRI SYNTHETIC' },
    ...{ InstanceCreationDate: '20261231', InstanceCreationTime: '233000', TimezoneOffsetFromUTC: '+0000' },
    ...{ ContentDate: '20261231', ContentTime: '213000' },
    ...{ PatientSex: 'F', PatientAge: '061Y', ClinicalTrialTimePointID: 'V00', StudyID: 'V00' },
    ...{ PatientIdentityRemoved: 'YES', DeidentificationMethod: 'Generated' },
  },
});

/** What the result says in the study of a film, by tags. */
function inStudyOf(film: Uint8Array, ...tags: string[]): (string | undefined)[] {
  const { image, elements } = studyOf(film, 'film')!;
  const { dataSet } = parseDicom(
    enterStudy(RESULT, 'result', { ...image, instanceUids: ['2.25.3'] }, elements),
    'result',
  );
  return tags.map((tag) => dataSet.string(`x${tag}`));
}

const SEX_AGE_TIME_POINT = ['00100040', '00101010', '00120050'];
const TIMES = ['00080012', '00080013', '00080023', '00080033'];
const REMOVED_METHOD_ZONE = ['00120062', '00120063', '00080201'];

test('sex, age and time point are those of the study, and where it does not say them those of the result', () => {
  expect(inStudyOf(filmWith({ PatientSex: '' }), ...SEX_AGE_TIME_POINT)).toEqual(['F', '061Y', 'V00']);
  const said = { PatientSex: 'M', PatientAge: '060Y', ClinicalTrialTimePointID: 'V01' };
  expect(inStudyOf(filmWith(said), ...SEX_AGE_TIME_POINT)).toEqual(['M', '060Y', 'V01']);
});

test('what a study says of its identity and its zone its results say, and nothing else', () => {
  expect(inStudyOf(filmWith({}), ...REMOVED_METHOD_ZONE)).toEqual([undefined, undefined, undefined]);
  const said = { PatientIdentityRemoved: 'YES', DeidentificationMethod: 'Policy 3', TimezoneOffsetFromUTC: '+0130' };
  expect(inStudyOf(filmWith(said), ...REMOVED_METHOD_ZONE, ...TIMES)).toEqual([
    ...['YES', 'Policy 3', '+0130'],
    // Half past eleven at night, UTC, is one o'clock of the next day there.
    ...['20270101', '010000', '20261231', '230000'],
  ]);
});

test("study and patient are the film's, series, instance and frame of reference neither its own nor the former ones", () => {
  const [study, patient, description, ...uids] = inStudyOf(
    filmWith({ StudyDescription: 'KNEE' }),
    ...['0020000d', '00100020', '00081030', '0020000e', '00080018', '00020003', '00200052'],
  );

  expect([study, patient, description]).toEqual(['2.25.1', '9000001', 'KNEE']);
  expect(uids[1]).toBe(uids[2]);
  expect(new Set([...uids, '2.25.2', '2.25.3', '2.25.10', '2.25.12', '2.25.13']).size).toBe(8);
  expect(inStudyOf(filmWith({}), '00081030', '00200010', '0008001c')).toEqual([undefined, undefined, 'YES']);
});

test('a film that is synthetic itself, or of no study, has none for its results', () => {
  expect(studyOf(filmWith({ SyntheticData: 'YES' }), 'film')).toBeUndefined();
  expect(studyOf(filmWith({ StudyInstanceUID: '' }), 'film')).toBeUndefined();
});
