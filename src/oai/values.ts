import { cellInReason } from './cells-in-reasons.js';
import { UserError } from '../domain/errors.js';
import { MISSING_CODES } from '../domain/missing.js';

/** A table cell: the value, else OAI's code for why there is none; a blank cell has neither. */
export interface Cell {
  readonly value: string | null;
  /** A key of MISSING_CODES, e.g. ".P". */
  readonly missing: string | null;
}

const BLANK: Cell = { value: null, missing: null };
const SPECIAL_MISSING = /^\.([A-Z])?$/i;

/** What R, pandas, Excel and databases write where there is nothing. */
const NOTHING = /^(?:NA|N\/A|#N\/A|NaN|<NA>|NaT|NULL|None)$/i;
const LABELLED = /^([^:]{0,12}?)\s*:(?:\s|$)/;

/**
 * Reads a cell of any release: `1: Male` and `1` give "1"; blank, one space, ` : label`, and `NA` or `NaN` as R and pandas write
 * them give a blank; `.`, `.P` and `.P: Prosthetic` give the missing code.
 */
export function parseCell(text: string): Cell {
  const code = (LABELLED.exec(text)?.[1] ?? text).trim();
  if (code === '' || NOTHING.test(code)) return BLANK;
  const special = SPECIAL_MISSING.exec(code);
  if (special) return { value: null, missing: special[1] ? `.${special[1].toUpperCase()}` : '.' };
  return { value: code, missing: null };
}

/** As {@link parseCell}, for cells that hold numbers: there a lone letter is a missing code too, as SAS exports write `.P`. */
export function parseNumericCell(text: string): Cell {
  if (text.length === 1 && text >= '0' && text <= '9') return { value: text, missing: null };
  const cell = parseCell(text);
  const letter = cell.value !== null && /^[A-Z]$/i.test(cell.value) ? `.${cell.value.toUpperCase()}` : null;
  return letter !== null && letter in MISSING_CODES ? { value: null, missing: letter } : cell;
}

/** Legal values of a numeric column, both ends included. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The number in a cell, null where it is missing.
 * @throws UserError FILE_REFUSED naming the column, for anything but a number within the range
 */
export function parseNumber(text: string, column: string, { min, max }: NumberRange): number | null {
  const { value } = parseNumericCell(text);
  if (value === null) return null;
  const number = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  return refuseRow(`${column} is "${cellInReason(value)}"; a number from ${min} to ${max} is accepted`);
}

/**
 * The meaning of a coded cell, null where it is missing.
 * @throws UserError FILE_REFUSED naming the column, for a code that the meanings lack
 */
export function parseCode<T>(text: string, column: string, meanings: Readonly<Record<string, T>>): T | null {
  const { value } = parseCell(text);
  if (value === null) return null;
  const code = value.toUpperCase().replace(/^0+(?=\d)|\.0*$/g, '');
  if (Object.hasOwn(meanings, code)) return meanings[code]!;
  if (parseNumericCell(text).value === null) return null;
  return refuseRow(`${column} is "${cellInReason(value)}"; accepted are ${Object.keys(meanings).join(', ')}`);
}

/** A cell of a column that is kept as it is: what it says, and as what. */
export interface StoredCell {
  /** The value: a number in its shortest form, a day as yyyy-mm-dd, words as they are; or the code of why there is none. */
  readonly text: string;
  readonly number: number | null;
  /** What the table says that a coded value means: "Male" in `1: Male`. */
  readonly label: string | null;
  /** A key of MISSING_CODES, e.g. ".P"; null for a value. */
  readonly missing: string | null;
}

/** Longest text that is kept of a cell. */
const MAX_TEXT = 500;

/**
 * Reads a cell of a column that no field of ours takes; null for a blank. A lone letter is a value here: whether it stands for `.A` only the rest
 * of its column can tell. The text that it gives reads as itself.
 */
export function parseStoredCell(raw: string): StoredCell | null {
  const text = raw.replace(/\p{Cc}+/gu, ' ').trim();
  const { value, missing } = parseCell(text);
  if (missing !== null) return { text: missing, number: null, label: null, missing };
  if (value === null) return null;
  const number = plainNumber(value);
  if (number !== null) {
    const label = LABELLED.test(text) ? text.slice(text.indexOf(':') + 1).trim() : '';
    return {
      text: String(number),
      number,
      label: label === '' || label === value ? null : label.slice(0, MAX_TEXT),
      missing: null,
    };
  }
  // `Y: QCd and found to be acceptable`; a longer beginning is a sentence's own.
  const coded = /^([A-Z0-9]{1,3})\s*:\s(.+)$/s.exec(text);
  if (coded) return { text: coded[1]!, number: null, label: coded[2]!.trim().slice(0, MAX_TEXT), missing: null };
  const date = /[/-]/.test(text) ? calendarDate(text) : null;
  return { text: date ?? text.slice(0, MAX_TEXT).trim(), number: null, label: null, missing: null };
}

/** Null for what is no number, or more than one: a barcode's leading zero says that it is text. */
function plainNumber(text: string): number | null {
  if (!/^[+-]?(?:\d{1,15}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?$/.test(text) || /^[+-]?0\d/.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** Words as they are, null where missing. Control characters, which no table of OAI has, become blanks. */
export function parseText(text: string): string | null {
  const trimmed = text.replace(/\p{Cc}+/gu, ' ').trim();
  return trimmed === '' || NOTHING.test(trimmed) || SPECIAL_MISSING.test(trimmed) || /^\.[A-Z]?:/i.test(trimmed)
    ? null
    : trimmed.slice(0, 200);
}

/**
 * A date as yyyy-mm-dd, null where missing. Tables write mm/dd/yyyy or mm/dd/yy (years below 50 are 20yy), image folders and
 * DICOM yyyymmdd, programs ISO dates, with or without a time of day.
 * @throws UserError FILE_REFUSED naming the column, for anything that is no day of the calendar
 */
export function parseDate(text: string, column: string): string | null {
  const { value } = parseNumericCell(text);
  if (value === null) return null;
  const date = calendarDate(value);
  return date ?? refuseRow(`${column} is "${cellInReason(value)}"; a date as mm/dd/yyyy is accepted`);
}

/** As {@link parseDate}, with null for what is no date. */
export function calendarDate(text: string): string | null {
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})$/.exec(text);
  const sorted = /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ][\d:.,]{4,18}(?:Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  const [year, month, day] = slashed ? [slashed[3]!, slashed[1]!, slashed[2]!] : sorted ? sorted.slice(1) : [];
  if (!year || !month || !day) return null;
  const fullYear = year.length === 4 ? year : `${Number(year) < 50 ? 20 : 19}${year}`;
  const iso = `${fullYear}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const parsed = new Date(`${iso}T00:00:00Z`);
  // JavaScript takes 31 February for a day of March; written back it is another.
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(iso) ? iso : null;
}

/**
 * An image's barcode as twelve digits: releases also give it without its leading zero, as its last eight digits, or with
 * the leading zeros of those lost, and pandas as a float ("16600000001.0"). Null for anything else: a number with an exponent may have
 * lost digits.
 */
export function normaliseBarcode(text: string): string | null {
  const digits = text.trim().replace(/\.0*$/, '');
  if (!/^\d+$/.test(digits)) return null;
  if (digits.length <= 8) return `${OAI_BARCODE}${digits.padStart(8, '0')}`;
  const padded = digits.padStart(12, '0');
  return padded.length === 12 && padded.startsWith(OAI_BARCODE) ? padded : null;
}

const OAI_BARCODE = '0166';

/** True for a radiograph's barcode: 0166 0xxxxxxx. MRI series have 0166 1xxxxxxx. */
export function isFilmBarcode(barcode: string): boolean {
  return barcode.startsWith(`${OAI_BARCODE}0`);
}

/**
 * The barcode in a cell, null where it is missing.
 * @throws UserError FILE_REFUSED naming the column, for anything that is no barcode
 */
export function parseBarcode(text: string, column: string): string | null {
  const { value } = parseNumericCell(text);
  if (value === null) return null;
  return (
    normaliseBarcode(value) ??
    refuseRow(`${column} is "${cellInReason(value)}"; a barcode such as 016600000001 is accepted`)
  );
}

/** Refuses one row of a table; the importer adds where it is. `why` has no full stop. */
export function refuseRow(why: string): never {
  throw new UserError('FILE_REFUSED', `${why}.`);
}
