import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRows, UploadedMask } from '../../entities/index.js';
import type { TokenPrincipal } from '../../policy/index.js';
import { type BlobStore, removeUnclaimed } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { requireUploadReader } from './access.js';

interface Storage {
  dataSource: DataSource;
  store: BlobStore;
}

/**
 * Removes a mask and its file. What was filled in by it keeps a copy.
 *
 * @throws UserError NOT_FOUND for what is not there or another's
 */
export async function deleteMask({ dataSource, store }: Storage, viewer: TokenPrincipal, id: string): Promise<void> {
  const files = await dataSource.transaction(async (manager) => {
    // Whoever has a series filled in by it meanwhile waits, and then does not find it.
    const mask = await manager.findOne(UploadedMask, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!mask) throw new UserError('NOT_FOUND', 'There is no such uploaded mask.');
    requireUploadReader(mask, viewer, 'uploaded mask');
    await audit(manager, { tokenId: viewer.tokenId, action: 'deleteUploadedMask', target: id });
    return removeMasks(manager, 'id = $1', [id]);
  });
  await removeUnclaimed(dataSource, store, files);
}

/** Removes the row of a mask whose time is over. @returns what removes its file; undefined when there is none */
export async function claimExpiredMask({ dataSource, store }: Storage): Promise<(() => Promise<void>) | undefined> {
  const expired = `id = (SELECT id FROM uploaded_mask WHERE expires_at <= now() LIMIT 1 FOR UPDATE SKIP LOCKED)`;
  const files = await dataSource.transaction((manager) => removeMasks(manager, expired));
  return files.length === 0 ? undefined : () => removeUnclaimed(dataSource, store, files);
}

/**
 * Removes the masks that anything of these generations was filled in by, whoever brought them: they were drawn over the participant's images.
 *
 * @returns how many there were; their files are those of the generations
 */
export async function removeMasksOf(manager: EntityManager, generationIds: readonly string[]): Promise<number> {
  const given = `asset_id IN (SELECT asset_id FROM generation_output WHERE generation_id = ANY($1::uuid[]) AND kind = 'MASK')`;
  return (await removeMasks(manager, given, [generationIds])).length;
}

/** @returns digests of the files that the rows named */
async function removeMasks(
  manager: EntityManager,
  condition: string,
  values: readonly unknown[] = [],
): Promise<string[]> {
  const rows = await queryRows(
    manager,
    z.object({ sha256: z.string() }),
    `WITH gone AS (DELETE FROM uploaded_mask WHERE ${condition} RETURNING asset_id)
     SELECT sha256 FROM asset a JOIN gone ON gone.asset_id = a.id`,
    [...values],
  );
  return rows.map(({ sha256 }) => sha256);
}
