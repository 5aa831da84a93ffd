import { basename } from 'node:path';
import type { Side } from '../../domain/participants.js';
import { kneeColumn, splitVisit, type VariableTable } from '../../domain/variables/index.js';
import type { VisitCode } from '../../domain/visits.js';
import { isOfAllVisits } from './assessments.js';
import type { Columns } from './columns.js';
import { describeSequence, sideInWords } from './images.js';
import type { TableKind } from './kinds.js';
import { cell, parseImageSide, prefixed, textIn } from './reader.js';

/** A column that no field takes: the store keeps it. */
export interface StoredColumn {
  /** As the table has it, in capitals. */
  readonly column: string;
  readonly index: number;
  /** Without the visit's prefix and the knee's letter. */
  readonly name: string;
  readonly label: string | null;
  readonly owner: VariableTable;
  /** Whether it holds barcodes, which programs write as numbers: without their leading zero. */
  readonly isBarcode: boolean;
  /** The knee that the column's name tells of; null where the row does, or nobody. */
  readonly side: Side | null;
}

/** Whose values a row holds. */
export interface StoredPlace {
  readonly side: Side | null;
  /** Tells several rows of one owner apart: a reading project, the exam type of an image. */
  readonly reading: string;
}

/** How the columns of a table that no field takes are read. */
export interface StoredReader {
  /** The table without the visit's number, e.g. "allclinical". */
  readonly table: string;
  readonly columns: readonly StoredColumn[];
  /** Null where the row does not say whose values it holds. */
  place(cells: readonly string[]): StoredPlace | null;
}

/** To be made after the reader of the table's rows: what that one asks for is not stored. */
export function storedReader(kind: TableKind, columns: Columns, visit: VisitCode | null): StoredReader {
  const { owner, place } = PLACES[kind](columns, visit);
  const rest = columns.rest();
  const bare = (name: string): string => {
    const split = splitVisit(name);
    // Enrollees and summaries tell of all visits at once: there the prefix belongs to the name.
    return owner !== 'participant' && split.visit !== null && split.visit === visit ? split.rest : name;
  };
  const labels = new Map(rest.map(({ name, label }) => [bare(name), label]));
  const names: ReadonlySet<string> = new Set(labels.keys());
  const stored = rest.map(({ name: column, index, label }): StoredColumn => {
    const sided = owner === 'visit' && kind === 'clinical';
    const { name, side } = sided
      ? kneeColumn(bare(column), names, (twin) => labels.get(twin) ?? null)
      : { name: bare(column), side: null };
    const isBarcode = name.includes('BARCD');
    return { column, index, name, label, isBarcode, side, owner: side === null ? owner : 'knee_exam' };
  });
  return { table: tableOf(columns.file), columns: stored, place };
}

interface Placing {
  owner: VariableTable;
  place: StoredReader['place'];
}

const WHOLE: StoredPlace = { side: null, reading: '' };

const PLACES: Readonly<Record<TableKind, (columns: Columns, visit: VisitCode | null) => Placing>> = {
  enrollees: () => ({ owner: 'participant', place: () => WHOLE }),
  outcomes: () => ({ owner: 'participant', place: () => WHOLE }),
  clinical: () => ({ owner: 'visit', place: () => WHOLE }),
  readings: assessments,
  assessments,
  films: (columns, visit) => {
    const view = columns.find(...prefixed(visit, 'EXAMTP', 'EXAMTYPE'));
    return { owner: 'visit', place: (cells) => named(textIn(cells, view)) };
  },
  series: (columns, visit) => {
    const type = columns.find(...prefixed(visit, 'MEXAMTP', 'EXAMTYPE'));
    const sides = columns.find(...prefixed(visit, 'MRSIDE', 'SIDE'));
    return {
      owner: 'knee_exam',
      place: (cells) => {
        const name = textIn(cells, type);
        const side = (sides && parseImageSide(cell(cells, sides), sides.name)) ?? (name && sideInWords(name));
        // A series of the thigh, or one that shows no knee, belongs to no knee exam.
        if (!name || !side || /thigh|prescri/i.test(name)) return null;
        return { side, reading: describeSequence(name, side).sequence.replace(/_(?:RIGHT|LEFT)$/, '') };
      },
    };
  },
};

function named(reading: string | null): StoredPlace | null {
  return reading === null ? null : { side: null, reading };
}

function assessments(columns: Columns, visit: VisitCode | null): Placing {
  const side = columns.find(...prefixed(visit, 'SIDE').reverse());
  const project = columns.find(...prefixed(visit, 'READPRJ').reverse());
  const readProject = (cells: readonly string[]) =>
    textIn(cells, project)
      ?.replace(/:.*$|\.0+$/, '')
      .trim() ?? '';
  const owner = isOfAllVisits(columns, visit) ? 'participant' : 'visit';
  if (side === null) return { owner, place: (cells) => ({ side: null, reading: readProject(cells) }) };
  const sideOf = (cells: readonly string[]) => parseImageSide(cell(cells, side), side.name);
  // The side of a hand or a hip is none of a knee.
  if (!/^(?:k|fl)/i.test(basename(columns.file))) {
    return {
      owner,
      place: (cells) => ({ side: null, reading: [readProject(cells), sideOf(cells)].filter(Boolean).join(' ') }),
    };
  }
  return {
    owner: 'knee_exam',
    place: (cells) => ({ side: sideOf(cells), reading: readProject(cells) }),
  };
}

/** A released table of a file, without the visit's number: "allclinical" of AllClinical00.txt. */
export function tableOf(file: string): string {
  return basename(file)
    .toLowerCase()
    .replace(/\.[^.]+$/, '')
    .replace(/_?\d\d$/, '');
}
