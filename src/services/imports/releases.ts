import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';

/** A version of a released table. */
export interface ReleasedTable {
  /** The file's name without folder and extension, in lower case. */
  name: string;
  /** What its VERSION column says; null where it has none. */
  version: string | null;
}

/** Imports of one release. */
export interface ImportedRelease {
  /** What the release calls itself; null where it does not. */
  name: string | null;
  imports: number;
  firstImportedAt: Date;
  lastImportedAt: Date;
  tables: ReleasedTable[];
}

const ROW = z.object({
  name: z.string().nullable(),
  imports: z.number(),
  firstImportedAt: z.date(),
  lastImportedAt: z.date(),
  tables: z.array(z.object({ name: z.string(), version: z.string().nullable() })),
});

/** Releases by their names, the last imported first, of imports that came to their end and were not taken back. */
export async function listReleases(dataSource: DataSource): Promise<ImportedRelease[]> {
  return queryRows(
    dataSource,
    ROW,
    `WITH standing AS (
       SELECT r.id, r.release, r.ended_at FROM import_run r
       WHERE r.ended_at IS NOT NULL AND r.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM import_run u WHERE u.undoes_id = r.id)
     ), brought AS (
       SELECT DISTINCT t.release, s.name, nullif(s.version, '') AS version
       FROM import_source s JOIN standing t ON t.id = s.import_id
     )
     SELECT t.release AS name, count(*)::integer AS imports,
            min(t.ended_at) AS "firstImportedAt", max(t.ended_at) AS "lastImportedAt",
            (SELECT coalesce(json_agg(json_build_object('name', b.name, 'version', b.version)
                                      ORDER BY b.name COLLATE "C", b.version COLLATE "C"), '[]')
             FROM brought b WHERE b.release IS NOT DISTINCT FROM t.release) AS tables
     FROM standing t GROUP BY t.release ORDER BY max(t.ended_at) DESC, t.release`,
    [],
  );
}
