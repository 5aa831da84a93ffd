import { type Ignored, type Refusal, tellReason } from '../../oai/index.js';
import type { ColumnChange } from './changes.js';

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
  /** Rows of participants who have withdrawn consent; nothing of them is read. */
  withdrawn: number;
  /** Cells that cannot be used, of rows that are. */
  cellsRefused: number;
  /** Rows of other files of this table that are not in this one; they stay as they are: those that are dropped are not among them. */
  absent: number;
  /** Rows that are marked: a newer file of this table has them no more. */
  dropped: number;
  /** Rows of which that mark is taken: this file has them again. */
  returned: number;
  /** Columns that have no column of ours: the store keeps them. */
  storedColumns: number;
  /** Their cells that say something: a value, or a code of why there is none. */
  storedCells: number;
  /** Those of them that are other ones now than before. */
  storedChanges: number;
  /** Codes that are not kept, because their row has no value: of visits that were missed, of knees that were not examined. */
  storedLeft: number;
  /** How many values of each column change. */
  changes: ColumnChange[];
  /** True when the database is known to hold what the table says, so that it was not read again. */
  skipped: boolean;
}

/** A fault, and how many equal ones there are: reasons that differ only in the cell or the row that they quote are equal. */
export interface CountedRefusal extends Refusal {
  /** Absent for a single one. Then `row` is that of the first. */
  count?: number;
}

/** What is to be known of a file of which nothing was refused for it. */
export interface Remark {
  file: string;
  /** A sentence. */
  remark: string;
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
  /** Images of participants who have withdrawn consent; nothing of them is read. */
  withdrawn: number;
  /** Rows of contents.csv whose folder is not on this disk. */
  absent: number;
}

export interface ImportSummary {
  /** Real path of what was imported. */
  path: string;
  /** True when all of it was taken back. */
  dryRun: boolean;
  tables: TableSummary[];
  images: ImageSummary;
  /** Files that look like tables and are not imported, and why. */
  ignored: Ignored[];
  /** What was left unread within tables, or read otherwise than it stands there. */
  remarks: Remark[];
  /** The first {@link REFUSALS_KEPT} that differ. */
  refusals: CountedRefusal[];
  /** All of them. */
  refused: number;
  durationMs: number;
}

/** How many different refusals a summary lists; whoever wants all takes them one by one as they come. */
export const REFUSALS_KEPT = 1000;

export function emptySummary(path: string, dryRun = false): ImportSummary {
  const images = {
    folders: 0,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    passedOver: 0,
    refused: 0,
    withdrawn: 0,
    absent: 0,
  };
  return { path, dryRun, tables: [], images, ignored: [], remarks: [], refusals: [], refused: 0, durationMs: 0 };
}

/** True when the import wrote anything. */
export function changedAnything({ tables, images }: ImportSummary): boolean {
  const changes = tables.map(({ inserted, updated, dropped, returned }) => inserted + updated + dropped + returned);
  return images.inserted + images.updated > 0 || changes.some((rows) => rows > 0);
}

/** True when there was nothing that could be read: neither a table nor an image. */
export function readNothing({ tables, images }: ImportSummary): boolean {
  return tables.length === 0 && images.folders - images.refused === 0;
}

/** Collects refusals: the first of each kind with how many there were. */
export function refusalCollector(summary: ImportSummary, tell: (reason: string) => string): (refusal: Refusal) => void {
  const known = new Map<string, CountedRefusal>();
  return (refusal) => {
    summary.refused++;
    const kind = JSON.stringify([refusal.file, refusal.row !== undefined, kindOf(refusal.reason)]);
    const equal = known.get(kind);
    if (equal) equal.count = (equal.count ?? 1) + 1;
    else if (known.size < REFUSALS_KEPT) {
      const first: CountedRefusal = { ...refusal, reason: tell(refusal.reason) };
      known.set(kind, first);
      summary.refusals.push(first);
    }
  };
}

/** A reason without the cell that it quotes, or the rows that repeat one another. */
function kindOf(reason: string): string {
  return tellReason(reason, { showValues: false }).replace(/, which row \d+ already gives/, '');
}
