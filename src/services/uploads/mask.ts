import { UPLOAD_NAME } from '../../domain/uploads.js';
import type { UploadedMask } from '../../entities/index.js';
import { decodeNifti, encodeNifti } from '../../imaging/nifti.js';
import { refuseFile } from '../../imaging/refuse.js';

/** What is kept of a file that says what is hidden of a series. */
export type KeptMask = Pick<UploadedMask, 'columns' | 'rows' | 'slices' | 'hiddenVoxels'> & {
  /** NIfTI, gzipped: 1 where the file is above 0, on its grid, and nothing else that the file says. */
  nifti: Uint8Array;
};

/** An uploaded file. */
export interface MaskWork {
  bytes: Uint8Array;
}

/**
 * Reads an uploaded mask: a NIfTI file, above 0 where something is hidden. What its header says besides the grid is left behind.
 *
 * @throws UserError FILE_REFUSED with one sentence, for whatever is no mask, and for one that hides nothing or everything
 */
export async function readMaskFile({ bytes }: MaskWork): Promise<KeptMask> {
  const { volume } = await decodeNifti(bytes, UPLOAD_NAME);
  const { columns, rows, slices } = volume;
  const data = Uint16Array.from(volume.data, (value) => (value > 0 ? 1 : 0));
  const hiddenVoxels = data.reduce((sum, one) => sum + one, 0);
  if (hiddenVoxels === 0) refuseFile(UPLOAD_NAME, 'hides nothing: no voxel of it is above 0');
  if (hiddenVoxels === data.length) {
    refuseFile(UPLOAD_NAME, 'hides everything: a mask is above 0 only where a series is to be filled in');
  }
  return { columns, rows, slices, hiddenVoxels, nifti: await encodeNifti({ ...volume, data }, 'Mask') };
}
