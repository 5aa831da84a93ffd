import type { DataSet, Element } from 'dicom-parser';
import { representationOf } from './dictionary.js';
import { littleEndian, rawValue } from './raw-values.js';
import { parseDicom } from './read.js';
import { BIG_ENDIAN } from './transfer-syntaxes.js';

/** One attribute in the DICOM JSON Model (PS3.18 annex F). */
export interface JsonAttribute {
  vr: string;
  Value?: unknown[];
  InlineBinary?: string;
  BulkDataURI?: string;
}

/** A data set in the DICOM JSON Model, by tag: eight upper-case hexadecimal digits. */
export type JsonDataSet = Record<string, JsonAttribute>;

/** Binary values and numbers in binary form up to this size stand in the JSON itself, bytes; and texts, which most headers cannot have longer. */
const INLINE_BYTES = 1_024;
const INLINE_TEXT_BYTES = 65_534;

const PIXEL_DATA = 'x7fe00010';
const CHARACTER_SET = 'x00080005';

/** Value representations whose text is one value, whatever it holds. */
const SINGLE = new Set(['ST', 'LT', 'UT', 'UR']);

type Reader = (dataSet: DataSet, tag: string, index: number) => number | string | undefined;

/** Numbers in binary form: how many bytes each has, and how it is read in the file's byte order. */
const NUMBERS: Readonly<Record<string, readonly [bytes: number, read: Reader]>> = {
  US: [2, (dataSet, tag, index) => dataSet.uint16(tag, index)],
  SS: [2, (dataSet, tag, index) => dataSet.int16(tag, index)],
  UL: [4, (dataSet, tag, index) => dataSet.uint32(tag, index)],
  SL: [4, (dataSet, tag, index) => dataSet.int32(tag, index)],
  FL: [4, (dataSet, tag, index) => finite(dataSet.float(tag, index))],
  FD: [8, (dataSet, tag, index) => finite(dataSet.double(tag, index))],
  AT: [4, (dataSet, tag, index) => tagAt(dataSet, tag, index)],
};

/**
 * The header of a DICOM file in the DICOM JSON Model; of pixels, and of other values that are long, where they can be fetched.
 *
 * @param bulkDataUri address of an element of the file itself, by its tag of eight upper-case hexadecimal digits; what lies in a sequence
 *   and is long is left out
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function dicomJson(bytes: Uint8Array, name: string, bulkDataUri: (tag: string) => string): JsonDataSet {
  const { dataSet, transferSyntax } = parseDicom(bytes, name);
  const utf8 = dataSet.string(CHARACTER_SET)?.includes('ISO_IR 192') ?? false;
  const walk = new Walk(utf8 ? 'utf8' : 'latin1', transferSyntax === BIG_ENDIAN);
  const json = walk.dataSet(dataSet, bulkDataUri);
  // JSON is UTF-8, whatever the file was.
  if (json['00080005']) json['00080005'] = { vr: 'CS', Value: ['ISO_IR 192'] };
  return json;
}

/**
 * An element of a file that its header in JSON has no room for as bytes, little endian.
 *
 * @param tag eight hexadecimal digits
 * @returns undefined where the file has no such element, or it is a short text or number, a sequence or compressed pixels
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function bulkValue(bytes: Uint8Array, name: string, tag: string): Uint8Array | undefined {
  const { dataSet, transferSyntax } = parseDicom(bytes, name);
  const element = dataSet.elements[`x${tag.toLowerCase()}`];
  if (!element || element.items || element.encapsulatedPixelData) return undefined;
  const vr = representationOf(dataSet, element);
  if (!isBinary(vr) && !isLong(vr, element)) return undefined;
  return littleEndian(rawValue(dataSet, element), vr, transferSyntax === BIG_ENDIAN);
}

function isBinary(vr: string): boolean {
  return /^O[BDFLVW]$|^UN$/.test(vr);
}

/** Whether a value other than a sequence does not stand in the JSON itself. */
function isLong(vr: string, { tag, length }: Element): boolean {
  return tag === PIXEL_DATA || length > (isBinary(vr) || NUMBERS[vr] ? INLINE_BYTES : INLINE_TEXT_BYTES);
}

class Walk {
  constructor(
    private readonly encoding: 'utf8' | 'latin1',
    private readonly isBigEndian: boolean,
  ) {}

  /** @param uri absent within sequences */
  dataSet(dataSet: DataSet, uri?: (tag: string) => string): JsonDataSet {
    const json: JsonDataSet = {};
    for (const element of Object.values(dataSet.elements)) {
      const tag = element.tag.slice(1).toUpperCase();
      if (tag.startsWith('0002') || tag.endsWith('0000') || tag.startsWith('FFF')) continue;
      const attribute = this.#attribute(dataSet, element, uri && (() => uri(tag)));
      if (attribute) json[tag] = attribute;
    }
    return json;
  }

  #attribute(dataSet: DataSet, element: Element, uri: (() => string) | undefined): JsonAttribute | undefined {
    const vr = representationOf(dataSet, element);
    if (vr === 'SQ') {
      const items = (element.items ?? []).flatMap((item) => (item.dataSet ? [this.dataSet(item.dataSet)] : []));
      return items.length > 0 ? { vr, Value: items } : { vr };
    }
    if (isLong(vr, element)) return uri && { vr, BulkDataURI: uri() };
    if (isBinary(vr)) {
      const bytes = littleEndian(rawValue(dataSet, element), vr, this.isBigEndian);
      return bytes.length > 0 ? { vr, InlineBinary: Buffer.from(bytes).toString('base64') } : { vr };
    }
    const values = this.#values(dataSet, element, vr);
    return values.some((value) => value !== null) ? { vr, Value: values } : { vr };
  }

  #values(dataSet: DataSet, element: Element, vr: string): unknown[] {
    const numbers = NUMBERS[vr];
    if (numbers) {
      const [bytes, read] = numbers;
      return Array.from(
        { length: Math.floor(element.length / bytes) },
        (_, index) => read(dataSet, element.tag, index) ?? null,
      );
    }
    const { buffer, byteOffset, length } = rawValue(dataSet, element);
    const text = Buffer.from(buffer, byteOffset, length).toString(this.encoding).replace(/\0+$/, '');
    const parts = SINGLE.has(vr) ? [text.trimEnd()] : text.split('\\').map((part) => part.trim());
    return parts.map((part) => {
      if (part === '') return null;
      if (vr === 'PN') return personName(part);
      // A number that is none stays what it is: text.
      return (vr === 'DS' || vr === 'IS') && Number.isFinite(Number(part)) ? Number(part) : part;
    });
  }
}

function personName(text: string): Record<string, string> {
  const groups = ['Alphabetic', 'Ideographic', 'Phonetic'];
  const parts = text.split('=').slice(0, 3);
  return Object.fromEntries(parts.flatMap((part, index) => (part === '' ? [] : [[groups[index]!, part]])));
}

/** JSON has no word for what is no number. */
function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function tagAt(dataSet: DataSet, tag: string, index: number): string | undefined {
  const [group, element] = [dataSet.uint16(tag, 2 * index), dataSet.uint16(tag, 2 * index + 1)];
  if (group === undefined || element === undefined) return undefined;
  return [group, element].map((part) => part.toString(16).padStart(4, '0').toUpperCase()).join('');
}
