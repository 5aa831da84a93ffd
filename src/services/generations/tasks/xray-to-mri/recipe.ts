import { randomInt } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { UserError } from '../../../../domain/errors.js';
import type { Grades } from '../../../../domain/features.js';
import type { NoiseMode } from '../../../../domain/generations.js';
import type { Bundle } from '../../../../entities/index.js';
import type { SamplerName } from '../../../../inference/index.js';
import { newestKneeDetector } from '../../knee-detector.js';
import { chooseReadyBundle, manifestOf } from '../../../bundles/index.js';
import { MAX_SEED } from '../../checks.js';
import { overridesOf } from './checks.js';
import type { RecipeRequest } from './request.js';

/** A request with every default filled in. */
export interface Recipe {
  bundle: Bundle;
  /** SHA-256 of the knee detector there is; null without one. */
  kneeDetector: string | null;
  sliceCount: number;
  steps: number;
  sampler: SamplerName;
  eta: number;
  seed: number;
  noise: NoiseMode;
  featureOverrides: Grades;
}

/** @throws UserError BAD_USER_INPUT for what the bundle cannot do, NOT_FOUND, BUNDLE_REFUSED */
export async function resolveRecipe(manager: EntityManager, request: RecipeRequest): Promise<Recipe> {
  const bundle = await chooseReadyBundle(manager, request.bundle);
  const { sampler: preset, schedule } = manifestOf(bundle);
  const steps = request.steps ?? preset.steps;
  if (steps > schedule.trainSteps) {
    throw new UserError(
      'BAD_USER_INPUT',
      `steps is ${steps}; ${bundle.name} was trained with ${schedule.trainSteps} steps and accepts 1 to ${schedule.trainSteps}.`,
    );
  }
  const sampler = request.sampler ?? (preset.name === 'ddim' ? 'DDIM' : 'DPMPP_2M');
  const eta = request.eta ?? (sampler === 'DDIM' ? preset.eta : 0);
  if (sampler === 'DPMPP_2M' && eta !== 0) {
    throw new UserError('BAD_USER_INPUT', `eta is ${eta}; the sampler DPMPP_2M is deterministic and accepts 0 only.`);
  }
  return {
    bundle,
    kneeDetector: (await newestKneeDetector(manager))?.sha256 ?? null,
    sliceCount: request.sliceCount ?? 50,
    steps,
    sampler,
    eta,
    seed: request.seed ?? randomInt(MAX_SEED + 1),
    noise: request.noise ?? 'SHARED',
    featureOverrides: overridesOf(request),
  };
}
