import type { RowOutcome } from './merge.js';

/** What became of the cells of a row so far, as bits of one number. */
export const BECAME = {
  /** A cell was stored. */
  taken: 1,
  /** What is stored stands above a cell. */
  kept: 2,
  /** A blank cell left what is stored. */
  blank: 4,
  /** Something was stored before. */
  there: 8,
  /** A cell says something where something is stored. */
  compared: 16,
  /** A cell of a row that a newer file had no more is stored again. */
  returned: 32,
} as const;

/** What became of a row, of the bits of its cells. */
export function outcomeOf(flags: number): RowOutcome {
  if (flags & BECAME.taken) return flags & BECAME.there ? 'updated' : 'inserted';
  if (flags & BECAME.kept) return 'kept';
  if (flags & BECAME.blank) return 'blank';
  return flags & BECAME.compared ? 'unchanged' : 'silent';
}
