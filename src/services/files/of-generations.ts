import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';

/** Digests of every file that was made for these generations: slices, volumes, films, and comparisons with others. */
export async function filesOfGenerations(manager: EntityManager, ids: readonly string[]): Promise<string[]> {
  const rows = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `SELECT sha256 FROM asset WHERE id IN (
       SELECT asset_id FROM generation_slice WHERE generation_id = ANY($1::uuid[])
       UNION SELECT asset_id FROM generation_output WHERE generation_id = ANY($1::uuid[])
       UNION SELECT asset_id FROM mri_series WHERE generation_id = ANY($1::uuid[])
       UNION SELECT unnest(ARRAY[volume_id, picture_id]) FROM generation_difference
         WHERE first_id = ANY($1::uuid[]) OR second_id = ANY($1::uuid[]))`,
    [ids],
  );
  return rows.map(({ sha256 }) => sha256);
}
