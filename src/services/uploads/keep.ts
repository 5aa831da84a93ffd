import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { UPLOAD_DAYS } from '../../domain/uploads.js';
import { OriginalObject, UploadedRadiograph } from '../../entities/index.js';
import { type BlobStore, nameBlob } from '../../storage/index.js';
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
 * @param isStrict refuses an object whose pixels are kept as another one, which it would take the place of
 * @throws UserError LIMIT_EXCEEDED when the store is full, UNAVAILABLE; CONFLICT
 */
export async function keepUpload(
  { dataSource, store }: { dataSource: DataSource; store: BlobStore },
  { tokenId }: TokenPrincipal,
  { png, original, ...film }: KeptFilm,
  { isStrict = false } = {},
): Promise<KeptUpload> {
  const put = () => store.put(png, 'image/png');
  const blob = await put();
  return dataSource.transaction(async (manager) => {
    // In the transaction, which keeps the file until it has a row of its owner's too.
    const { id: assetId } = await nameBlob(manager, store, blob, 'image/png', put);
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
    if (original && isStrict && id !== fresh) {
      const kept = await manager.findOneBy(OriginalObject, { uploadId: id });
      if (kept && !kept.instanceUids.includes(original.sopInstanceUid)) {
        throw new UserError('CONFLICT', 'The pixels are kept already, as another object of yours.');
      }
    }
    if (original) await keepOriginal(manager, store, { uploadId: id }, oneFile(original));
    await audit(manager, { tokenId, action: 'uploadRadiograph', target: id });
    const row = await manager.findOneOrFail(UploadedRadiograph, { where: { id }, relations: { asset: true } });
    return { row, known: id !== fresh };
  });
}

async function* oneFile(file: OriginalFile) {
  yield file;
}
