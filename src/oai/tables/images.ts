import { cellInReason } from '../cells-in-reasons.js';
import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import { isFilmBarcode, parseBarcode, parseDate, parseText, refuseRow } from '../values.js';
import type { Columns } from './columns.js';
import {
  cell,
  fieldOf,
  parseImageSide,
  participantReader,
  PassedOver,
  prefixed,
  readStatements,
  type RowReader,
  textIn,
  versionReader,
  visitReader,
  wasTaken,
} from './reader.js';
import type { FilmRecord, SeriesRecord } from './records.js';

/** XRayXX: one row per film. Films of other joints, and those that were not taken, are passed over. */
export function filmReader(columns: Columns, visit: VisitCode | null): RowReader<FilmRecord> {
  const participant = participantReader(columns);
  const visitOf = visitReader(columns, visit);
  const barcode = columns.key('the film', ...prefixed(visit, 'XRBARCD', 'BARCODE'));
  const view = columns.key('the exam type', ...prefixed(visit, 'EXAMTP', 'EXAMTYPE'));
  const date = columns.find(...prefixed(visit, 'XRDATE', 'INTERVIEW_DATE'));
  const completed = columns.find(...prefixed(visit, 'XRCOMP', 'COMPLETED'));
  const version = versionReader(columns);
  const fields = [...fieldOf('view', [view], parseText), ...fieldOf('date', [date], parseDate)];
  return {
    key: (record) => record.barcode,
    read(cells, refuseCell) {
      const oaiId = participant(cells);
      const name = textIn(cells, view);
      const of = { oaiId, visit: visitOf(cells), version: version(cells) };
      if (!wasTaken(cells, completed)) return new PassedOver('films that were not taken', of);
      if (name === null) return new PassedOver(`rows without ${view.name}`);
      if (!isKneeFilm(name)) return new PassedOver('films of other joints', of);
      const code = parseBarcode(cell(cells, barcode), barcode.name);
      if (code === null) return new PassedOver(`films without ${barcode.name}`, of);
      if (!isFilmBarcode(code))
        refuseRow(`${barcode.name} ${cellInReason(code)} is not a radiograph's, which start with 01660`);
      return {
        ...of,
        barcode: code,
        side: filmSide(name),
        said: readStatements(cells, fields, refuseCell),
      };
    },
  };
}

/** MRIXX: one row per series and knee; planned series that were not made are passed over, and so are those of the thigh. */
export function seriesReader(columns: Columns, visit: VisitCode | null): RowReader<SeriesRecord> {
  const participant = participantReader(columns);
  const visitOf = visitReader(columns, visit);
  const barcode = columns.key('the series', ...prefixed(visit, 'MRBARCD', 'BARCODE'));
  const type = columns.key('the exam type', ...prefixed(visit, 'MEXAMTP', 'EXAMTYPE'));
  const side = columns.find(...prefixed(visit, 'MRSIDE', 'SIDE'));
  const date = columns.find(...prefixed(visit, 'MRDATE', 'INTERVIEW_DATE'));
  const completed = columns.find(...prefixed(visit, 'MRCOMP', 'COMPLETED'));
  const version = versionReader(columns);
  const fields = fieldOf('date', [date], parseDate);
  return {
    key: (record) => record.barcode,
    read(cells, refuseCell) {
      const oaiId = participant(cells);
      const name = textIn(cells, type);
      const of = { oaiId, visit: visitOf(cells), version: version(cells) };
      if (!wasTaken(cells, completed)) return new PassedOver('series that were not made', of);
      if (name === null) return new PassedOver(`rows without ${type.name}`);
      if (!isKneeSeries(name)) return new PassedOver('series of the thigh, localisers and prescriptions');
      const code = parseBarcode(cell(cells, barcode), barcode.name);
      if (code === null) return new PassedOver(`series without ${barcode.name}`, of);
      if (isFilmBarcode(code))
        refuseRow(`${barcode.name} ${cellInReason(code)} is a radiograph's; those of MRI series start with 01661`);
      const knee = (side && parseImageSide(cell(cells, side), side.name)) ?? sideInWords(name);
      if (knee === null)
        refuseRow(`neither ${side?.name ?? 'the row'} nor "${name && cellInReason(name)}" says which knee`);
      const { sequence, plane } = describeSequence(name, knee);
      return {
        ...of,
        barcode: code,
        side: knee,
        said: {
          sequence: { value: sequence, missing: null },
          plane: { value: plane, missing: null },
          ...readStatements(cells, fields, refuseCell),
        },
      };
    },
  };
}

/** True for films that show a knee and nothing else: "Bilateral PA Fixed Flexion Knee", "Lateral Left Knee". */
export function isKneeFilm(view: string): boolean {
  return /knee/i.test(view) && !/limb|pelvis|hand/i.test(view);
}

/** The knee of a film's name; null for a bilateral one. */
export function filmSide(view: string): Side | null {
  return /bilateral/i.test(view) ? null : sideInWords(view);
}

/** False for series of the thigh and for the localisers and prescriptions that only planned the others. */
export function isKneeSeries(sequence: string): boolean {
  return !/thigh|prescri|locator|localizer/i.test(sequence);
}

/** The knee that a description names: "R COR T1 3D FLASH WE", "COR_T1_3D_FLASH_LEFT", "OAI^MR^12 MONTH^LEFT". */
export function sideInWords(description: string): Side | null {
  const words = description.toUpperCase().split(/[^A-Z0-9]+/);
  const right = words.includes('RIGHT') || words[0] === 'R';
  const left = words.includes('LEFT') || words[0] === 'L';
  return right === left ? null : right ? 'RIGHT' : 'LEFT';
}

const PLANES = { COR: 'CORONAL', SAG: 'SAGITTAL', AX: 'AXIAL' } as const;

/** Exam types of the tables whose names differ from the images' series descriptions, without side. */
const SEQUENCES: Readonly<Record<string, string>> = {
  COR_T1_3D_FLASH_WE: 'COR_T1_3D_FLASH',
  SAG_3D_DESS_WE: 'SAG_3D_DESS',
  SAG_IW_TSE_FS: 'SAG_IW_TSE',
  AXIAL_MPR: 'AX_MPR',
};

/** A series' description as the images have it: "R COR T1 3D FLASH WE" is COR_T1_3D_FLASH_RIGHT, coronal. */
export function describeSequence(
  name: string,
  side: Side,
): { sequence: string; plane: 'CORONAL' | 'SAGITTAL' | 'AXIAL' | null } {
  const words = name.toUpperCase().split(/[^A-Z0-9]+/);
  const sideless = words.filter(
    (word, index) => word !== '' && word !== 'RIGHT' && word !== 'LEFT' && !(index === 0 && /^[RL]$/.test(word)),
  );
  const joined = sideless.join('_');
  const sequence = SEQUENCES[joined] ?? joined;
  const plane = Object.entries(PLANES).find(([start]) => sequence.startsWith(start));
  return { sequence: `${sequence}_${side}`, plane: plane?.[1] ?? null };
}
