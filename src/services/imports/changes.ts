/**
 * What an import does to a value: it comes with a new row, fills one that was blank, or replaces another one; or a newer file has its row no
 * more.
 */
export const CHANGE_KINDS = ['added', 'filled', 'replaced', 'dropped'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** How many values of one column change, codes of missing values included. */
export interface ColumnChange extends Record<ChangeKind, number> {
  table: string;
  column: string;
}

/** Counts the values that change, by table and column. */
export class Changes {
  readonly #counts = new Map<string, ColumnChange>();

  note(table: string, column: string, kind: ChangeKind, values = 1): void {
    const key = `${table}.${column}`;
    const counts = this.#counts.get(key) ?? { table, column, added: 0, filled: 0, replaced: 0, dropped: 0 };
    counts[kind] += values;
    this.#counts.set(key, counts);
  }

  /** In the order in which the columns were met. */
  list(): ColumnChange[] {
    return [...this.#counts.values()];
  }
}
