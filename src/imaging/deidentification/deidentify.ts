import { createHash } from 'node:crypto';
import type { DataSet, Element } from 'dicom-parser';
import type { DeidentifiedAs } from '../../domain/deidentification.js';
import { encodeFile, type RawElement } from '../dicom/elements.js';
import { parseDicom, type ParsedDicom } from '../dicom/read.js';
import { IMPLEMENTATION_UID } from '../dicom/write.js';
import { agreedVr, ascii, bytesOf, type Known, knownOf, textOf } from './raw-values.js';
import { pixelsOf } from './pixels.js';
import {
  DEIDENTIFICATION_POLICY,
  type DeidentifiedSubject,
  LONGITUDINAL,
  methodsOf,
  refuseBurnedIn,
  showsNobody,
} from './policy.js';
import { treatmentOf } from './profile.js';
import { type DeidentificationReport, PIXEL_DATA, ReportBook } from './report.js';
import { cleanText, isCode, isEquipment, isWellFormed, NamingWords, pseudonymousUid, shiftDate } from './values.js';

/** A file as it is kept, and what became of it. */
export interface Deidentified {
  /**
   * A DICOM part 10 file: the same pixels in the same transfer syntax, unless compressed ones had to be unpacked (see pixelsOf). Null of a
   * picture, of which nothing but the pixels is kept.
   */
  bytes: Uint8Array | null;
  report: DeidentificationReport;
}

/**
 * Takes whoever it shows out of a DICOM file. What is not known to be harmless goes: private elements, elements that the data dictionary
 * does not know or knows otherwise, values that are not what they should be.
 *
 * @throws UserError FILE_REFUSED for a damaged file, or one that says that text is burned into its pixels
 */
export async function deidentifyDicom(
  { bytes, name }: { bytes: Uint8Array; name: string },
  subject: DeidentifiedSubject,
): Promise<Deidentified> {
  const parsed = parseDicom(bytes, name);
  const { dataSet, attributes } = parsed;
  refuseBurnedIn(attributes, subject.redact, name);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const walk = new Walk(subject, attributes.transferSyntax);
  walk.collectNames(dataSet);
  const kept = walk.elements(dataSet, '');
  const pixels = await pixelsOf(parsed, subject, walk.names, name);
  walk.book.note('PixelData', PIXEL_DATA, pixels.cleaned ? 'CLEANED' : 'KEPT');
  const sopInstanceUid = pseudonymousUid(subject.uidKey, attributes.sopInstanceUid ?? sha256);
  const syntax = pixels.transferSyntax;
  const elements = [
    ...kept,
    ...statements(parsed, subject),
    { tag: '00080018', vr: 'UI', value: ascii(sopInstanceUid) },
    pixels.element,
  ];
  const meta: RawElement[] = [
    { tag: '00020001', vr: 'OB', value: Uint8Array.of(0, 1) },
    { tag: '00020002', vr: 'UI', value: ascii(pseudonymousUid(subject.uidKey, attributes.sopClassUid ?? '')) },
    { tag: '00020003', vr: 'UI', value: ascii(sopInstanceUid) },
    { tag: '00020010', vr: 'UI', value: ascii(syntax) },
    { tag: '00020012', vr: 'UI', value: ascii(IMPLEMENTATION_UID) },
    { tag: '00020013', vr: 'SH', value: ascii('OSTEOGRAPH') },
  ];
  // What is said anew takes the place of what the file said.
  const last = new Map(elements.map((element) => [element.tag, element]));
  return {
    bytes: encodeFile(meta, [...last.values()], syntax),
    report: { sha256, sopInstanceUid, policy: DEIDENTIFICATION_POLICY, attributes: walk.book.attributes },
  };
}

/** Elements that say what was done, where that is true. */
function statements({ dataSet, attributes }: ParsedDicom, subject: DeidentifiedSubject): RawElement[] {
  const text = (tag: string, vr: string, value: string): RawElement => ({ tag, vr, value: ascii(value) });
  const named = [text('00100010', 'PN', subject.pseudonym), text('00100020', 'LO', subject.pseudonym)];
  const redacted = subject.redact.length > 0 ? [text('00280301', 'CS', 'NO')] : [];
  if (subject.synthetic) return [...named, ...redacted];
  const burnedIn = textOf(dataSet, dataSet.elements['x00280301']) || null;
  return [
    ...named,
    ...redacted,
    ...(showsNobody(attributes, burnedIn, subject.redact) ? [text('00120062', 'CS', 'YES')] : []),
    text('00120063', 'LO', `Osteograph policy ${DEIDENTIFICATION_POLICY}`),
    {
      tag: '00120064',
      vr: 'SQ',
      value: methodsOf(subject).map(([code, meaning]) => [
        text('00080100', 'SH', code),
        text('00080102', 'SH', 'DCM'),
        text('00080104', 'LO', meaning),
      ]),
    },
    text('00280303', 'CS', LONGITUDINAL[subject.daysBack === 0 ? 0 : 1][2]),
  ];
}

/** Terms of the standard that a name may lie in, as Mary in PRIMARY and Mono in MONOCHROME2, and that say nobody's. */
const TERMS = new Set(['ORIGINAL', 'DERIVED', 'PRIMARY', 'SECONDARY', 'MONOCHROME1', 'MONOCHROME2']);

function withoutTerms(text: string): string {
  return text
    .split('\\')
    .filter((value) => !TERMS.has(value.trim()))
    .join('\\');
}

/** Value representations of numbers and tags in binary form. */
const BINARY_NUMBERS = new Set(['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'SV', 'UV', 'AT']);
const TEXTS = new Set(['LO', 'SH', 'ST', 'LT', 'UT', 'UC']);

/** Whether a value is text, of which blanks are nothing. */
function isText(vr: string): boolean {
  return !BINARY_NUMBERS.has(vr) && !vr.startsWith('O');
}

/** Attributes that name somebody although they are no person names. */
const NAMING = new Set(
  'PatientID OtherPatientIDs AccessionNumber MedicalRecordLocator PatientBirthDate InsurancePlanIdentification AdmissionID'.split(
    ' ',
  ),
);

/** One way through a file. */
class Walk {
  readonly book = new ReportBook();
  readonly names = new NamingWords();

  constructor(
    readonly subject: DeidentifiedSubject,
    readonly syntax: string,
  ) {}

  /** Notes every name and number of a person in a data set, at any depth. */
  collectNames(dataSet: DataSet): void {
    for (const element of Object.values(dataSet.elements)) {
      for (const item of element.items ?? []) if (item.dataSet) this.collectNames(item.dataSet);
      const known = knownOf(element.tag);
      if (known && (known.vr === 'PN' || NAMING.has(known.keyword))) this.names.add(textOf(dataSet, element));
    }
  }

  /** What is kept of a data set. @param path keywords of the sequences it lies in, each with a dot */
  elements(dataSet: DataSet, path: string): RawElement[] {
    return Object.values(dataSet.elements).flatMap((element) => {
      const tag = element.tag.slice(1);
      // Lengths of groups are no longer true; pixels and what belongs to the file are written anew.
      if (tag.endsWith('0000') || /^(?:0000|0002|fff[ace])/.test(tag) || tag === PIXEL_DATA) return [];
      const known = knownOf(element.tag);
      const isPrivate = parseInt(tag.slice(3, 4), 16) % 2 === 1;
      const attribute = path + (known?.keyword ?? (isPrivate ? 'Private' : 'Unknown'));
      const [action, kept] = this.#treat(dataSet, element, known, attribute);
      if (action !== null) this.book.note(attribute, tag, action);
      return kept ? [kept] : [];
    });
  }

  #treat(
    dataSet: DataSet,
    element: Element,
    known: Known | undefined,
    attribute: string,
  ): [DeidentifiedAs | null, RawElement | null] {
    const tag = element.tag.slice(1);
    const vr = known && agreedVr(known, element);
    if (!known || vr === null || vr === undefined) return ['REMOVED', null];
    const treatment = treatmentOf(known.keyword);
    // Of the patient nothing else is needed, not even what the table does not name.
    const ofPatient = tag.startsWith('0010') && treatment !== 'EMPTY';
    if (treatment === 'REMOVE' || ofPatient) return ['REMOVED', null];
    const as = (action: DeidentifiedAs, value: Uint8Array): [DeidentifiedAs, RawElement] => [
      action,
      { tag, vr, value },
    ];
    const text = textOf(dataSet, element);
    const empty = new Uint8Array();
    const isEmpty = vr === 'SQ' ? (element.items ?? []).length === 0 : isText(vr) ? text === '' : element.length === 0;
    if (isEmpty) return ['KEPT', { tag, vr, value: vr === 'SQ' ? [] : empty }];
    if (attribute === 'PatientName' || attribute === 'PatientID') return as('REPLACED', ascii(this.subject.pseudonym));
    if (treatment === 'EMPTY') return ['REMOVED', { tag, vr, value: vr === 'SQ' ? [] : empty }];
    if (vr === 'SQ') {
      const items = element.items!.flatMap((item) =>
        item.dataSet ? [this.elements(item.dataSet, `${attribute}.`)] : [],
      );
      return [null, { tag, vr, value: items }];
    }
    if (treatment === 'DUMMY') return as('REPLACED', ascii(this.#dummy(known)));
    const raw = bytesOf(dataSet, element);
    if (treatment === 'DEVICE' || treatment === 'TECHNICAL') {
      const fits = vr === 'DS' || vr === 'CS' || (treatment === 'DEVICE' ? isEquipment(text) : isCode(text));
      return fits && !this.names.isNamedIn(text) ? as('KEPT', raw) : as('REMOVED', empty);
    }
    if (vr === 'UI') return this.#uid(text, as);
    if (vr === 'DA' || vr === 'DT') {
      const shifted = shiftDate(text, this.subject.daysBack);
      return shifted === null
        ? as('REMOVED', empty)
        : as(this.subject.daysBack === 0 ? 'KEPT' : 'SHIFTED', ascii(shifted));
    }
    if (vr === 'CS')
      return isWellFormed(text, vr) && !this.names.isNamedIn(withoutTerms(text))
        ? as('KEPT', raw)
        : as('REMOVED', empty);
    if (vr === 'DS' || vr === 'IS' || vr === 'TM')
      return isWellFormed(text, vr) ? as('KEPT', raw) : as('REMOVED', empty);
    if (TEXTS.has(vr)) {
      const clean = cleanText(text);
      if (clean === text) return as('KEPT', raw);
      if (clean !== '') return as('CLEANED', ascii(clean));
      // A code must have a meaning.
      return known.keyword === 'CodeMeaning' ? as('REPLACED', ascii('REMOVED')) : as('REMOVED', empty);
    }
    if (BINARY_NUMBERS.has(vr)) return as('KEPT', raw);
    // Bulk data of the image itself, such as lookup tables.
    if (tag.startsWith('0028') && vr === 'OW') return as('KEPT', raw);
    return ['REMOVED', null];
  }

  #uid(
    text: string,
    as: (action: DeidentifiedAs, value: Uint8Array) => [DeidentifiedAs, RawElement],
  ): [DeidentifiedAs, RawElement] {
    const values = text.split('\\');
    const replaced = values.map((uid) => pseudonymousUid(this.subject.uidKey, uid));
    return as(replaced.every((uid, at) => uid === values[at]) ? 'KEPT' : 'REPLACED', ascii(replaced.join('\\')));
  }

  #dummy({ keyword, vr }: Known): string {
    if (keyword === 'ClinicalTrialSubjectID') return this.subject.pseudonym;
    return vr === 'AS' ? '000Y' : 'ANONYMOUS';
  }
}
