import type { Statement } from '../../oai/index.js';

/** Where a statement comes from, as far as precedence asks. */
export interface Standing {
  /** Version of the released table; null where none is known, which any version is higher than. */
  readonly version: string | null;
  /** The table, whatever form its file has, e.g. "allclinical00"; null where none is known. */
  readonly table: string | null;
}

/**
 * What becomes of a statement that meets what is stored: it is `taken`, it says the `same`, it `confirms` the same in a higher version,
 * what is stored is `kept` because it takes precedence, or the statement is `blank` where something is stored.
 */
export type Verdict = 'taken' | 'same' | 'confirms' | 'kept' | 'blank';

const BLANK = 0;
const PLAIN_MISSING = 1;
const CODE = 2;
const VALUE = 3;

/**
 * The rule of precedence:
 *
 * 1. A blank erases nothing, and neither does a plain `.`; the latter fills a blank.
 * 2. A value, and a code such as `.P`, fill a blank or a plain `.`, whatever the versions.
 * 3. Of two values or codes the one of the higher version counts.
 * 4. At equal versions the later import counts; but a code of another table does not erase a value.
 */
export function judge(stored: Statement & Standing, given: Statement & Standing): Verdict {
  const [before, now] = [weight(stored), weight(given)];
  const order = compareVersions(given.version, stored.version);
  if (stored.missing === given.missing && sameValue(stored.value, given.value)) {
    return order > 0 && now > BLANK ? 'confirms' : 'same';
  }
  if (now <= PLAIN_MISSING) return now > before ? 'taken' : 'blank';
  if (before <= PLAIN_MISSING) return 'taken';
  if (order !== 0) return order > 0 ? 'taken' : 'kept';
  return now === CODE && before === VALUE && given.table !== stored.table ? 'kept' : 'taken';
}

/** Negative, zero or positive as `a` is lower than, equal to or higher than `b`: "0.9" < "0.10" < "25"; none is the lowest. */
export function compareVersions(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  const [first, second] = [parts(a), parts(b)];
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const difference = (first[index] ?? 0) - (second[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parts(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}

function weight({ value, missing }: Statement): number {
  if (value !== null) return VALUE;
  if (missing === null) return BLANK;
  return missing === '.' ? PLAIN_MISSING : CODE;
}

/** Real columns hold the float4 nearest to what was written. */
function sameValue(a: Statement['value'], b: Statement['value']): boolean {
  return typeof a === 'number' && typeof b === 'number' ? Math.fround(a) === Math.fround(b) : a === b;
}
