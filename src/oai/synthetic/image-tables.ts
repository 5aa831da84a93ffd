import { sideLetter } from '../../domain/participants.js';
import type { FeatureCode } from '../../domain/features.js';
import type { VisitCode } from '../../domain/visits.js';
import { BOTH_SIDES, type Person, type PersonVisit } from './people.js';
import { readingsAt } from './readings.js';
import { BLANK, KEY, missing, slashed } from './table-cells.js';

/** Columns and rows of the tables about images: readings (kxr_sq_bu), films (XRay) and series (MRI). */

export function readingsHeader(visit: VisitCode): string[] {
  return ['ID', 'SIDE', 'READPRJ', 'VERSION', `${visit}BARCDBU`, ...READING_FEATURES.map((code) => visit + code)];
}

export function readingRows(seed: number, person: Person, at: PersonVisit): string[][] {
  return readingsAt(seed, person, at).map((reading) => [
    person.id,
    reading.side === 'RIGHT' ? '1: Right' : '2: Left',
    reading.project,
    '0.8',
    at.filmBarcode,
    ...READING_FEATURES.map((code) => {
      const value = reading.values[code];
      if (typeof value === 'string') return missing(value);
      const text = String(Math.round(value * 10) / 10);
      return code === 'XRJSM' || code === 'XRJSL' ? `${text}: ${text}` : text;
    }),
  ]);
}

export function filmsHeader(visit: VisitCode): string[] {
  return [...KEY, ...XRAY_COLUMNS.map((name) => visit + name)];
}

export function filmRow(person: Person, at: PersonVisit): string[] {
  const checked = (person.index + Number(at.visit.slice(1))) % 5 === 0;
  const quality = checked ? 'Y: QCd and found to be acceptable' : ' : Not QCd or meets QC standard';
  return [
    person.id,
    '25',
    ...[quality, quality, quality, quality],
    'Bilateral PA Fixed Flexion Knee',
    ...[quality, quality, quality],
    at.filmBarcode,
    '1: Yes',
    slashed(at.date),
    '3: Both',
  ];
}

export function seriesHeader(visit: VisitCode): string[] {
  return [...KEY, ...MRI_COLUMNS.map((name) => visit + name)];
}

/** One row per knee; a series that was not made has a row without barcode. */
export function seriesRows(person: Person, at: PersonVisit): string[][] {
  return BOTH_SIDES.map((side) => {
    const made = at.grades[side] !== null;
    const letter = sideLetter(side);
    return [
      person.id,
      '25',
      `${letter} COR T1 3D FLASH WE`,
      made ? BLANK : '4: Knee replacement',
      made ? at.mriBarcodes[side] : BLANK,
      made ? '1: Yes' : '0: No',
      made ? slashed(at.date) : BLANK,
      side === 'RIGHT' ? '1: Right' : '2: Left',
      BLANK,
      made ? `T${person.site}0${1 + (person.index % 4)}` : BLANK,
      made ? 'Y' : 'NR',
      '0: No',
    ];
  });
}

/** Features in the order of the real table. */
const READING_FEATURES: readonly FeatureCode[] = [
  ...(['XROSFM', 'XRSCFM', 'XRCYFM', 'XRJSM', 'XRCHM', 'XROSTM', 'XRSCTM', 'XRCYTM', 'XRATTM', 'XRKL'] as const),
  ...(['XROSFL', 'XRSCFL', 'XRCYFL', 'XRJSL', 'XRCHL', 'XROSTL', 'XRSCTL', 'XRCYTL', 'XRATTL'] as const),
];

const XRAY_COLUMNS = [
  'ACCEPT',
  'ALIGN',
  'CENTER',
  'DEPICT',
  'EXAMTP',
  'EXPOSE',
  'MOTION',
  'POSITN',
  'XRBARCD',
  'XRCOMP',
  'XRDATE',
  'XRSIDE',
];

const MRI_COLUMNS = [
  'MEXAMTP',
  'MNDREAS',
  'MRBARCD',
  'MRCOMP',
  'MRDATE',
  'MRSIDE',
  'MRSURDY',
  'MRTECID',
  'QCRESLT',
  'SCNUPGR',
];
