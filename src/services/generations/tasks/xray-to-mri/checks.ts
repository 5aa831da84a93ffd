import { FEATURES, type Grades, isFeatureCode, isValidGrade, maxGrade } from '../../../../domain/features.js';
import {
  GRADE_GUIDANCE_RANGE,
  NOISE_MODES,
  SLICE_COUNT_RANGE,
  STEP_COUNT_RANGE,
} from '../../../../domain/generations.js';
import { SAMPLERS } from '../../../../inference/index.js';
import { checkClientKey, checkOneOf, checkTarget, checkWhole, MAX_SEED, refuse } from '../../checks.js';
import type { GenerationRequest, RecipeRequest } from './request.js';

/**
 * Checks everything in a request that can be checked without the database.
 *
 * @throws UserError BAD_USER_INPUT naming the field, its value and what is accepted
 */
export function checkRequest(request: GenerationRequest): void {
  checkTarget(request);
  checkRecipe(request);
  const { gradeGuidance } = request;
  const { min, max } = GRADE_GUIDANCE_RANGE;
  if (gradeGuidance != null && !(gradeGuidance >= min && gradeGuidance <= max)) {
    refuse(`gradeGuidance is ${gradeGuidance}; it must be a number from ${min} to ${max}.`);
  }
}

/**
 * Checks how volumes are to be made, and the caller's own key.
 *
 * @throws UserError BAD_USER_INPUT as {@link checkRequest}
 */
export function checkRecipe(request: RecipeRequest & { clientKey?: string | null | undefined }): void {
  const { sliceCount, steps, eta, sampler, seed, noise, clientKey } = request;
  checkWhole('sliceCount', sliceCount, SLICE_COUNT_RANGE);
  checkWhole('steps', steps, STEP_COUNT_RANGE);
  checkWhole('seed', seed, { min: 0, max: MAX_SEED });
  if (eta != null && !(eta >= 0 && eta <= 1)) refuse(`eta is ${eta}; it must be a number from 0 to 1.`);
  checkOneOf('sampler', sampler, SAMPLERS);
  checkOneOf('noise', noise, NOISE_MODES);
  checkClientKey(clientKey);
  overridesOf(request);
}

/**
 * The overrides of a request by feature.
 *
 * @throws UserError BAD_USER_INPUT for an unknown or repeated feature and a grade outside its domain
 */
export function overridesOf({ features }: RecipeRequest): Grades {
  const overrides: Grades = {};
  for (const { feature, grade = null } of features ?? []) {
    if (!isFeatureCode(feature)) {
      const known = FEATURES.map(({ code }) => code).join(', ');
      refuse(`'${String(feature)}' is not a radiographic feature; accepted: ${known}.`);
    }
    if (feature in overrides) refuse(`The feature ${feature} is overridden twice.`);
    if (grade !== null && !isValidGrade(feature, grade)) {
      refuse(`The grade of ${feature} is ${grade}; it must be 0 to ${maxGrade(feature)}, or null for missing.`);
    }
    overrides[feature] = grade;
  }
  return overrides;
}
