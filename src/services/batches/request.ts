import { PRIORITY_RANGE, SEED_RULES, type SeedRule } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import type { Where } from '../filters/index.js';
import { checkClientKey, checkOneOf, checkWhole, type CohortRequest } from '../generations/index.js';

/** A wish for one result of every exam that a filter selects. Everything but the filter has a default. */
export interface BatchRequest extends CohortRequest {
  /** Filter of knee exams; a cohort is `inCohort`. */
  where: Where;
  /** The same filter in the API's own words, for the record. */
  written: object;
  /** What to call it, 1 to 200 characters; default: the name of the first cohort that the filter speaks of. */
  name?: string | null | undefined;
  /** The seed, or what the seeds are derived from; default: the task's, such that asking again finds what is there. */
  seed?: number | null | undefined;
  /** Default: FIXED. */
  seedRule?: SeedRule | null | undefined;
  /** -10 to 10, default 0; higher goes first. */
  priority?: number | null | undefined;
  /** Use results of the same key that are there; default true. */
  skipExisting?: boolean | null | undefined;
  /** The caller's own key: asking twice with one key gives one batch. */
  clientKey?: string | null | undefined;
}

const MAX_NAME_LENGTH = 200;

/**
 * Checks what of a request its task has no part in.
 *
 * @throws UserError BAD_USER_INPUT naming the field, its value and what is accepted
 */
export function checkBatchRequest(request: BatchRequest): void {
  checkClientKey(request.clientKey);
  checkWhole('priority', request.priority, PRIORITY_RANGE);
  checkOneOf('seedRule', request.seedRule, SEED_RULES);
  const { name } = request;
  if (name == null) return;
  if (name.trim().length < 1 || name.length > MAX_NAME_LENGTH || name.includes('\0') || !name.isWellFormed()) {
    throw new UserError('BAD_USER_INPUT', `name must have between 1 and ${MAX_NAME_LENGTH} characters.`);
  }
}
