import type { DataSource, EntityManager } from 'typeorm';
import type { CohortVisibility } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { ApiToken, Cohort } from '../../entities/index.js';
import { COMMAND_LINE, mayChangeCohort, mayReadCohort, type Principal, seesEverybodys } from '../../policy/index.js';
import type { Where } from '../filters/index.js';

type Owned = Pick<Cohort, 'ownerId' | 'visibility'>;

/** Whose rights the filter of a cohort is read with. */
export async function ownerOf(database: DataSource | EntityManager, { ownerId }: Owned): Promise<Principal> {
  if (ownerId === null) return COMMAND_LINE;
  const { role, name } = await database.getRepository(ApiToken).findOneByOrFail({ id: ownerId });
  return { tokenId: ownerId, name, role, project: null };
}

/** The cohorts that a list shows the actor; those shared by link are found by their id alone. */
export function listedFor(principal: Principal, mine: boolean): Where {
  const { tokenId } = principal;
  const own = { owner: tokenId === null ? { isNull: true } : { eq: tokenId } };
  if (mine) return own;
  if (seesEverybodys(principal)) return {};
  return { or: [{ visibility: { eq: 'READERS' satisfies CohortVisibility } }, own] };
}

/**
 * @param id key of the cohort.
 * @throws UserError NOT_FOUND when there is none or the actor may not read it: a stranger learns nothing.
 */
export async function findCohort(database: DataSource | EntityManager, actor: Principal, id: string): Promise<Cohort> {
  const cohort = await database.getRepository(Cohort).findOneBy({ id });
  if (!cohort || !mayReadCohort(cohort, actor)) throw new UserError('NOT_FOUND', 'There is no such cohort.');
  return cohort;
}

/** @throws UserError NOT_FOUND as {@link findCohort}, FORBIDDEN when the actor may read it but not change it. */
export async function findOwnCohort(
  database: DataSource | EntityManager,
  actor: Principal,
  id: string,
): Promise<Cohort> {
  const cohort = await findCohort(database, actor, id);
  if (mayChangeCohort(cohort, actor)) return cohort;
  throw new UserError(
    'FORBIDDEN',
    `The cohort "${cohort.name}" is changed by its owner and by administrators; make one of your own from it instead.`,
  );
}
