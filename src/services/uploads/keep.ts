import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { UPLOAD_DAYS } from '../../domain/uploads.js';
import { UploadedRadiograph } from '../../entities/index.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { keepOriginal, type OriginalFile } from '../files/index.js';
import type { TokenPrincipal } from '../../policy/index.js';
import type { KeptFilm } from './film.js';

/** An upload as it is kept, and whether its owner had brought the same film before. */
export interface KeptUpload {
  /** With its asset. */
  row: UploadedRadiograph;
  known: boolean;
}

/** What a file may say otherwise of the same pixels. */
const UPDATED = [
  'view',
  'laterality',
  'pixel_spacing',
  'photometric',
  'knees',
  'warnings',
  'deidentification',
  'expires_at',
];

/**
 * Keeps a film for its owner. The same pixels brought again are the upload there is, kept from now on anew.
 *
 * @throws UserError LIMIT_EXCEEDED when the store is full, UNAVAILABLE
 */
export async function keepUpload(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { tokenId }: TokenPrincipal,
  { png, original, ...film }: KeptFilm,
): Promise<KeptUpload> {
  const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
  return dataSource.transaction(async (manager) => {
    const fresh = randomUUID();
    const { raw } = await manager
      .createQueryBuilder()
      .insert()
      .into(UploadedRadiograph)
      .values({
        ...film,
        id: fresh,
        ownerId: tokenId,
        assetId,
        expiresAt: () => `now() + make_interval(days => ${UPLOAD_DAYS})`,
      })
      .orUpdate(UPDATED, ['owner_id', 'asset_id'])
      .returning('id')
      .execute();
    const [{ id }] = raw as [{ id: string }];
    if (original) await keepOriginal(manager, store, { uploadId: id }, oneFile(original));
    await audit(manager, { tokenId, action: 'uploadRadiograph', target: id });
    const row = await manager.findOneOrFail(UploadedRadiograph, { where: { id }, relations: { asset: true } });
    return { row, known: id !== fresh };
  });
}

async function* oneFile(file: OriginalFile) {
  yield file;
}
