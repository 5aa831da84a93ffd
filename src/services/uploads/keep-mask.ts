import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { UPLOAD_DAYS } from '../../domain/uploads.js';
import { UploadedMask } from '../../entities/index.js';
import type { TokenPrincipal } from '../../policy/index.js';
import { type BlobStore, nameBlob } from '../../storage/index.js';
import { audit } from '../access/index.js';
import type { KeptMask } from './mask.js';

/**
 * Keeps a mask for its owner. The same mask brought again is the upload there is, kept from now on anew.
 *
 * @returns its row, and whether its owner had brought it before
 * @throws UserError LIMIT_EXCEEDED when the store is full, UNAVAILABLE
 */
export async function keepMask(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { tokenId }: TokenPrincipal,
  { nifti, ...mask }: KeptMask,
): Promise<{ row: UploadedMask; known: boolean }> {
  const put = () => store.put(nifti, 'application/gzip');
  const blob = await put();
  return dataSource.transaction(async (manager) => {
    // In the transaction, which keeps the file until it has a row of its owner's too.
    const { id: assetId } = await nameBlob(manager, store, blob, 'application/gzip', put);
    const fresh = randomUUID();
    const expiresAt = () => `now() + make_interval(days => ${UPLOAD_DAYS})`;
    const { raw } = await manager
      .createQueryBuilder()
      .insert()
      .into(UploadedMask)
      .values({ ...mask, id: fresh, ownerId: tokenId, assetId, expiresAt })
      .orUpdate(['expires_at'], ['owner_id', 'asset_id'])
      .returning('id')
      .execute();
    const [{ id }] = raw as [{ id: string }];
    await audit(manager, { tokenId, action: 'uploadMask', target: id });
    const row = await manager.findOneOrFail(UploadedMask, { where: { id }, relations: { asset: true } });
    return { row, known: id !== fresh };
  });
}
