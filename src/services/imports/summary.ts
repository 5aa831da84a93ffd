import type { Ignored, Refusal } from '../../oai/index.js';

/** What became of one table. Each row counts once. */
export interface TableSummary {
  /** Path below the release. */
  file: string;
  rows: number;
  /** Rows that are new. */
  inserted: number;
  /** Rows of which a value was taken over. */
  updated: number;
  /** Rows that say something else than what is stored, which takes precedence: it is of a higher version. */
  kept: number;
  /** Rows that are blank where something is stored, and say nothing else that is new. It stays. */
  blank: number;
  /** Rows that say what is stored. */
  unchanged: number;
  /** Rows of what the platform does not keep, by why: series that were not made, films of other joints. */
  passedOver: Record<string, number>;
  /** Rows that cannot be used. */
  refused: number;
  /** Cells that cannot be used, of rows that are. */
  cellsRefused: number;
  /** Rows of earlier files of this table that are not in this one; they stay. */
  absent: number;
  /** True when the database is known to hold what the table says, so that it was not read again. */
  skipped: boolean;
}

/** A fault, and how many equal ones there are: reasons that differ only in the cell or the row that they quote are equal. */
export interface CountedRefusal extends Refusal {
  /** Absent for a single one. Then `row` is that of the first. */
  count?: number;
}

/** Numbers of image folders. */
export interface ImageSummary {
  folders: number;
  inserted: number;
  updated: number;
  unchanged: number;
  /** Images of what the platform does not keep: thighs, hands, knee detectors. */
  passedOver: number;
  refused: number;
  /** Rows of contents.csv whose folder is not on this disk. */
  absent: number;
}

export interface ImportSummary {
  /** Real path of what was imported. */
  path: string;
  tables: TableSummary[];
  images: ImageSummary;
  /** Files that look like tables and are not imported, and why. */
  ignored: Ignored[];
  /** The first {@link REFUSALS_KEPT} that differ. */
  refusals: CountedRefusal[];
  /** All of them. */
  refused: number;
  durationMs: number;
}

/** How many different refusals a summary lists; whoever wants all takes them one by one as they come. */
export const REFUSALS_KEPT = 1000;

export function emptySummary(path: string): ImportSummary {
  const images = { folders: 0, inserted: 0, updated: 0, unchanged: 0, passedOver: 0, refused: 0, absent: 0 };
  return { path, tables: [], images, ignored: [], refusals: [], refused: 0, durationMs: 0 };
}

/** True when the import wrote anything. */
export function changedAnything({ tables, images }: ImportSummary): boolean {
  return images.inserted + images.updated > 0 || tables.some(({ inserted, updated }) => inserted + updated > 0);
}

/** True when there was nothing that could be read: neither a table nor an image. */
export function readNothing({ tables, images }: ImportSummary): boolean {
  return tables.length === 0 && images.folders - images.refused === 0;
}

/** Collects refusals: the first of each kind with how many there were. */
export function refusalCollector(summary: ImportSummary): (refusal: Refusal) => void {
  const known = new Map<string, CountedRefusal>();
  return (refusal) => {
    summary.refused++;
    const kind = JSON.stringify([refusal.file, refusal.row !== undefined, kindOf(refusal.reason)]);
    const equal = known.get(kind);
    if (equal) equal.count = (equal.count ?? 1) + 1;
    else if (known.size < REFUSALS_KEPT) {
      const first: CountedRefusal = { ...refusal };
      known.set(kind, first);
      summary.refusals.push(first);
    }
  };
}

/** A reason without the cell that it quotes, or the rows that repeat one another. */
function kindOf(reason: string): string {
  return reason.replace(/^(\w+) is ".*"(?=; )/, '$1 is ""').replace(/^It repeats .* already gives/, 'It repeats a row');
}
