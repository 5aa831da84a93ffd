/** What undoing does to a value: it goes with its row, becomes blank again, or gives way to the one that was there before. */
export const UNDO_KINDS = ['removed', 'emptied', 'restored'] as const;
export type UndoKind = (typeof UNDO_KINDS)[number];

/** How many values of one column change, codes of missing values included. */
export interface ColumnLoss extends Record<UndoKind, number> {
  table: string;
  column: string;
}

/** Counts the values that change, by table and column. */
export class Losses {
  readonly #counts = new Map<string, ColumnLoss>();

  note(table: string, column: string, kind: UndoKind): void {
    const key = `${table}.${column}`;
    let counts = this.#counts.get(key);
    if (!counts) this.#counts.set(key, (counts = { table, column, removed: 0, emptied: 0, restored: 0 }));
    counts[kind]++;
  }

  /** In the order in which the columns were met. */
  list(): ColumnLoss[] {
    return [...this.#counts.values()];
  }
}
