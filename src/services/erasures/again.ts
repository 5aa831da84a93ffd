import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { Erasure, queryRows } from '../../entities/index.js';
import type { BlobStore, LetGo } from '../../storage/index.js';
import { erasureDigest } from '../access/index.js';
import { erase } from './erase.js';

/**
 * Erases once more whoever was erased in another copy of this database, and remembers those whom this one does not know, so that imports
 * do. In the caller's transaction, in a database that nobody else uses; the files are the caller's to remove after it.
 *
 * @param erasures as the other copy keeps them
 * @returns how many participants were erased here, and their files
 */
export async function eraseAgain(
  manager: EntityManager,
  store: BlobStore,
  erasures: readonly Erasure[],
): Promise<{ erased: number; files: LetGo[] }> {
  const known = new Set(
    (await manager.find(Erasure, { select: { tombstone: true, id: true } })).map((one) => one.tombstone),
  );
  const missing = new Map(erasures.filter(({ tombstone }) => !known.has(tombstone)).map((one) => [one.tombstone, one]));
  if (missing.size === 0) return { erased: 0, files: [] };
  const digest = await erasureDigest(manager);
  const participants = await queryRows(manager, z.object({ oai_id: z.string() }), 'SELECT oai_id FROM participant');
  const files: LetGo[] = [];
  let erased = 0;
  for (const { oai_id: oaiId } of participants) {
    const before = missing.get(digest(oaiId));
    if (!before) continue;
    // Tokens have other numbers here; the certificate that the participant was given stays theirs.
    const { files: theirs } = await erase(manager, { store }, { tokenId: null }, oaiId, 'END');
    await manager.update(Erasure, { tombstone: before.tombstone }, { id: before.id, at: before.at });
    files.push(...theirs);
    missing.delete(before.tombstone);
    erased++;
  }
  for (const one of missing.values()) await manager.insert(Erasure, { ...one, tokenId: null });
  return { erased, files };
}
