import { UserError } from '../../domain/errors.js';
import { FEATURES, type Grades, isFeatureCode, isValidGrade, maxGrade } from '../../domain/features.js';
import { MIN_BOX, type SquareBox } from '../../domain/knee-box.js';
import { NOISE_MODES, SLICE_COUNT_RANGE, STEP_COUNT_RANGE } from '../../domain/generations.js';
import { SAMPLERS } from '../../inference/index.js';
import type { GenerationRequest, RecipeRequest, TargetRequest } from './request.js';

export const MAX_SEED = 2 ** 31 - 1;

const MAX_KEY_LENGTH = 200;

/**
 * Checks everything in a request that can be checked without the database.
 *
 * @throws UserError BAD_USER_INPUT naming the field, its value and what is accepted
 */
export function checkRequest(request: GenerationRequest): void {
  checkTarget(request);
  checkRecipe(request);
}

/** Checks what is said of the film and the knee that are meant. @throws UserError BAD_USER_INPUT */
export function checkTarget({ examId, radiographId, uploadId, box }: TargetRequest): void {
  if (examId == null && radiographId == null && uploadId == null) {
    refuse('One of examId, radiographId and uploadId must say which radiograph is meant.');
  }
  if (uploadId != null && (examId != null || radiographId != null)) {
    refuse('An uploaded radiograph belongs to no exam; give uploadId alone.');
  }
  if (box != null) checkBox(box);
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
  if (clientKey != null && (clientKey.length < 1 || clientKey.length > MAX_KEY_LENGTH || clientKey.includes('\0'))) {
    refuse(`clientKey must have between 1 and ${MAX_KEY_LENGTH} characters.`);
  }
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

function checkBox({ left, top, side }: SquareBox): void {
  if (![left, top, side].every(Number.isFinite) || side < MIN_BOX) {
    refuse(`box is ${left},${top} of side ${side}; its side must be at least ${MIN_BOX} film pixels.`);
  }
}

/** @throws UserError BAD_USER_INPUT */
export function checkWhole(
  name: string,
  value: number | null | undefined,
  { min, max }: { min: number; max: number },
): void {
  if (value == null || (Number.isInteger(value) && value >= min && value <= max)) return;
  refuse(`${name} is ${value}; it must be a whole number from ${min} to ${max}.`);
}

/** @throws UserError BAD_USER_INPUT */
export function checkOneOf(name: string, value: string | null | undefined, accepted: readonly string[]): void {
  if (value != null && !accepted.includes(value)) refuse(`${name} is '${value}'; accepted: ${accepted.join(', ')}.`);
}

function refuse(sentence: string): never {
  throw new UserError('BAD_USER_INPUT', sentence);
}
