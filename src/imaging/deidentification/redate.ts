import type { DataSet, Element } from 'dicom-parser';
import { encodeFile, inOnePieceEach, type RawElement } from '../dicom/elements.js';
import { isMeta, rawElements } from '../dicom/raw-elements.js';
import type { StudyElement } from '../dicom/study.js';
import { packedFrames, parseDicom, type ParsedDicom } from '../dicom/read.js';
import { LONGITUDINAL } from './policy.js';
import { agreedVr, ascii, bytesOf, knownOf, textOf } from './raw-values.js';
import { PIXEL_DATA } from './report.js';
import { shiftDate } from './values.js';

interface Redating {
  /** By how many days each date becomes earlier; later where negative. */
  earlier: number;
  /** By how many days they are back then. */
  daysBack: number;
}

/**
 * A de-identified object whose dates go other days back than they did. Nothing else changes but what it says of its dates.
 *
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function redateDicom(
  { bytes, name }: { bytes: Uint8Array; name: string },
  { earlier, daysBack }: Redating,
): Uint8Array {
  const parsed = parseDicom(bytes, name);
  const { dataSet, attributes } = parsed;
  const elements = rawElements(dataSet, {
    vrOf: (_, element) => element.vr ?? implicitVr(element),
    valueOf: (items, element, vr) => valueOf(items, element, vr, { earlier, daysBack }),
  });
  return encodeFile(
    elements.filter((element) => isMeta(element)),
    [...elements.filter((element) => !isMeta(element)), ...pixelsOf(parsed, name)],
    attributes.transferSyntax,
  );
}

function pixelsOf(parsed: ParsedDicom, name: string): RawElement[] {
  const element = parsed.dataSet.elements[`x${PIXEL_DATA}`];
  if (!element) return [];
  const value = element.encapsulatedPixelData
    ? inOnePieceEach(packedFrames(parsed, name))
    : bytesOf(parsed.dataSet, element);
  return [{ tag: PIXEL_DATA, vr: element.vr ?? 'OW', value }];
}

/** Objects in implicit little endian name no kind of value. */
function implicitVr(element: Element): string | null {
  const known = knownOf(element.tag);
  return known ? agreedVr(known, element) : null;
}

/** Where objects say what became of dates: code, its meaning, and Longitudinal Temporal Information Modified. */
const PLACES = ['x00080100', 'x00080104', 'x00280303'];

function valueOf(dataSet: DataSet, element: Element, vr: string, { earlier, daysBack }: Redating): Uint8Array {
  const redated = redatedText({ tag: element.tag, vr, value: textOf(dataSet, element) }, { earlier, daysBack });
  return redated === undefined ? bytesOf(dataSet, element) : ascii(redated);
}

/** The text of an element with other dates; undefined where it stays as it is. */
function redatedText(
  { tag, vr, value }: { tag: string; vr: string; value: string },
  { earlier, daysBack }: Redating,
): string | undefined {
  const place = PLACES.indexOf(tag);
  if (LONGITUDINAL.some((way) => way[place] === value)) return LONGITUDINAL[daysBack === 0 ? 0 : 1][place];
  // Whatever is no date any more was removed when the object was made.
  return vr === 'DA' || vr === 'DT' ? (shiftDate(value, earlier) ?? '') : undefined;
}

/** The same for what the study of an object says, where that is kept apart from the object. */
export function redateElements(elements: readonly StudyElement[], by: Redating): StudyElement[] {
  return elements.map(({ tag, vr, value }) => {
    if (typeof value !== 'string') return { tag, vr, value: value.map((item) => redateElements(item, by)) };
    return { tag, vr, value: redatedText({ tag: `x${tag}`, vr, value }, by) ?? value };
  });
}
