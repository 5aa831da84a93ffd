import { UserError } from '../../../../domain/errors.js';
import { faultOfPlaces } from '../../../../domain/hidden-places.js';
import {
  INPAINTED_NIFTI,
  inpaintedSlices,
  type InpaintingPlan,
  type MaskImage,
  inpaintingInWords,
  inpaintingLabel,
  maskOfPlaces,
  planInpainting,
  writeInpaintedSeries,
} from '../../../../imaging/inpainting/index.js';
import { decodeNifti } from '../../../../imaging/nifti.js';
import { loadRadiograph } from '../../../../imaging/radiograph/index.js';
import type { OpenSeries } from '../../../../imaging/series/index.js';
import type { Volume } from '../../../../imaging/volume.js';
import { manifestOf } from '../../../bundles/index.js';
import { makeSeries } from '../../series-run.js';
import { readMask } from '../../uploaded-mask.js';
import type { GenerationCompletion, TaskAttempt } from '../task.js';
import { parametersIn } from './parameters.js';
import { recipeOf } from './recipe.js';

/** One attempt: hidden slices go through the network, the others stay as they are, and the series' files are stored. */
export function inpaintSeries(attempt: TaskAttempt): Promise<GenerationCompletion> {
  const { generation } = attempt;
  const { bundle, steps } = generation;
  const places = parametersIn(generation);
  return makeSeries<InpaintingPlan>(attempt, {
    async plan(series) {
      // Rows of old imports do not say how large a series is.
      const fault = faultOfPlaces(places, series);
      if (fault !== null) throw new UserError('BAD_USER_INPUT', fault);
      return planInpainting(
        series,
        maskOfPlaces(places, series, {
          images: await imagesOf(attempt, series),
          volume: await volumeOf(attempt),
        }),
        manifestOf(bundle, 'mri-inpainting'),
      );
    },
    preparation: null,
    slices: (plan, options) => inpaintedSlices(plan, { ...options, steps }),
    write: writeInpaintedSeries,
    nifti: INPAINTED_NIFTI,
    graph: 'inpainter',
    derivation: inpaintingInWords,
    label: inpaintingLabel(bundle),
    size: ({ series }) => series,
    recipe: (made) => recipeOf(made, bundle),
  });
}

/** The images that were given with the request. @throws DamagedData when one is not there any more; UserError for another size */
async function imagesOf(attempt: TaskAttempt, series: OpenSeries): Promise<MaskImage[]> {
  const images: MaskImage[] = [];
  for (const [index, { firstSlice, lastSlice }] of (parametersIn(attempt.generation).masks ?? []).entries()) {
    const { bytes } = await readMask(attempt, `Mask ${index}`, index);
    const { rows, columns, data } = await loadRadiograph({ bytes, name: 'The mask' });
    if (rows !== series.rows || columns !== series.columns) {
      throw new UserError(
        'BAD_USER_INPUT',
        `Mask ${index} is ${columns} x ${rows} pixels and a slice ${series.columns} x ${series.rows}; they must be of one size.`,
      );
    }
    images.push({ firstSlice, lastSlice, data });
  }
  return images;
}

/** The volume that was given with the request, stored after the images; null where there was none. @throws DamagedData when it is not there any more */
async function volumeOf(attempt: TaskAttempt): Promise<Volume | null> {
  const { mask, masks = [] } = parametersIn(attempt.generation);
  if (!mask) return null;
  const { bytes } = await readMask(attempt, 'The mask', masks.length);
  return (await decodeNifti(bytes, 'The mask')).volume;
}
