import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';
import { type BlobStore, letGo, type LetGo } from '../../storage/index.js';
import { withdrawArchives } from '../exports/index.js';
import type { OwnerOfOriginal } from '../files/index.js';

/**
 * Makes a redaction of an image final: what image and object were before any import is what they are now, so that no undoing brings back what
 * the redaction removed, and the rows of the earlier files go.
 *
 * @param redact writes the redacted image's object
 * @returns files that are to be removed once the transaction has ended
 */
export async function forgetUnredacted(
  manager: EntityManager,
  owner: Exclude<OwnerOfOriginal, { uploadId: string }>,
  redact: () => Promise<void>,
): Promise<LetGo[]> {
  const [table, column, id] =
    'radiographId' in owner
      ? (['radiograph', 'radiograph_id', owner.radiographId] as const)
      : (['mri_series', 'series_id', owner.seriesId] as const);
  const ofImage = [
    [table, 'id'],
    ['original_object', column],
  ] as const;
  const rows = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `SELECT DISTINCT a.sha256 FROM asset a JOIN (${ofImage
      .map(
        ([of, key]) =>
          `SELECT asset_id FROM ${of} WHERE ${key} = $1 UNION ALL
           SELECT c.asset_id FROM import_change c JOIN ${of} t ON t.id = c.row_id WHERE c.table_name = '${of}' AND t.${key} = $1`,
      )
      .join(' UNION ALL ')}) had ON had.asset_id = a.id`,
    [id],
  );
  await redact();
  for (const [of, key] of ofImage) {
    await manager.query(
      `UPDATE import_change c SET before = to_jsonb(t), asset_id = t.asset_id, redacted = true FROM ${of} t
       WHERE c.table_name = '${of}' AND c.row_id = t.id AND t.${key} = $1 AND c.asset_id <> t.asset_id`,
      [id],
    );
  }
  return letGo(
    manager,
    rows.map(({ sha256 }) => sha256),
  );
}

/** Archives that may show what was redacted: taken back, or begun anew. */
export interface WithdrawnArchives {
  expired: number;
  restarted: number;
}

/**
 * Takes back the archives that hold something of a participant of whom an image was redacted. To be called last in the redaction's transaction.
 *
 * @returns how many they were, and their files, to be removed once the transaction has ended
 */
export async function withdrawUnredacted(
  manager: EntityManager,
  store: BlobStore,
  oaiId: string,
): Promise<{ archives: WithdrawnArchives; files: LetGo[] }> {
  const { files, ...archives } = await withdrawArchives(manager, store, oaiId);
  return { archives, files: await letGo(manager, files) };
}

/** How many images stay as they were redacted although the import that changed them is undone. */
export async function countRedacted(manager: EntityManager, run: number): Promise<number> {
  const { images } = await queryRow(
    manager,
    z.object({ images: z.number() }),
    `SELECT count(*)::integer AS images FROM import_change WHERE import_id = $1 AND redacted AND table_name <> 'original_object'`,
    [run],
  );
  return images;
}
