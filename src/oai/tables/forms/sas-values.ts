import { refuseFile } from '../../../imaging/refuse.js';

/** A column of a SAS table. */
export interface SasColumn {
  readonly name: string;
  readonly numeric: boolean;
  /** Where a row holds its value, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** SAS's format without width, in capitals, e.g. "MMDDYY"; empty where it has none. */
  readonly format: string;
  /** What the column is called in words; empty where it has none. */
  readonly label: string;
}

/** Days and seconds since 1960-01-01, which SAS counts from. */
const SAS_EPOCH = Date.UTC(1960, 0, 1);
const DAY_MS = 86_400_000;

const DATES = /^(?:(?:DATE|MMDDYY|DDMMYY|YYMMDD)[A-Z]?|E8601DA|B8601DA|WEEKDAT[EX]|WORDDAT[EX]|JULIAN)$/;
const DATE_TIMES = /^(?:DATETIME|DTDATE|E8601DT|B8601DT|MDYAMPM)$/;

/**
 * A number as the ASCII form of a release has it: the shortest decimal that is the same number; a date or a time of day as ISO 8601 where the
 * column's format says that it is one.
 */
export function sasNumber(value: number, format: string): string {
  if (DATES.test(format)) return isoTime(value * DAY_MS)?.slice(0, 10) ?? String(value);
  if (DATE_TIMES.test(format)) return isoTime(value * 1000)?.slice(0, 19) ?? String(value);
  return String(value);
}

/** The code of a missing value: "." or, with a tag of `A` to `Z`, ".A" to ".Z". SAS's `._` is a "." without meaning of its own. */
export function missingCode(tag: number): string {
  const letter = String.fromCharCode(tag);
  return /^[A-Z]$/.test(letter) ? `.${letter}` : '.';
}

/** The name of a format without its width: "MMDDYY10." and "MMDDYY" are the same. */
export function formatName(format: string): string {
  return format
    .trim()
    .toUpperCase()
    .replace(/\d*\.?\d*$/, '');
}

/** A row of SAS lies on one page, the largest of which has 16 MiB. */
const MAX_ROW_BYTES = 1 << 24;

/**
 * Checks that rows have a possible length and that every column lies inside its row, which a damaged file does not promise.
 * @throws UserError FILE_REFUSED when not
 */
export function checkColumns(file: string, columns: readonly SasColumn[], rowLength: number): void {
  if (rowLength < 1 || rowLength > MAX_ROW_BYTES)
    refuseFile(file, `is damaged: it tells of rows of ${rowLength} bytes`);
  const outside = columns.find(
    ({ numeric, offset, length }) =>
      offset < 0 || length < 0 || offset + length > rowLength || (numeric && (length < 2 || length > 8)),
  );
  if (outside) refuseFile(file, `is damaged: its column ${outside.name} lies outside its rows`);
}

function isoTime(sinceSasEpoch: number): string | null {
  const time = new Date(SAS_EPOCH + sinceSasEpoch);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
