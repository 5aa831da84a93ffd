import { cellInReason } from '../cells-in-reasons.js';
import { isOaiId, type Side } from '../../domain/participants.js';
import { isVisitCode, VISITS, type VisitCode } from '../../domain/visits.js';
import { UserError } from '../../domain/errors.js';
import { parseCode, parseNumericCell, parseText, refuseRow } from '../values.js';
import type { Column, Columns } from './columns.js';
import type { Statement, Statements } from './records.js';

/** How rows of one kind of table are read, with the columns of one table found. */
export interface RowReader<T> {
  /**
   * Reads a row, or says why it tells of nothing that the platform keeps, such as a series that was not made. A cell that cannot be
   * used is handed to `refuseCell` as one sentence without place, and the rest of the row is read.
   * @throws UserError FILE_REFUSED, one sentence without place, when the row as a whole cannot be used
   */
  read(cells: readonly string[], refuseCell: (reason: string) => void): T | PassedOver;
  /** What no other row of the table may share, e.g. "9000001 V00 RIGHT 15". */
  key(record: T): string;
}

/** A row that is not kept, and why: a few words that many rows share. */
export class PassedOver {
  /** @param of whose row it is, where other columns of it may be kept */
  constructor(
    readonly why: string,
    readonly of: { oaiId: string; visit: VisitCode; version: string | null } | null = null,
  ) {}
}

/** A field that a table fills, the columns that may say it (the first that does counts), and how their cells are read. */
export interface FieldColumns {
  readonly field: string;
  readonly columns: readonly Column[];
  readonly parse: (text: string, column: string) => Statement['value'];
}

/** A field with the columns that the table has for it; none where it has none. */
export function fieldOf(
  field: string,
  columns: readonly (Column | null)[],
  parse: FieldColumns['parse'],
): FieldColumns[] {
  const present = columns.filter((column) => column !== null);
  return present.length > 0 ? [{ field, columns: present, parse }] : [];
}

/** What a row says of these fields. */
export function readStatements(
  cells: readonly string[],
  fields: readonly FieldColumns[],
  refuseCell: (reason: string) => void,
): Statements {
  const said: Record<string, Statement> = {};
  for (const { field, columns, parse } of fields) {
    for (const column of columns) {
      const statement = readStatement(cell(cells, column), column, parse, refuseCell);
      if (statement === null) continue;
      const better = said[field] === undefined || (said[field].value === null && statement.value !== null);
      if (better) said[field] = statement;
      if (statement.value !== null) break;
    }
  }
  return said;
}

/** What a cell says; null when it cannot be used, which `refuseCell` is told. */
export function readStatement(
  text: string,
  column: Column,
  parse: FieldColumns['parse'],
  refuseCell: (reason: string) => void,
): Statement | null {
  try {
    const value = parse(text, column.name);
    return { value, missing: value === null ? parseNumericCell(text).missing : null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    refuseCell(error.message);
    return null;
  }
}

/** A cell of a row, blank where the row is short. */
export function cell(cells: readonly string[], column: Column): string {
  return cells[column.index] ?? '';
}

/** Reads the version of the released table, which OAI's tables give in each row: "0.8"; "25.0" is 25. */
export function versionReader(columns: Columns): (cells: readonly string[]) => string | null {
  const column = columns.find('VERSION');
  return (cells) => textIn(cells, column)?.replace(/^(\d+)\.0+$/, '$1') ?? null;
}

/**
 * Finds the participant's column, and reads it. NDA's tables have OAI's id beside a key of their own.
 *
 * @param others names that tables of no release have
 */
export function participantReader(
  columns: Columns,
  ...others: readonly string[]
): (cells: readonly string[]) => string {
  const column = columns.key('the participant', 'ID', 'SRC_SUBJECT_ID', 'SUBJECTKEY', 'PARTICIPANTID', ...others);
  return (cells) => {
    const id = cell(cells, column).trim().replace(/\.0+$/, '');
    return isOaiId(id) ? id : refuseRow(`${column.name} is "${cellInReason(id)}"; a participant's id has seven digits`);
  };
}

/** The visit that the table's name gives, else the one in each row's VISIT column. */
export function visitReader(columns: Columns, visit: VisitCode | null): (cells: readonly string[]) => VisitCode {
  if (visit) return () => visit;
  const column = columns.key('the visit', 'VISIT');
  return (cells) => {
    const code = cell(cells, column).trim().toUpperCase();
    return isVisitCode(code)
      ? code
      : refuseRow(
          `${column.name} is "${cellInReason(code)}"; a visit is one of ${VISITS.map((known) => known.code).join(', ')}`,
        );
  };
}

/** A column's name with each visit prefix that a table of that visit may carry, and bare, as NDA's tables have it. */
export function prefixed(visit: VisitCode | null, ...names: readonly string[]): string[] {
  const prefixes = visit === null ? [''] : [visit, ''];
  return names.flatMap((name) => prefixes.map((prefix) => `${prefix}${name}`));
}

const ONE_SIDE = { 1: 'RIGHT', 2: 'LEFT', R: 'RIGHT', L: 'LEFT', RIGHT: 'RIGHT', LEFT: 'LEFT' } as const;

/** OAI's SIDE: 1 right, 2 left. */
export function parseSide(text: string, column: string): Side {
  return (
    parseCode<Side>(text, column, ONE_SIDE) ?? refuseRow(`${column} is missing; 1 (right) or 2 (left) is accepted`)
  );
}

const SIDES_OF_IMAGES = { ...ONE_SIDE, 3: 'BOTH', BOTH: 'BOTH', BILATERAL: 'BOTH' } as const;

/** The side of an image: null for both knees or when it does not say. */
export function parseImageSide(text: string, column: string): Side | null {
  const side = parseCode<Side | 'BOTH'>(text, column, SIDES_OF_IMAGES);
  return side === 'BOTH' ? null : side;
}

/** The knees that a row is about: null for both, which it must say. */
export function parseKnees(text: string, column: string): Side | null {
  const side =
    parseCode<Side | 'BOTH'>(text, column, SIDES_OF_IMAGES) ??
    refuseRow(`${column} is missing; 1 (right), 2 (left) or 3 (both) is accepted`);
  return side === 'BOTH' ? null : side;
}

const COMPLETED = { 0: false, 1: true, N: false, Y: true, NO: false, YES: true } as const;

/** False when the row says that the image was not taken. */
export function wasTaken(cells: readonly string[], column: Column | null): boolean {
  return column === null || parseCode<boolean>(cell(cells, column), column.name, COMPLETED) !== false;
}

/** Words in a cell, or null when the table lacks the column. */
export function textIn(cells: readonly string[], column: Column | null): string | null {
  return column && parseText(cell(cells, column));
}
