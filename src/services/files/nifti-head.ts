import { createGunzip, constants } from 'node:zlib';
import { UserError } from '../../domain/errors.js';
import type { Asset } from '../../entities/index.js';
import { NIFTI_HEAD_BYTES, type NiftiHead, readNiftiHead } from '../../imaging/nifti.js';
import { blobFault, type BlobStore } from '../../storage/index.js';

/** As much of a packed file as surely holds a header. */
const FIRST_BYTES = 64 * 1024;

/**
 * The grid of a stored volume, without its voxels. The file is not checked against its digest.
 *
 * @param name what messages call it
 * @throws UserError UNAVAILABLE when the store has lost or damaged it
 */
export async function readStoredHead(
  store: BlobStore,
  { storageKey, bytes }: Pick<Asset, 'storageKey' | 'bytes'>,
  name: string,
): Promise<NiftiHead> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    await using file = await store.open(storageKey, { start: 0, end: Math.min(FIRST_BYTES, bytes) - 1 });
    // What is read ends in the middle of the packed data.
    const unpacked = file.pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }));
    file.on('error', (error) => unpacked.destroy(error));
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= NIFTI_HEAD_BYTES) break;
    }
  } catch (error) {
    const what = isZlibError(error) ? 'is damaged in the blob store' : blobFault(error);
    if (what === null) throw error;
    throw new UserError('UNAVAILABLE', `${name} ${what}.`, { cause: error });
  }
  return readNiftiHead(Buffer.concat(pieces), name);
}

/** Whether packed bytes cannot be unpacked. */
function isZlibError(error: unknown): boolean {
  return ((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_');
}
