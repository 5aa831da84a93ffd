import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import type { StoredColumn } from '../../oai/index.js';
import type { Levels } from './stored-levels.js';
import type { Keeps } from './upserts/index.js';

/** A row of a table with cells that the store keeps. */
export interface StoredRow {
  readonly line: number;
  readonly oaiId: string;
  readonly visit: VisitCode;
  readonly version: string | null;
  readonly side: Side | null;
  readonly reading: string;
}

/** A column with its variable, and its cells of some rows. */
export interface BatchColumn {
  readonly column: StoredColumn;
  readonly levels: Levels;
  /** Of each row, the number of the level that its cell is; 0 for a blank. */
  readonly codes: Int32Array;
}

/** Rows that are written together. */
export interface StoredBatch {
  readonly rows: readonly StoredRow[];
  readonly columns: readonly BatchColumn[];
  /** Of whom the rows have values, by line. */
  readonly keeps: ReadonlyMap<number, Keeps>;
}

/** Rows of a batch that have a value in some of the columns. */
export function spoken(
  { rows, columns }: Pick<StoredBatch, 'rows' | 'columns'>,
  of: (column: StoredColumn) => boolean,
): Uint8Array {
  const saying = new Uint8Array(rows.length);
  for (const { column, levels, codes } of columns) {
    if (!of(column)) continue;
    for (let index = 0; index < rows.length; index++) {
      if (saying[index] === 0 && codes[index] !== 0 && !levels.isMissing(codes[index]!)) saying[index] = 1;
    }
  }
  return saying;
}
