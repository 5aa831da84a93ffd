import { type EntityManager, In } from 'typeorm';
import { ARCHIVE_FORMATS, isArchive } from '../../domain/exports.js';
import { type Asset, Export } from '../../entities/index.js';
import { BlobDamaged, BlobMissing, type BlobStore, readAsset } from '../../storage/index.js';
import { advance } from '../../work/index.js';
import { EXPORT } from './kind.js';

/** What became of the exports whose files were taken back. */
export interface WithdrawnExports {
  /** Digests of the files that nothing names any more. */
  files: string[];
  expired: number;
  restarted: number;
}

/**
 * Lets no export begin or end until the transaction ends: one that did would still read what the transaction takes away. To be asked late,
 * because everybody's exports wait for it.
 */
export async function holdExports(manager: EntityManager): Promise<void> {
  await manager.query('LOCK TABLE export IN SHARE ROW EXCLUSIVE MODE');
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
      if (await restart(manager, { id, attempt }, message)) restarted++;
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
    if (await expire(manager, { id, attempt })) expired++;
  }
  return { files, expired, restarted };
}

/**
 * Takes back every finished archive that holds something of a participant of whom an image was redacted, and begins anew every archive that is
 * being written. Tables show no image, and manifests tell who has an earlier file; both stay. It is to be the last that its transaction does.
 */
export async function withdrawArchives(
  manager: EntityManager,
  store: BlobStore,
  oaiId: string,
): Promise<WithdrawnExports> {
  await holdExports(manager);
  const found = await manager.find(Export, {
    where: { state: In(['RUNNING', 'SUCCEEDED']), format: In(ARCHIVE_FORMATS) },
    relations: { asset: true, manifestAsset: true },
    order: { id: 'ASC' },
  });
  const files: string[] = [];
  let [expired, restarted] = [0, 0];
  for (const { id, state, attempt, asset, manifestAsset } of found) {
    if (state === 'RUNNING') {
      const message = 'An image was redacted while it was being written; it is begun anew.';
      if (await restart(manager, { id, attempt }, message)) restarted++;
      continue;
    }
    if (manifestAsset && !(await mayName(store, manifestAsset, oaiId))) continue;
    if (asset) files.push(asset.sha256);
    const message =
      'An image of somebody whom it holds was redacted; export again for a file without what was removed.';
    if (await expire(manager, { id, attempt }, message)) expired++;
  }
  return { files, expired, restarted };
}

type Attempt = Pick<Export, 'id' | 'attempt'>;

/** @returns false for one that has moved on */
async function restart(manager: EntityManager, seen: Attempt, message: string): Promise<boolean> {
  const change = { to: 'QUEUED', message, uncounted: true } as const;
  return (await advance(manager, EXPORT, { ...seen, state: 'RUNNING' }, change)) !== undefined;
}

/** @returns false for one that has moved on */
async function expire(manager: EntityManager, seen: Attempt, message?: string): Promise<boolean> {
  const change = { to: 'EXPIRED', ...(message === undefined ? {} : { message }), set: { assetId: null } } as const;
  return (await advance(manager, EXPORT, { ...seen, state: 'SUCCEEDED' }, change)) !== undefined;
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
