import { PRIORITY_RANGE, SEED_RULES, type SeedRule } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import type { Where } from '../filters/index.js';
import { checkOneOf, checkWhole } from '../generations/checks.js';
import { checkRecipe } from '../generations/tasks/xray-to-mri/checks.js';
import type { RecipeRequest } from '../generations/tasks/xray-to-mri/request.js';

/** A wish for one volume of every exam that a filter selects. Everything but the filter has a default. */
export interface BatchRequest extends RecipeRequest {
  /** Filter of knee exams; a cohort is `inCohort`. */
  where: Where;
  /** The same filter in the API's own words, for the record. */
  written: object;
  /** What to call it, 1 to 200 characters; default: the name of the first cohort that the filter speaks of. */
  name?: string | null | undefined;
  /** The seed, or what the seeds are derived from; default 0, so that asking again finds what is there. */
  seed?: number | null | undefined;
  /** Default: FIXED. */
  seedRule?: SeedRule | null | undefined;
  /** -10 to 10, default 0; higher goes first. */
  priority?: number | null | undefined;
  /** Use volumes of the same key that are there; default true. */
  skipExisting?: boolean | null | undefined;
  /** The caller's own key: asking twice with one key gives one batch. */
  clientKey?: string | null | undefined;
}

const MAX_NAME_LENGTH = 200;

/**
 * Checks everything in a request that can be checked without the database.
 *
 * @throws UserError BAD_USER_INPUT naming the field, its value and what is accepted
 */
export function checkBatchRequest(request: BatchRequest): void {
  checkRecipe(request);
  checkWhole('priority', request.priority, PRIORITY_RANGE);
  checkOneOf('seedRule', request.seedRule, SEED_RULES);
  const { name } = request;
  if (name != null && (name.trim().length < 1 || name.length > MAX_NAME_LENGTH || name.includes('\0'))) {
    throw new UserError('BAD_USER_INPUT', `name must have between 1 and ${MAX_NAME_LENGTH} characters.`);
  }
}
