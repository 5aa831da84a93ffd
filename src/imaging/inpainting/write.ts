import { keptNiftiHead, niftiHead } from '../nifti.js';
import { type MadeHeader, writeMadeSeries, type WrittenSlice } from '../series/index.js';
import { emptyLike, type InpaintingPlan } from './plan.js';

/** NIfTI file of a series that was filled in. */
export const INPAINTED_NIFTI = 'inpainted.nii.gz';

/**
 * Writes the slices of a plan; see `writeMadeSeries`. A NIfTI series keeps its header and the type of its voxels. `comment` is for programs: JSON.
 */
export async function writeInpaintedSeries(
  plan: InpaintingPlan,
  slices: AsyncIterable<WrittenSlice>,
  out: string,
  { comment, ...header }: Omit<MadeHeader, 'kind'> & { comment: string },
  onSlice?: (done: number) => void,
): Promise<void> {
  const { series } = plan;
  const text = { description: header.label, comment };
  const head = series.nifti
    ? keptNiftiHead(await series.nifti.headBytes(), series.nifti.head, text)
    : niftiHead(series, emptyLike(plan), text);
  const made = { series, grid: series, nifti: { name: INPAINTED_NIFTI, head } };
  const kind = { short: 'INPAINTED', root: 'inpainted' };
  await writeMadeSeries(made, slices, out, { ...header, kind }, onSlice);
}
