import type { Refusal } from '../../oai/index.js';

/** What became of one table. */
export interface TableSummary {
  /** Path below the release. */
  file: string;
  rows: number;
  inserted: number;
  updated: number;
  unchanged: number;
  /** Rows of what the platform does not keep: series that were not made, films of other joints. */
  passedOver: number;
  refused: number;
  /** True when the file is the one that was imported before, so that it was not read again. */
  skipped: boolean;
}

/** Numbers of image folders. */
export interface ImageSummary {
  folders: number;
  inserted: number;
  updated: number;
  unchanged: number;
  /** Images of what the platform does not keep: thighs, hands, localisers. */
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
  /** Tables in the release that are not imported. */
  ignored: string[];
  /** The first {@link REFUSALS_KEPT}. */
  refusals: Refusal[];
  /** All of them. */
  refused: number;
  durationMs: number;
}

/** How many refusals a summary lists; whoever wants all takes them one by one as they come. */
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
