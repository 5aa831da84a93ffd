import type { Side } from '../participants.js';
import { isVisitCode, type VisitCode } from '../visits.js';
import type { DerivedSource } from './derived.js';
import type { VariableTable } from './variable.js';

/** Values of a block of the store: owners whose ids differ only in the last eight bits. */
export const BLOCK = 256;

/**
 * What the values of a variable are, as far as its cells tell: numbers, numbers that stand for words, days, words; NONE where no cell has a
 * value.
 */
export const STORED_KINDS = ['NONE', 'NUMBER', 'CODE', 'DATE', 'TEXT'] as const;
export type StoredKind = (typeof STORED_KINDS)[number];

/** A variable that has no column of its own: the store keeps it (docs/decisions/0054-variables-in-blocks.md). */
export interface StoredVariable {
  readonly id: number;
  /** Name of the released column, without the visit's prefix and the knee's letter. */
  readonly name: string;
  readonly owner: VariableTable;
  readonly kind: StoredKind;
  readonly label: string | null;
  readonly unit: string | null;
  /** Tables it comes from, without the visit's number, e.g. "allclinical". */
  readonly tables: readonly string[];
  /** Reading projects, or what else tells several rows of one owner apart; `''` for tables with one row per owner. */
  readonly readings: readonly string[];
}

/** A variable as somebody named it: what it is, and which of its values are meant. */
export interface VariableRef {
  /** As it was asked for, e.g. "V00KOOSYMR". */
  readonly name: string;
  readonly owner: VariableTable;
  /** The visit that the name fixes; null: that of whatever is asked about. */
  readonly visit: VisitCode | null;
  /** The knee that the name fixes; null: that of whatever is asked about. */
  readonly side: Side | null;
  readonly label: string | null;
  readonly unit: string | null;
  readonly kind: StoredKind;
  readonly source: StoredSource | ColumnSource | DerivedSource;
}

/** Values in the store, of these readings: the first of them that says anything counts. */
export interface StoredSource {
  readonly id: number;
  readonly readings: readonly string[];
}

/** Values in a column of the owner's table. */
export interface ColumnSource {
  readonly code: string;
}

/** A released column's name taken apart: "V00KOOSYMR" is KOOSYMR at V00. P01 and P02, of the screening, belong to the name. */
export function splitVisit(name: string): { visit: VisitCode | null; rest: string } {
  const visit = name.slice(0, 3);
  return isVisitCode(visit) && name.length > 3 ? { visit, rest: name.slice(3) } : { visit: null, rest: name };
}

/** What a released column is called in the store, and the knee that its name tells of. */
export interface ColumnName {
  readonly name: string;
  readonly side: Side | null;
}

/** Columns of one knee whose last letter tells which: scores of KOOS, WOMAC and ICOAP, history, injections. */
const SIDED = /^(?:P0\d)?(?:KOOS(?:KP|YM)|WOM(?:KP|ADL|STF|TS)|ICPTSK|[CI]PSK|INJ|KSURG|(?:HYA|ST)INJ)$/;
const SIDE_OF: Readonly<Record<string, Side>> = { R: 'RIGHT', L: 'LEFT' };

/**
 * The rule of sides: a column belongs to one knee where the same table has its twin, R for L, and either the letter is the last one of a name
 * that is known to be a knee's, or it stands before KN ("WPRKN1": right knee), or the labels of both say which knee. Every other column belongs
 * to the person at the visit: in KOOSFSR the R is that of recreation.
 *
 * @param names of all columns of the table, in capitals, without the visit's prefix
 */
export function kneeColumn(
  name: string,
  names: ReadonlySet<string>,
  labelOf: (name: string) => string | null,
): ColumnName {
  const inner = /^(.*)([RL])(KN\d*)$/.exec(name);
  if (inner && names.has(`${inner[1]}${twin(inner[2]!)}${inner[3]}`)) {
    return { name: `${inner[1]}${inner[3]}`, side: SIDE_OF[inner[2]!]! };
  }
  const last = /^(.+)([RL])$/.exec(name);
  const other = last && `${last[1]}${twin(last[2]!)}`;
  if (!last || !names.has(other!)) return { name, side: null };
  const side = SIDE_OF[last[2]!]!;
  const [own, twins] = [labelOf(name), labelOf(other!)];
  const told = saysKnee(own, side) && saysKnee(twins, side === 'RIGHT' ? 'LEFT' : 'RIGHT');
  return SIDED.test(last[1]!) || told ? { name: last[1]!, side } : { name, side: null };
}

function twin(letter: string): string {
  return letter === 'R' ? 'L' : 'R';
}

function saysKnee(label: string | null, side: Side): boolean {
  return label !== null && /\bknee\b/i.test(label) && new RegExp(`\\b${side}\\b`, 'i').test(label);
}

/**
 * What a name may mean, the likeliest first: itself, without the visit's prefix, and of one knee. The caller knows which of them
 * exist.
 */
export function readingsOfName(name: string): { name: string; visit: VisitCode | null; side: Side | null }[] {
  const given = name.trim().toUpperCase();
  const { visit, rest } = splitVisit(given);
  const bare = [{ name: given, visit: null }, ...(visit === null ? [] : [{ name: rest, visit }])];
  return [
    ...bare.map((one) => ({ ...one, side: null })),
    ...bare.flatMap((one) => sidedNames(one.name).map((sided) => ({ ...one, ...sided }))),
  ];
}

function sidedNames(name: string): { name: string; side: Side }[] {
  const inner = /^(.*)([RL])(KN\d*)$/.exec(name);
  const last = /^(.+)([RL])$/.exec(name);
  return [
    ...(inner ? [{ name: `${inner[1]}${inner[3]}`, side: SIDE_OF[inner[2]!]! }] : []),
    ...(last ? [{ name: last[1]!, side: SIDE_OF[last[2]!]! }] : []),
  ];
}
