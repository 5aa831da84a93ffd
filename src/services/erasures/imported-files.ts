import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';
import { filesOf, idsOf, type Person } from '../people/index.js';

/** Digests of the files that images of a participant, and the objects that they came as, had before an import which can be undone. */
export async function replacedFiles(manager: EntityManager, person: Person): Promise<string[]> {
  const rows = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `SELECT DISTINCT a.sha256 FROM import_change c JOIN asset a ON a.id = c.asset_id
     WHERE (c.table_name = 'radiograph' AND c.row_id = ANY($1)) OR (c.table_name = 'mri_series' AND c.row_id = ANY($2))
       OR (c.table_name = 'original_object'
           AND c.row_id IN (SELECT id FROM original_object WHERE radiograph_id = ANY($1) OR series_id = ANY($2)))`,
    [idsOf(person, 'radiograph'), idsOf(person, 'mri_series')],
  );
  return rows.map(({ sha256 }) => sha256);
}

/**
 * Forgets the image folders and files that a participant's images came from: the digest of a path can be guessed from the participant's id.
 * Folders that became nothing do not say whose they are; all of them are forgotten, and looked at again by the next import.
 *
 * @returns how many were forgotten
 */
export async function forgetImports(manager: EntityManager, person: Person): Promise<number> {
  const files = [...(await filesOf(manager, person)), ...(await replacedFiles(manager, person))];
  const { rows } = await queryRow(
    manager,
    z.object({ rows: z.number() }),
    `WITH forgotten AS (
       DELETE FROM imported_file WHERE became ->> 'radiographId' = ANY($1) OR became -> 'seriesIds' @> ANY($2::jsonb[])
         OR (became ->> 'assetId')::integer IN (SELECT id FROM asset WHERE sha256 = ANY($3))
         OR (became = '{}' AND state IS NULL)
       RETURNING 1
     ) SELECT count(*)::integer AS rows FROM forgotten`,
    [idsOf(person, 'radiograph'), idsOf(person, 'mri_series').map((id) => `[${id}]`), files],
  );
  return rows;
}
