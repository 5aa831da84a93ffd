import type { DataSet } from 'dicom-parser';
import { dictionaryEntry } from './dictionary.js';
import { encodeFile, type RawElement } from './elements.js';
import { isMeta, rawElements } from './raw-elements.js';
import { rawValue } from './raw-values.js';
import { parseDicom } from './read.js';
import { AS_IT_IS } from './transcode.js';
import { EXPLICIT } from './transfer-syntaxes.js';
import { dicomUid } from './write.js';

/** The study of an image, as what is made from the image has to say it. */
export interface DicomStudy {
  readonly studyUid: string;
  /** What all objects of a study share, of patient and study. */
  readonly shared: readonly RawElement[];
  /** The image itself. */
  readonly source: {
    readonly seriesUid: string;
    readonly sopClassUid: string;
    readonly instanceUids: readonly string[];
  };
}

/** Elements of patient and study (PS3.3, C.7.1 and C.7.2), all of them text. What was removed of an identity each object says for itself. */
const SHARED = [
  ...['00080020', '00080030', '00080050', '00080090', '00081030'],
  ...['00100010', '00100020', '00100030', '00100040', '00101010'],
  ...['00120010', '00120020', '00120021', '00120030', '00120031', '00120040', '00120050', '00120051'],
  ...['0020000d', '00200010'],
];

/** Those that every object has to have, if only empty. */
const NEVER_ABSENT = new Set([
  ...['00080020', '00080030', '00080050', '00080090', '00100010', '00100020', '00100030', '00100040', '00200010'],
]);

/** What a series that was made stands under among those that a scanner numbered. */
const MADE_SERIES = '9001';

const LATIN = new Set(['', 'ISO_IR 6', 'ISO_IR 100']);

/**
 * Reads the study of an image off one of its objects.
 *
 * @param instanceUids of all its objects
 * @returns undefined where the object does not say of which study it is
 */
export function studyOf(bytes: Uint8Array, name: string, instanceUids: readonly string[]): DicomStudy | undefined {
  const { dataSet, attributes } = parseDicom(bytes, name);
  const { studyUid, seriesUid, sopClassUid } = attributes;
  if (studyUid === null || seriesUid === null || sopClassUid === null) return undefined;
  const isLatin = LATIN.has(dataSet.string('x00080005') ?? '');
  const shared = SHARED.flatMap((tag): RawElement[] => {
    const element = dataSet.elements[`x${tag}`];
    const { vr } = dictionaryEntry(tag)!;
    if (!element) return NEVER_ABSENT.has(tag) ? [{ tag, vr, value: Buffer.alloc(0) }] : [];
    return [{ tag, vr, value: textOf(dataSet, tag, isLatin) }];
  });
  return { studyUid, shared, source: { seriesUid, sopClassUid, instanceUids } };
}

/**
 * An object that was made from an image, in the study of that image: with the study's own elements, a reference to the image, and UIDs that
 * are of this study, since under its own it may lie elsewhere in a study of its own.
 *
 * @param bytes in explicit little endian, without compression, as everything that is made here
 * @throws UserError FILE_REFUSED for a damaged file
 */
export function enterStudy(bytes: Uint8Array, name: string, { studyUid, shared, source }: DicomStudy): Uint8Array {
  const { dataSet } = parseDicom(bytes, name);
  const own = (tag: string) => (dataSet.string(`x${tag}`) ?? '').replace(/\0/g, '').trim();
  const uidFor = (tag: string) => uidValue(dicomUid('osteograph', 'in a study', studyUid, own(tag)));
  const instanceUid = uidFor('00080018');
  const set: RawElement[] = [
    ...shared,
    { tag: '00020003', vr: 'UI', value: instanceUid },
    { tag: '00080018', vr: 'UI', value: instanceUid },
    { tag: '0020000e', vr: 'UI', value: uidFor('0020000e') },
    { tag: '00200011', vr: 'IS', value: Buffer.from(MADE_SERIES) },
    { tag: '00081115', vr: 'SQ', value: [referenceTo(source)] },
    // In a list of series nobody may take it for one of the scanner's.
    ...(own('0008103e') === '' ? [{ tag: '0008103e', vr: 'LO', value: Buffer.from('SYNTHETIC') }] : []),
  ];
  const replaced = new Set([...SHARED, ...set.map(({ tag }) => tag), '00020000']);
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
function referenceTo({ seriesUid, sopClassUid, instanceUids }: DicomStudy['source']): RawElement[] {
  const instances = instanceUids.map((uid): RawElement[] => [
    { tag: '00081150', vr: 'UI', value: uidValue(sopClassUid) },
    { tag: '00081155', vr: 'UI', value: uidValue(uid) },
  ]);
  return [
    { tag: '0008114a', vr: 'SQ', value: instances },
    { tag: '0020000e', vr: 'UI', value: uidValue(seriesUid) },
  ];
}

/** What our objects are written in is Latin; of another script only what is ASCII can be taken over. */
function textOf(dataSet: DataSet, tag: string, isLatin: boolean): Uint8Array {
  const value = rawValue(dataSet, dataSet.elements[`x${tag}`]!);
  return isLatin ? value : value.map((byte) => (byte > 0x7e ? 0x3f : byte));
}

function uidValue(uid: string): Buffer {
  return Buffer.from(uid, 'latin1');
}
