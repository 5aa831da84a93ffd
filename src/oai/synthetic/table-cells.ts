import { MISSING_CODES } from '../../domain/missing.js';

/** An empty numeric cell without a format is a single blank. */
export const BLANK = ' ';
export const MISSING_FORM = '.: Missing Form/Incomplete Workbook';
/** First columns of most tables. */
export const KEY = ['ID', 'VERSION'] as const;

/** mm/dd/yyyy */
export function slashed(date: Date): string {
  const [year, month, day] = date.toISOString().slice(0, 10).split('-');
  return `${month}/${day}/${year}`;
}

/** A cell that says why there is no value, labelled as in the ASCII download. */
export function missing(code: string): string {
  return code === '.' ? MISSING_FORM : `${code}: ${MISSING_CODES[code] ?? 'Missing'}`;
}
