/** What of a study, a series or an instance a search answers with, or can be told to. */
export type AttributeLevel = 'STUDY' | 'SERIES' | 'INSTANCE';

/** An attribute that searches know. */
export interface SearchableAttribute {
  keyword: string;
  /** Eight upper-case hexadecimal digits. */
  tag: string;
  vr: 'CS' | 'DA' | 'IS' | 'LO' | 'PN' | 'SH' | 'TM' | 'UI' | 'US' | 'AS';
  level: AttributeLevel;
  /** Whether it is in an answer that was not asked for it: PS3.18, tables 10.6.3-3 to 10.6.3-5, and what tells made images. */
  isAlways: boolean;
}

const attribute = (
  level: AttributeLevel,
  tag: string,
  keyword: string,
  vr: SearchableAttribute['vr'],
  isAlways = true,
): SearchableAttribute => ({ level, tag, keyword, vr, isAlways });

/**
 * The attributes that are kept of each series, as its first object has them. UIDs and numbers of instances have columns of their own;
 * modalities in a study and numbers of related objects are counted.
 */
export const SEARCHABLE: readonly SearchableAttribute[] = [
  attribute('STUDY', '00080020', 'StudyDate', 'DA'),
  attribute('STUDY', '00080030', 'StudyTime', 'TM'),
  attribute('STUDY', '00080050', 'AccessionNumber', 'SH'),
  attribute('STUDY', '00080061', 'ModalitiesInStudy', 'CS'),
  attribute('STUDY', '00080090', 'ReferringPhysicianName', 'PN'),
  attribute('STUDY', '00081030', 'StudyDescription', 'LO'),
  attribute('STUDY', '00100010', 'PatientName', 'PN'),
  attribute('STUDY', '00100020', 'PatientID', 'LO'),
  attribute('STUDY', '00100030', 'PatientBirthDate', 'DA'),
  attribute('STUDY', '00100040', 'PatientSex', 'CS'),
  attribute('STUDY', '00101010', 'PatientAge', 'AS', false),
  attribute('STUDY', '00120020', 'ClinicalTrialProtocolID', 'LO', false),
  attribute('STUDY', '00120050', 'ClinicalTrialTimePointID', 'LO', false),
  attribute('STUDY', '0020000D', 'StudyInstanceUID', 'UI'),
  attribute('STUDY', '00200010', 'StudyID', 'SH'),
  attribute('STUDY', '00201206', 'NumberOfStudyRelatedSeries', 'IS'),
  attribute('STUDY', '00201208', 'NumberOfStudyRelatedInstances', 'IS'),
  attribute('SERIES', '00080060', 'Modality', 'CS'),
  attribute('SERIES', '0008103E', 'SeriesDescription', 'LO'),
  attribute('SERIES', '0020000E', 'SeriesInstanceUID', 'UI'),
  attribute('SERIES', '00200011', 'SeriesNumber', 'IS'),
  attribute('SERIES', '00201209', 'NumberOfSeriesRelatedInstances', 'IS'),
  attribute('SERIES', '00080070', 'Manufacturer', 'LO', false),
  attribute('SERIES', '00081090', 'ManufacturerModelName', 'LO', false),
  attribute('SERIES', '00180015', 'BodyPartExamined', 'CS', false),
  attribute('SERIES', '00181030', 'ProtocolName', 'LO', false),
  attribute('SERIES', '00185101', 'ViewPosition', 'CS', false),
  attribute('SERIES', '00200060', 'Laterality', 'CS', false),
  attribute('INSTANCE', '00080016', 'SOPClassUID', 'UI'),
  attribute('INSTANCE', '00080018', 'SOPInstanceUID', 'UI'),
  attribute('INSTANCE', '0008001C', 'SyntheticData', 'CS'),
  attribute('INSTANCE', '00200013', 'InstanceNumber', 'IS'),
  attribute('INSTANCE', '00280008', 'NumberOfFrames', 'IS'),
  attribute('INSTANCE', '00280010', 'Rows', 'US'),
  attribute('INSTANCE', '00280011', 'Columns', 'US'),
  attribute('INSTANCE', '00280100', 'BitsAllocated', 'US'),
];

const BY_KEYWORD = new Map(SEARCHABLE.map((known) => [known.keyword, known]));

/** @throws Error for a keyword that the list does not have */
export function searchable(keyword: string): SearchableAttribute {
  const known = BY_KEYWORD.get(keyword);
  if (!known) throw new Error(`${keyword} is no attribute that is searched.`);
  return known;
}
