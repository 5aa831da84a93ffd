import type { DataSet, Element } from 'dicom-parser';
import { dictionaryEntry } from '../dicom/dictionary.js';
import { rawValue } from '../dicom/raw-values.js';

export { rawValue as bytesOf } from '../dicom/raw-values.js';

/** An entry of the data dictionary. */
export interface Known {
  keyword: string;
  vr: string;
}

/** What the data dictionary says of a tag; undefined for private and unknown ones, and for overlays and curves, which may be drawn text. */
export function knownOf(tag: string): Known | undefined {
  const group = tag.slice(1, 5);
  if (/^[56]0/.test(group) || parseInt(group, 16) % 2 === 1) return undefined;
  return dictionaryEntry(tag);
}

/** The value representation by which an element is treated; null where the file says another one than the dictionary. */
export function agreedVr({ vr }: Known, element: Element): string | null {
  if (element.vr === undefined) {
    if ((vr === 'SQ') !== (element.items !== undefined) && element.length > 0) return null;
    return vr === 'xs' ? 'US' : /^[A-Z]{2}$/.test(vr) ? vr : 'OW';
  }
  if (element.vr === vr) return vr;
  return !/^[A-Z]{2}$/.test(vr) && /^(?:US|SS|OW|OB)$/.test(element.vr) ? element.vr : null;
}

/** A value as text, one character per byte, without what pads it. */
export function textOf(dataSet: DataSet, element: Element | undefined): string {
  if (!element || element.items) return '';
  const { buffer, byteOffset, length } = rawValue(dataSet, element);
  return Buffer.from(buffer, byteOffset, length).toString('latin1').replace(/\0+$/, '').trim();
}

/** A text of ASCII as bytes. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
