import { type EntityManager, In } from 'typeorm';
import { isArchive } from '../../domain/exports.js';
import { type Asset, Export } from '../../entities/index.js';
import { BlobDamaged, BlobMissing, type BlobStore, readAsset } from '../../storage/index.js';
import { advance } from '../../work/index.js';
import { EXPORT } from './kind.js';

/** What became of the exports when a participant was erased. */
export interface WithdrawnExports {
  /** Digests of the files that nothing names any more. */
  files: string[];
  expired: number;
  restarted: number;
}

/**
 * Takes back the files of every export that may hold a participant. An archive names in its manifest whom it holds; what the filter of a
 * table selected when it was written nobody can prove today, so every table goes. What is being written is begun anew.
 */
export async function withdrawExports(
  manager: EntityManager,
  store: BlobStore,
  oaiId: string,
): Promise<WithdrawnExports> {
  const found = await manager.find(Export, {
    where: { state: In(['RUNNING', 'SUCCEEDED', 'EXPIRED']) },
    relations: { asset: true, manifestAsset: true },
    order: { id: 'ASC' },
  });
  const files: string[] = [];
  let [expired, restarted] = [0, 0];
  for (const { id, state, attempt, format, asset, manifestAsset } of found) {
    if (state === 'RUNNING') {
      const message = 'Records were removed while it was being written; it is begun anew.';
      const seen = { id, state, attempt } as const;
      const done = await advance(manager, EXPORT, seen, { to: 'QUEUED', message, uncounted: true });
      if (done !== undefined) restarted++;
      continue;
    }
    const names = manifestAsset ? await mayName(store, manifestAsset, oaiId) : !isArchive(format) || asset !== null;
    if (!names) continue;
    if (manifestAsset) {
      await manager.update(Export, { id }, { manifestAssetId: null });
      files.push(manifestAsset.sha256);
    }
    if (state !== 'SUCCEEDED') continue;
    if (asset) files.push(asset.sha256);
    const done = await advance(manager, EXPORT, { id, state, attempt }, { to: 'EXPIRED', set: { assetId: null } });
    if (done !== undefined) expired++;
  }
  return { files, expired, restarted };
}

/** Whether a manifest names a participant; one that cannot be read may. */
async function mayName(store: BlobStore, manifest: Asset, oaiId: string): Promise<boolean> {
  try {
    return (await readAsset(store, manifest)).includes(oaiId);
  } catch (error) {
    if (error instanceof BlobMissing || error instanceof BlobDamaged) return true;
    throw error;
  }
}
