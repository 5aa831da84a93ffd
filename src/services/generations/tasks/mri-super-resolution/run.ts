import {
  fineSlices,
  planSuperres,
  SUPERRES_NIFTI,
  superresInWords,
  superresLabel,
  type SuperresPlan,
  thinned,
  thinningShare,
  writeFineSeries,
} from '../../../../imaging/superres/index.js';
import { manifestOf } from '../../../bundles/index.js';
import { makeSeries } from '../../series-run.js';
import type { GenerationCompletion, TaskAttempt } from '../task.js';
import { parametersIn } from './parameters.js';
import { recipeOf } from './recipe.js';

/** One attempt: the series goes through the network slice by slice, and its files are stored. */
export function superResolveSeries(attempt: TaskAttempt): Promise<GenerationCompletion> {
  const { generation } = attempt;
  const { bundle, steps } = generation;
  const { scale, throughPlane, bias, network, coefficients: gradients } = parametersIn(generation);
  const manifest = manifestOf(bundle, 'mri-super-resolution');
  const aim = { scale, throughPlane: throughPlane !== undefined, gradients, bias };
  return makeSeries<SuperresPlan>(attempt, {
    plan: (series) => planSuperres(series, aim, manifest),
    preparation: aim.throughPlane
      ? {
          share: thinningShare({ aim }),
          prepare: (plan, options) => thinned(plan, manifest, { ...options, network, steps }),
        }
      : null,
    slices: (plan, options) => fineSlices(plan, { ...options, network, steps }),
    write: writeFineSeries,
    nifti: SUPERRES_NIFTI,
    graph: network,
    derivation: () => superresInWords(aim, network),
    label: superresLabel(bundle),
    size: ({ fine }) => fine,
    recipe: (made) => recipeOf(made, bundle),
  });
}
