import { niftiHead } from '../nifti.js';
import { type MadeHeader, writeMadeSeries, type WrittenSlice } from '../series/index.js';
import type { SuperresPlan } from './plan.js';
import { THROUGH_PLANE } from './through-plane.js';

/** NIfTI file of a fine series. */
export const SUPERRES_NIFTI = 'superres.nii.gz';

/** Writes the slices of a plan; see `writeMadeSeries`. `comment` is for programs: JSON. */
export async function writeFineSeries(
  { series, aim, fine, storage }: SuperresPlan,
  slices: AsyncIterable<WrittenSlice>,
  out: string,
  { comment, ...header }: Omit<MadeHeader, 'kind' | 'thinner'> & { comment: string },
  onSlice?: (done: number) => void,
): Promise<void> {
  const like = storage.signed ? new Int16Array(0) : new Uint16Array(0);
  const head = niftiHead(fine, like, { description: header.label, comment, slope: 1 / storage.factor });
  const made = { series, grid: fine, nifti: { name: SUPERRES_NIFTI, head } };
  const kind = { short: 'SR', root: 'super-resolved' };
  const thinner = aim.throughPlane ? THROUGH_PLANE : undefined;
  await writeMadeSeries(made, slices, out, { ...header, kind, thinner }, onSlice);
}
