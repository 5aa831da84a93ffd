import { UserError } from '../../../../domain/errors.js';
import { faultOfPlaces } from '../../../../domain/hidden-places.js';
import {
  INPAINTED_NIFTI,
  inpaintedSlices,
  type InpaintingPlan,
  inpaintingInWords,
  inpaintingLabel,
  maskOfPlaces,
  planInpainting,
  writeInpaintedSeries,
} from '../../../../imaging/inpainting/index.js';
import { manifestOf } from '../../../bundles/index.js';
import { makeSeries } from '../../series-run.js';
import type { GenerationCompletion, TaskAttempt } from '../task.js';
import { parametersIn } from './parameters.js';
import { recipeOf } from './recipe.js';

/** One attempt: hidden slices go through the network, the others stay as they are, and the series' files are stored. */
export function inpaintSeries(attempt: TaskAttempt): Promise<GenerationCompletion> {
  const { generation } = attempt;
  const { bundle, steps } = generation;
  const places = parametersIn(generation);
  return makeSeries<InpaintingPlan>(attempt, {
    plan(series) {
      // Rows of old imports do not say how large a series is.
      const fault = faultOfPlaces(places, series);
      if (fault !== null) throw new UserError('BAD_USER_INPUT', fault);
      return planInpainting(series, maskOfPlaces(places, series), manifestOf(bundle, 'mri-inpainting'));
    },
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
