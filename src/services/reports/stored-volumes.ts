import { generatedSlice } from '../../imaging/generated-volume.js';
import { decodeNifti } from '../../imaging/nifti.js';
import { trainedStack } from '../../imaging/normalise.js';
import { decodePng } from '../../imaging/png.js';
import type { GreyImage } from '../../metrics/index.js';

/** An imported series as it is stored. */
export interface StoredSeries {
  nifti: Uint8Array;
  name: string;
}

/** The trained stack of a stored series. @throws UserError FILE_REFUSED as `trainedStack` */
export async function stackOf({ nifti, name }: StoredSeries, sliceCount: number): Promise<GreyImage[]> {
  const { volume } = await decodeNifti(Buffer.from(nifti), name);
  return trainedStack(volume, { sliceCount, name });
}

/** A stored slice of a generated volume. */
export function sliceOf(png: Uint8Array): GreyImage {
  return generatedSlice(decodePng(Buffer.from(png), 'A stored slice').data);
}
