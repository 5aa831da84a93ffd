import { expandCohorts } from '../services/cohorts/index.js';
import type { Where } from '../services/filters/index.js';
import type { Context } from './context.js';

/**
 * A filter as the caller gave it, with every `inCohort` replaced by what the cohort holds for this viewer. Whatever compiles a
 * caller's filter asks for this first.
 *
 * @throws UserError as expandCohorts does.
 */
export async function readyFilter<T extends Where | null | undefined>(
  { platform, viewer }: Context,
  where: T,
): Promise<T> {
  return (await expandCohorts(platform.dataSource, viewer, where)).where;
}
