import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EntityManager } from 'typeorm';
import { Asset } from '../entities/index.js';
import type { BlobStore } from './blob-store.js';

/**
 * Stores bytes and the row that names them; bytes that are known already give the row there is. The blob is safe before the row
 * exists, so a row never names nothing. A transaction that is rolled back leaves a blob without a row, which the same bytes
 * take up again.
 */
export async function storeAsset(
  manager: EntityManager,
  store: BlobStore,
  bytes: Uint8Array | Readable,
  mediaType: string,
): Promise<Asset> {
  const blob = await store.put(bytes, mediaType);
  await manager
    .createQueryBuilder()
    .insert()
    .into(Asset)
    .values({ ...blob, mediaType })
    .orIgnore()
    .execute();
  return manager.findOneByOrFail(Asset, { sha256: blob.sha256 });
}

/**
 * All bytes of an asset, checked against its digest.
 *
 * @throws BlobMissing, BlobDamaged
 */
export async function readAsset(store: BlobStore, asset: Pick<Asset, 'storageKey'>): Promise<Buffer> {
  return buffer(await store.open(asset.storageKey));
}
