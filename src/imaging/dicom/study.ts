import type { DataSet, Element } from 'dicom-parser';
import { z } from 'zod';
import { isMadeByBundle } from './attributes.js';
import { dictionaryEntry } from './dictionary.js';
import { encodeFile, type RawElement } from './elements.js';
import { isMeta, rawElements } from './raw-elements.js';
import { rawValue } from './raw-values.js';
import { parseDicom, parseHeader } from './read.js';
import { AS_IT_IS } from './transcode.js';
import { EXPLICIT } from './transfer-syntaxes.js';
import { uidOrNull } from './uid.js';
import { dicomUid } from './write.js';

/** The image that something was made from, and the study that both are of. */
export const STUDY_IMAGE = z.object({
  studyUid: z.string(),
  seriesUid: z.string(),
  sopClassUid: z.string(),
  instanceUids: z.array(z.string()),
});
export type StudyImage = z.infer<typeof STUDY_IMAGE>;

/** An element of text, or a sequence of such. */
export interface StudyElement {
  tag: string;
  vr: string;
  value: string | StudyElement[][];
}
export const STUDY_ELEMENT: z.ZodType<StudyElement> = z.object({
  tag: z.string(),
  vr: z.string(),
  value: z.union([z.string(), z.lazy(() => z.array(z.array(STUDY_ELEMENT)))]),
});

/** What all objects of a study share, of patient and study (PS3.3, C.7.1 and C.7.2); and those of it that may not be absent. */
const OF_STUDY = ['00081030'];
const NEVER_ABSENT = [
  ...['00080020', '00080030', '00080050', '00080090', '00100010', '00100020', '00100030', '00200010'],
];

/** How identities were removed, and the zone of the times: as the study says them, or not at all. */
const ONLY_AS_STUDY = ['00080201', '00120062', '00120063', '00120064', '00280303'];

/** Date and time at which an object, and its content, were written. */
const TIMES = [
  ['00080012', '00080013'],
  ['00080023', '00080033'],
] as const;

/** Sex, age and trial: as the study has them, and as the result has them where the study does not say. */
const WHERE_SAID = [
  ...['00100040', '00101010', '00120010', '00120020', '00120021', '00120030', '00120031', '00120040', '00120050'],
  ...['00120051'],
];

/** What a series that was made stands under among those that a scanner numbered. */
const MADE_SERIES = '9001';

const LATIN = new Set(['', 'ISO_IR 6', 'ISO_IR 100']);

/**
 * The study that an object is of, for those who join it.
 *
 * @returns undefined where it does not say of which, and where it is synthetic: what a network made of a drawn knee is of no study
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function studyOf(
  bytes: Uint8Array,
  name: string,
): { image: Omit<StudyImage, 'instanceUids'>; elements: StudyElement[] } | undefined {
  const { dataSet, attributes } = parseDicom(bytes, name);
  const { studyUid, seriesUid, sopClassUid, synthetic } = attributes;
  if (synthetic || studyUid === null || seriesUid === null || sopClassUid === null) return undefined;
  const isLatin = LATIN.has(dataSet.string('x00080005') ?? '');
  const elements = [...OF_STUDY, ...NEVER_ABSENT, ...ONLY_AS_STUDY, ...WHERE_SAID].flatMap((tag) => {
    const element = dataSet.elements[`x${tag}`];
    return element ? [elementOf(dataSet, element, isLatin)] : [];
  });
  return { image: { studyUid, seriesUid, sopClassUid }, elements: elements.filter(({ value }) => value.length > 0) };
}

/** Study and series of an object of any class, and whether it says that a bundle made it. @throws UserError FILE_REFUSED for a damaged header */
export function seriesOf(
  bytes: Uint8Array,
  name: string,
): { studyUid: string | null; seriesUid: string | null; madeByBundle: boolean } {
  const { dataSet } = parseHeader(bytes, name);
  const uid = (tag: string) => uidOrNull(dataSet.string(tag)?.replace(/\0/g, '').trim());
  return { studyUid: uid('x0020000d'), seriesUid: uid('x0020000e'), madeByBundle: isMadeByBundle(dataSet) };
}

/** A UID that something which was made has in a study. @param own the one that it has where it is in none but its own */
export function uidInStudy({ studyUid }: Pick<StudyImage, 'studyUid'>, own: string): string {
  return dicomUid('osteograph', 'in a study', studyUid, own);
}

/**
 * An object that was made from an image, in the study of that image: with what the study says of patient and study, references to the image,
 * and UIDs of its own there, since it may lie elsewhere in a study of its own.
 *
 * @param bytes in explicit little endian, without compression, as everything that is made here
 * @param elements as {@link studyOf} gives them
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function enterStudy(
  bytes: Uint8Array,
  name: string,
  image: StudyImage,
  elements: readonly StudyElement[],
): Uint8Array {
  const { dataSet } = parseDicom(bytes, name);
  const own = (tag: string) => (dataSet.string(`x${tag}`) ?? '').replace(/\0/g, '').trim();
  const uidFor = (tag: string) => uidValue(uidInStudy(image, own(tag)));
  const instanceUid = uidFor('00080018');
  const charset = own('00080005');
  const encoding = charset === 'ISO_IR 192' ? 'utf8' : 'latin1';
  const said = new Map(elements.map((element) => [element.tag, element]));
  const empty = NEVER_ABSENT.filter((tag) => !said.has(tag));
  const set: RawElement[] = [
    ...elements.map((element) => rawOf(element, encoding)),
    ...empty.map((tag) => ({ tag, vr: dictionaryEntry(tag)!.vr, value: Buffer.alloc(0) })),
    ...TIMES.flatMap((tags) => inZone(tags, tags.map(own), said.get('00080201')?.value)),
    ...(charset === '' ? [{ tag: '00080005', vr: 'CS', value: Buffer.from('ISO_IR 100') }] : []),
    { tag: '0020000d', vr: 'UI', value: uidValue(image.studyUid) },
    { tag: '00020003', vr: 'UI', value: instanceUid },
    { tag: '00080018', vr: 'UI', value: instanceUid },
    { tag: '0020000e', vr: 'UI', value: uidFor('0020000e') },
    ...(own('00200052') === '' ? [] : [{ tag: '00200052', vr: 'UI', value: uidFor('00200052') }]),
    { tag: '00200011', vr: 'IS', value: Buffer.from(MADE_SERIES) },
    ...(own('00080060') === 'SR' ? [] : [{ tag: '00081115', vr: 'SQ', value: [referenceTo(image)] }]),
    // In a list of series nobody may take it for one of the scanner's.
    ...(own('0008103e') === '' ? [{ tag: '0008103e', vr: 'LO', value: Buffer.from('SYNTHETIC') }] : []),
  ];
  const replaced = new Set([...OF_STUDY, ...ONLY_AS_STUDY, ...set.map(({ tag }) => tag), '00020000']);
  const kept = rawElements(dataSet, AS_IT_IS).filter(({ tag }) => !replaced.has(tag));
  const pixels = dataSet.elements['x7fe00010'];
  const all = [
    ...kept,
    ...set,
    ...(pixels ? [{ tag: '7fe00010', vr: pixels.vr ?? 'OW', value: rawValue(dataSet, pixels) }] : []),
  ];
  return encodeFile(
    all.filter(isMeta),
    all.filter((element) => !isMeta(element)),
    EXPLICIT,
  );
}

/** An item of Referenced Series Sequence (PS3.3, C.12.2). */
function referenceTo({ seriesUid, sopClassUid, instanceUids }: StudyImage): RawElement[] {
  const instances = instanceUids.map((uid): RawElement[] => [
    { tag: '00081150', vr: 'UI', value: uidValue(sopClassUid) },
    { tag: '00081155', vr: 'UI', value: uidValue(uid) },
  ]);
  return [
    { tag: '0008114a', vr: 'SQ', value: instances },
    { tag: '0020000e', vr: 'UI', value: uidValue(seriesUid) },
  ];
}

/** A date and a time, UTC, in the zone of a study; one that the study does not name is not named either. */
function inZone(
  [dateTag, timeTag]: readonly [string, string],
  [date, time]: readonly string[],
  zone: StudyElement['value'] | undefined,
): RawElement[] {
  const offset = typeof zone === 'string' ? /^([+-])(\d\d)(\d\d)$/.exec(zone) : null;
  const at = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(`${date}${time?.slice(0, 6)}`);
  if (!offset || !at) return [];
  const [year, month, day, hour, minute, second] = at.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const minutes = Number(`${offset[1]}1`) * (60 * Number(offset[2]) + Number(offset[3]));
  const there = new Date(Date.UTC(year, month - 1, day, hour, minute + minutes, second)).toISOString();
  return [
    { tag: dateTag, vr: 'DA', value: Buffer.from(there.slice(0, 10).replaceAll('-', '')) },
    { tag: timeTag, vr: 'TM', value: Buffer.from(there.slice(11, 19).replaceAll(':', '')) },
  ];
}

function elementOf(dataSet: DataSet, element: Element, isLatin: boolean): StudyElement {
  const tag = element.tag.slice(1);
  const vr = dictionaryEntry(tag)?.vr ?? element.vr ?? 'UN';
  if (vr !== 'SQ') return { tag, vr, value: textOf(rawValue(dataSet, element), isLatin) };
  const items = (element.items ?? []).flatMap((item) => (item.dataSet ? [item.dataSet] : []));
  return {
    tag,
    vr,
    value: items.map((item) => Object.values(item.elements).map((one) => elementOf(item, one, isLatin))),
  };
}

/** Of a script other than Latin only what is ASCII is taken over. */
function textOf(value: Uint8Array, isLatin: boolean): string {
  const text = Buffer.from(value).toString('latin1').replaceAll('\0', '').trim();
  return isLatin ? text : text.replace(/[^\x20-\x7e]/g, '?');
}

function rawOf({ tag, vr, value }: StudyElement, encoding: 'latin1' | 'utf8'): RawElement {
  if (typeof value === 'string') return { tag, vr, value: Buffer.from(value, encoding) };
  return { tag, vr, value: value.map((item) => item.map((element) => rawOf(element, encoding))) };
}

function uidValue(uid: string): Buffer {
  return Buffer.from(uid, 'latin1');
}
