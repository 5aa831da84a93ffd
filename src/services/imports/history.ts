import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { ImportRun } from '../../entities/index.js';
import type { ImageSummary } from './summary.js';

/** An import, or the undoing of one. */
export interface PastImport {
  id: number;
  at: Date;
  /** False while it runs, and for ever where it was stopped. */
  ended: boolean;
  /** Who imported, as the machine knows them; null for imports from before this was noted. */
  by: string | null;
  /** Name of the release, where it says it. */
  release: string | null;
  /** The import that this one took back. */
  undoes: number | null;
  /** The one that took this one back. */
  undoneBy: number | null;
  tables: number;
  rows: number;
  inserted: number;
  updated: number;
  refused: number;
  images: ImageSummary;
  /** Values that undoing took away, and that it put back. */
  undone: { removed: number; emptied: number; restored: number };
  durationMs: number;
}

const IMAGES = z.object({
  folders: z.number(),
  inserted: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  passedOver: z.number(),
  refused: z.number(),
  withdrawn: z.number().default(0),
  absent: z.number(),
});

/** What an import leaves of itself; earlier versions left less. */
const DETAIL = z.object({
  tables: z.number().default(0),
  rows: z.number().default(0),
  inserted: z.number().default(0),
  updated: z.number().default(0),
  refused: z.number().default(0),
  images: IMAGES.default({
    ...{ folders: 0, inserted: 0, updated: 0, unchanged: 0 },
    ...{ passedOver: 0, refused: 0, withdrawn: 0, absent: 0 },
  }),
  durationMs: z.number().default(0),
});

const UNDONE = z.object({
  removed: z.number().default(0),
  emptied: z.number().default(0),
  restored: z.number().default(0),
});

/** The newest imports, newest first. */
export async function listImports(dataSource: DataSource, limit: number): Promise<PastImport[]> {
  const runs = await dataSource.manager.find(ImportRun, { order: { id: 'DESC' }, take: limit });
  const undone = await dataSource.manager.find(ImportRun, { where: runs.map(({ id }) => ({ undoesId: id })) });
  return runs.map(({ id, startedAt, endedAt, by, release, undoesId, detail }) => ({
    ...{ id, at: startedAt, ended: endedAt !== null, by, release, undoes: undoesId },
    undoneBy: undone.find((one) => one.undoesId === id)?.id ?? null,
    ...DETAIL.parse(detail),
    undone: UNDONE.parse(detail),
  }));
}
