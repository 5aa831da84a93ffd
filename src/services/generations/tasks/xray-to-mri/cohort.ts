import type { EntityManager } from 'typeorm';
import type { CohortRecipe, CohortRequest } from '../cohort.js';
import { filmOfExam } from '../cohort-source.js';
import { checkRecipe } from './checks.js';
import { keySql } from './keys.js';
import { resolveRecipe } from './recipe.js';

/** One volume of every exam. The seed is 0 unless the request says otherwise, so that asking again finds what is there. */
export async function volumesForCohort(manager: EntityManager, request: CohortRequest): Promise<CohortRecipe> {
  checkRecipe(request);
  const recipe = await resolveRecipe(manager, { ...request, seed: request.seed ?? 0 });
  const { bundle, kneeDetector, sliceCount, steps, sampler, eta, noise, seed, featureOverrides } = recipe;
  const settings = { sliceCount, steps, sampler, eta, noise };
  const told = (bind: (value: unknown, type: string) => string) => ({
    steps: bind(steps, 'smallint'),
    sampler: bind(sampler, 'text'),
    eta: bind(eta, 'real'),
    noise: bind(noise, 'text'),
  });
  return {
    bundle,
    batch: { task: 'xray-to-mri', parameters: {}, ...settings, seed, featureOverrides },
    source: filmOfExam,
    columns: (bind) => ({
      ...told(bind),
      slice_count: bind(sliceCount, 'smallint'),
      seed: 'seed',
      features: `grades || ${bind(featureOverrides, 'jsonb')}`,
      feature_overrides: bind(featureOverrides, 'jsonb'),
    }),
    key: (bind) =>
      keySql({
        ...told(bind),
        sliceCount: bind(sliceCount, 'smallint'),
        bundle: bind(bundle.sha256, 'text'),
        kneeDetector: bind(kneeDetector, 'text'),
        film: 'source.sha256',
        box: 'NULL::jsonb',
        side: 'exam.side',
        seed: 'seeded.seed',
        features: `(exam.grades || ${bind(featureOverrides, 'jsonb')})`,
      }),
  };
}
