import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { PREFERRED_FEATURES, EVALUATION_LIMITS, type EvaluationArm } from '../../domain/evaluations.js';
import type { NoiseMode } from '../../domain/generations.js';
import type { Bundle } from '../../entities/index.js';
import type { SamplerName } from '../../inference/index.js';
import { chooseReadyBundle, manifestOf } from '../bundles/index.js';
import { checkRecipe, type FeatureOverride, overridesOf } from '../generations/index.js';

/** A set of grades to condition on, by name: an ablation or a what-if. */
export interface FeatureSet {
  name: string;
  /** Grades instead of those of the preferred reading; null = treat as missing. */
  overrides: readonly FeatureOverride[];
}

/** What is to be compared: every combination of these is an arm. */
export interface ArmsRequest {
  /** `name` or `name@version`, at least one. */
  bundles: readonly string[];
  /** Default: each bundle's own. */
  samplers?: readonly SamplerName[] | null | undefined;
  /** Default: each bundle's own. */
  steps?: readonly number[] | null | undefined;
  /** DDIM's eta; default: each bundle's own. */
  eta?: number | null | undefined;
  /** Default: 50. */
  sliceCounts?: readonly number[] | null | undefined;
  /** Default: the grades of the preferred reading alone. */
  featureSets?: readonly FeatureSet[] | null | undefined;
  noise?: NoiseMode | null | undefined;
}

/**
 * The arms of an evaluation with everything they leave open filled in from the bundles.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED, LIMIT_EXCEEDED
 */
export async function evaluationArms(manager: EntityManager, request: ArmsRequest): Promise<EvaluationArm[]> {
  if (request.bundles.length === 0) throw new UserError('BAD_USER_INPUT', 'bundles must name at least one bundle.');
  const bundles: Bundle[] = [];
  for (const name of request.bundles) bundles.push(await chooseReadyBundle(manager, name));
  const sets = featureSets(request.featureSets);
  const arms = bundles.flatMap((bundle) =>
    orOwn(request.samplers).flatMap((sampler) =>
      orOwn(request.steps).flatMap((steps) =>
        (request.sliceCounts?.length ? request.sliceCounts : [50]).flatMap((sliceCount) =>
          sets.map((set) => arm(bundle, { sampler, steps, sliceCount, set, eta: request.eta, noise: request.noise })),
        ),
      ),
    ),
  );
  if (arms.length > EVALUATION_LIMITS.arms) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `Bundles, samplers, steps, slice counts and feature sets make ${arms.length} arms; at most ${EVALUATION_LIMITS.arms} are accepted.`,
    );
  }
  const repeated = arms.find((one, index) => arms.slice(0, index).some((other) => identity(other) === identity(one)));
  if (repeated) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The arm "${labelOf(repeated, arms.length > 1 ? arms : [])}" is asked for twice.`,
    );
  }
  return arms.map((one) => ({ ...one, label: labelOf(one, arms) }));
}

/** What makes two arms one: everything but the label. */
function identity({ label: _, featureSet: __, ...rest }: EvaluationArm): string {
  return JSON.stringify(rest);
}

/** A list that was given, or one entry that stands for the bundle's own. */
function orOwn<T>(values: readonly T[] | null | undefined): readonly (T | null)[] {
  return values?.length ? values : [null];
}

function featureSets(asked: readonly FeatureSet[] | null | undefined): FeatureSet[] {
  const sets = asked?.length ? [...asked] : [{ name: PREFERRED_FEATURES, overrides: [] }];
  const names = sets.map(({ name }) => name.trim());
  const wrong = names.find((name, index) => name === '' || name.length > 60 || names.indexOf(name) !== index);
  if (wrong !== undefined) {
    throw new UserError(
      'BAD_USER_INPUT',
      `The feature set ${JSON.stringify(wrong)} needs a name of its own with 1 to 60 characters.`,
    );
  }
  return sets.map(({ name, overrides }) => ({ name: name.trim(), overrides }));
}

interface ArmChoice {
  sampler: SamplerName | null;
  steps: number | null;
  sliceCount: number;
  set: FeatureSet;
  eta: number | null | undefined;
  noise: NoiseMode | null | undefined;
}

function arm(bundle: Bundle, { sampler, steps, sliceCount, set, eta, noise }: ArmChoice): EvaluationArm {
  checkRecipe({ sampler, steps, sliceCount, eta, noise, features: set.overrides });
  const { sampler: preset, schedule } = manifestOf(bundle);
  const chosen = sampler ?? (preset.name === 'ddim' ? 'DDIM' : 'DPMPP_2M');
  const count = steps ?? preset.steps;
  if (count > schedule.trainSteps) {
    throw new UserError(
      'BAD_USER_INPUT',
      `steps is ${count}; ${bundle.name} was trained with ${schedule.trainSteps} steps and accepts 1 to ${schedule.trainSteps}.`,
    );
  }
  return {
    bundleId: bundle.id,
    bundle: `${bundle.name}@${bundle.version}`,
    sampler: chosen,
    steps: count,
    eta: chosen === 'DDIM' ? (eta ?? preset.eta) : 0,
    sliceCount,
    noise: noise ?? 'SHARED',
    featureSet: set.name,
    overrides: overridesOf({ features: set.overrides }),
    label: '',
  };
}

/** The bundle, and what else differs between the arms. */
function labelOf(one: EvaluationArm, arms: readonly EvaluationArm[]): string {
  const differs = (property: keyof EvaluationArm) => new Set(arms.map((other) => other[property])).size > 1;
  const parts = [
    ...(differs('bundle') || arms.length < 2 ? [one.bundle] : []),
    ...(differs('sampler') ? [one.sampler] : []),
    ...(differs('steps') ? [`${one.steps} step${one.steps === 1 ? '' : 's'}`] : []),
    ...(differs('sliceCount') ? [`${one.sliceCount} slices`] : []),
    ...(differs('featureSet') ? [one.featureSet] : []),
  ];
  return parts.join(', ') || one.bundle;
}
