import { isUid } from '../../imaging/dicom/uid.js';
import { UserError } from '../../domain/errors.js';
import type { SearchableAttribute } from './attributes.js';

/** What an attribute must be, as the query of a search says it: PS3.4, C.2.2.2. */
export interface Match {
  attribute: SearchableAttribute;
  value: string;
}

/** Attributes that are counted and not kept. */
const COUNTED = new Set([
  'NumberOfStudyRelatedSeries',
  'NumberOfStudyRelatedInstances',
  'NumberOfSeriesRelatedInstances',
]);

/** Attributes that have a column of their own. */
const COLUMNS: Readonly<Record<string, string>> = {
  StudyInstanceUID: 'study_uid',
  SeriesInstanceUID: 'series_uid',
  StudyDate: 'study_date',
  PatientID: 'patient_id',
  Modality: 'modality',
  SOPInstanceUID: 'i.uid',
};

/** Attributes of which each instance of a series has one of its own. */
const OF_ONE = new Set(['SOPInstanceUID', 'InstanceNumber']);

/** Whether a match is one of single instances, `i`, and not of the whole series. */
export function isOfInstances({ attribute }: Match): boolean {
  return OF_ONE.has(attribute.keyword);
}

/** SQL of whether a row has an instance that a match of single instances may mean: cheaper than to look at each. */
export function rowConditionOf({ attribute, value }: Match, parameter: (value: unknown) => string): string {
  const { keyword } = attribute;
  if (isUniversal(value)) return 'true';
  if (keyword === 'InstanceNumber') return `${parameter(wholeNumber(value, keyword))}::integer = ANY(instance_numbers)`;
  return `instance_uids && ${parameter(uids(value, keyword))}::text[]`;
}

/** Whether an attribute can be searched by. */
export function isMatched({ keyword }: SearchableAttribute): boolean {
  return !COUNTED.has(keyword);
}

/**
 * SQL of one match over the rows that are visible, or over one instance `i` of theirs.
 *
 * @param parameter takes a value and gives SQL for it
 * @throws UserError BAD_USER_INPUT for a value that its attribute cannot have
 */
export function conditionOf({ attribute, value }: Match, parameter: (value: unknown) => string): string {
  const { keyword, tag, vr } = attribute;
  if (isUniversal(value)) return 'true';
  if (keyword === 'ModalitiesInStudy')
    return `study_uid IN (SELECT study_uid FROM visible WHERE ${textFits('modality', value, parameter)})`;
  if (keyword === 'InstanceNumber') return `i.number = ${parameter(wholeNumber(value, keyword))}::integer`;
  const stored = COLUMNS[keyword] ?? `(attributes #>> '{${tag},Value,0${vr === 'PN' ? ',Alphabetic' : ''}}')`;
  switch (vr) {
    case 'UI':
      return `${stored} = ANY(${parameter(uids(value, keyword))}::text[])`;
    case 'DA':
      return inRange(stored, rangeOf(value, keyword, /^\d{8}$/, 'yyyymmdd'), parameter);
    case 'TM':
      return inRange(stored, rangeOf(value, keyword, /^\d{2,6}$/, 'hhmmss'), parameter);
    case 'IS':
    case 'US':
      // As text: what stands in a file need not be a number, and one that is none would fail the search of everybody.
      return `${stored} = ${parameter(String(wholeNumber(value, keyword)))}`;
    case 'PN':
      // Case is no part of a name.
      return textFits(`lower(${stored})`, value.toLowerCase(), parameter);
    case 'AS':
    case 'CS':
    case 'LO':
    case 'SH':
      return textFits(stored, value, parameter);
  }
}

/** Whether every value fits, and one that is missing. */
function isUniversal(value: string): boolean {
  return value === '' || value === '*';
}

function textFits(stored: string, value: string, parameter: (value: unknown) => string): string {
  if (!/[*?]/.test(value)) return `${stored} = ${parameter(value)}`;
  const pattern = value
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
    .replaceAll('?', '_');
  return `${stored} LIKE ${parameter(pattern)}`;
}

function uids(value: string, keyword: string): string[] {
  const given = value.split(/[,\\]/);
  if (given.every(isUid)) return given;
  throw new UserError('BAD_USER_INPUT', `${keyword} takes UIDs, several of them separated by commas.`);
}

function wholeNumber(value: string, keyword: string): number {
  if (/^[+-]?\d{1,9}$/.test(value)) return Number(value);
  throw new UserError('BAD_USER_INPUT', `${keyword} takes a whole number.`);
}

function rangeOf(value: string, keyword: string, one: RegExp, form: string): [from: string, to: string] {
  const [from = '', to = from, ...more] = value.split('-');
  const fits = (end: string) => end === '' || one.test(end);
  if (more.length === 0 && fits(from) && fits(to) && (from !== '' || to !== '')) return [from, to];
  throw new UserError(
    'BAD_USER_INPUT',
    `${keyword} takes ${form}, or a range such as ${form}-${form}, of which one end may be left out.`,
  );
}

function inRange(stored: string, [from, to]: [string, string], parameter: (value: unknown) => string): string {
  const ends = [
    ...(from === '' ? [] : [`${stored} >= ${parameter(from)}`]),
    // An end that is told less exactly holds all that begins like it.
    ...(to === '' ? [] : [`left(${stored}, ${to.length}) <= ${parameter(to)}`]),
  ];
  return `(${ends.join(' AND ')})`;
}
