import { data } from 'dcmjs';
import type { DataSet, Element } from 'dicom-parser';

/** What the data dictionary (PS3.6) says of an attribute. */
export interface DictionaryEntry {
  /** Group and element, eight upper-case hexadecimal digits. */
  readonly tag: string;
  /** Of a retired attribute as well, without any mark. */
  readonly keyword: string;
  /** Two letters, or a word such as "xs" or "ox" for one that other elements decide. */
  readonly vr: string;
}

/**
 * The entry of a tag, undefined for one that the dictionary does not know, as private ones.
 *
 * @param tag eight hexadecimal digits, as dicom-parser writes them ("x00100010") or without the x
 */
export function dictionaryEntry(tag: string): DictionaryEntry | undefined {
  const digits = tag.replace(/^x/, '').toUpperCase();
  const entry = data.DicomMetaDictionary.dictionary[`(${digits.slice(0, 4)},${digits.slice(4)})`];
  return entry && { tag: digits, keyword: entry.name.replace(/^RETIRED_/, ''), vr: entry.vr };
}

/** The entry of an attribute as people name it: by keyword ("PatientID") or tag ("00100020"). */
export function namedAttribute(name: string): DictionaryEntry | undefined {
  if (/^[0-9a-f]{8}$/i.test(name)) return dictionaryEntry(name);
  // The map answers names of its own, such as "constructor", with something else.
  const tag: unknown = data.DicomMetaDictionary.nameMap[name]?.tag;
  return typeof tag === 'string' ? dictionaryEntry(tag.replace(/[(),]/g, '')) : undefined;
}

/** The value representation of an element: what its file says, else the dictionary; UN where neither does. */
export function representationOf(dataSet: DataSet, { tag, vr, items }: Element): string {
  if (vr !== undefined) return vr;
  if (items) return 'SQ';
  const known = dictionaryEntry(tag)?.vr ?? 'UN';
  if (known === 'xs') return dataSet.uint16('x00280103') === 1 ? 'SS' : 'US';
  return /^[A-Z]{2}$/.test(known) ? known : 'OW';
}
