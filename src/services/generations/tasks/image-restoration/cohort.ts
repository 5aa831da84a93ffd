import type { EntityManager } from 'typeorm';
import { chooseReadyBundle, manifestOf } from '../../../bundles/index.js';
import { refuse } from '../../checks.js';
import type { CohortRecipe, CohortRequest } from '../cohort.js';
import { filmOfExam } from '../cohort-source.js';
import { restorationKeySql } from './keys.js';
import { checkRestorationRecipe, parametersFor, stepsFor } from './request.js';

/** The film of every exam restored. Without a seed nothing is drawn, so that asking again finds what is there. */
export async function filmsForCohort(manager: EntityManager, request: CohortRequest): Promise<CohortRecipe> {
  const { restoration, bundle: name, steps: wished, seed = null } = request;
  for (const field of ['sliceCount', 'sampler', 'eta', 'noise', 'features'] as const) {
    if (request[field] != null) refuse(`${field} is of volumes; the task IMAGE_RESTORATION takes restoration instead.`);
  }
  if (restoration == null) refuse('The task IMAGE_RESTORATION needs restoration, which says what is to be done.');
  checkRestorationRecipe({ ...restoration, seed }, ['denoise', 'upscale']);
  const bundle = await chooseReadyBundle(manager, name, 'image-restoration');
  const restorer = manifestOf(bundle, 'image-restoration');
  const parameters = parametersFor(restoration, restorer, null);
  const steps = stepsFor({ steps: wished }, restorer);
  return {
    bundle,
    batch: { task: 'image-restoration', parameters, steps, eta: 0, seed },
    source: filmOfExam,
    columns: (bind) => ({
      task: bind('image-restoration', 'text'),
      parameters: `${bind(parameters, 'jsonb')} || jsonb_build_object('film', CASE WHEN source_rows IS NOT NULL
        THEN jsonb_build_object('rows', source_rows, 'columns', source_columns) END)`,
      steps: bind(steps, 'smallint'),
      seed: 'seed',
    }),
    key: (bind) =>
      restorationKeySql({
        bundle: bind(bundle.sha256, 'text'),
        film: 'source.sha256',
        mask: 'NULL::text',
        parameters: bind(parameters, 'jsonb'),
        steps: bind(steps, 'integer'),
        seed: 'seeded.seed',
      }),
  };
}
