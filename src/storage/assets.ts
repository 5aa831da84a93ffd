import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EntityManager } from 'typeorm';
import { Asset } from '../entities/index.js';
import { BlobDamaged, BlobMissing, type BlobStore, type StoredBlob } from './blob-store.js';
import { holdBlobs } from './locks.js';

/**
 * Stores bytes and the row that names them; bytes that are known already give the row there is. The blob is safe before the row
 * exists, so a row never names nothing. A transaction that is rolled back leaves a blob without a row, which the same bytes
 * take up again or a sweep removes.
 *
 * @throws UserError as the store's `put`
 */
export async function storeAsset(
  manager: EntityManager,
  store: BlobStore,
  bytes: Uint8Array | Readable,
  mediaType: string,
): Promise<Asset> {
  const blob = await store.put(bytes, mediaType);
  const putAgain = bytes instanceof Uint8Array ? () => store.put(bytes, mediaType) : undefined;
  return manager.transaction((inner) => nameBlob(inner, store, blob, mediaType, putAgain));
}

/**
 * Writes the row of a blob that was put. Must be part of a transaction: until it ends no sweep removes a blob that could be this
 * one.
 *
 * @param putAgain puts the bytes once more, should a sweep have been between the blob and its row
 * @throws Error when it was, and there is no `putAgain`
 */
export async function nameBlob(
  manager: EntityManager,
  store: BlobStore,
  blob: StoredBlob,
  mediaType: string,
  putAgain?: () => Promise<StoredBlob>,
): Promise<Asset> {
  const { sha256, bytes, storageKey } = blob;
  await holdBlobs(manager, sha256);
  if (!(await store.exists(storageKey))) {
    if (!putAgain) throw new Error(`The blob ${storageKey} was removed before its row was written.`);
    await putAgain();
  }
  // A row that says it was stored long ago is renewed: see sweepBlobs.
  await manager.query(
    `INSERT INTO asset (sha256, media_type, bytes, storage_key) VALUES ($1, $2, $3, $4)
     ON CONFLICT (sha256) DO UPDATE SET stored_at = now(), storage_key = excluded.storage_key
       WHERE asset.stored_at < now() - interval '1 hour' OR asset.storage_key <> excluded.storage_key`,
    [sha256, mediaType, bytes, storageKey],
  );
  return manager.findOneByOrFail(Asset, { sha256 });
}

/**
 * All bytes of an asset, checked against its digest.
 *
 * @param what the asset is, for the message of a blob that is lost or damaged
 * @throws BlobMissing, BlobDamaged, BlobStoreUnavailable
 */
export async function readAsset(
  store: BlobStore,
  { storageKey }: Pick<Asset, 'storageKey'>,
  what?: string,
): Promise<Buffer> {
  try {
    return await buffer(await store.open(storageKey));
  } catch (error) {
    if (what !== undefined && error instanceof BlobMissing) throw new BlobMissing(storageKey, what);
    if (what !== undefined && error instanceof BlobDamaged) throw new BlobDamaged(storageKey, what);
    throw error;
  }
}
