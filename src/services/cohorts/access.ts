import type { DataSource, EntityManager } from 'typeorm';
import type { CohortVisibility } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import type { Role } from '../../domain/roles.js';
import { ApiToken, Cohort } from '../../entities/index.js';
import type { Where } from '../filters/compile.js';

/** Who asks: the viewer of a request, or the machine's own command line (no token, ADMIN). */
export interface CohortActor {
  tokenId: number | null;
  role: Role;
}

export const COMMAND_LINE: CohortActor = { tokenId: null, role: 'ADMIN' };

type Owned = Pick<Cohort, 'ownerId' | 'visibility'>;

/** Whether the actor may read a cohort whose id they have. */
export function mayRead(cohort: Owned, actor: CohortActor): boolean {
  return cohort.visibility !== 'PRIVATE' || mayChange(cohort, actor);
}

/** Whether the actor may change, share and delete a cohort: its owner and administrators may. */
export function mayChange({ ownerId }: Owned, { tokenId, role }: CohortActor): boolean {
  return role === 'ADMIN' || (tokenId !== null && tokenId === ownerId);
}

/** Whose rights the filter of a cohort is read with. */
export async function ownerOf(database: DataSource | EntityManager, { ownerId }: Owned): Promise<CohortActor> {
  if (ownerId === null) return COMMAND_LINE;
  const { role } = await database.getRepository(ApiToken).findOneByOrFail({ id: ownerId });
  return { tokenId: ownerId, role };
}

/** The cohorts that a list shows the actor; those shared by link are found by their id alone. */
export function listedFor({ tokenId, role }: CohortActor, mine: boolean): Where {
  const own = { owner: tokenId === null ? { isNull: true } : { eq: tokenId } };
  if (mine) return own;
  if (role === 'ADMIN') return {};
  return { or: [{ visibility: { eq: 'READERS' satisfies CohortVisibility } }, own] };
}

/**
 * @param id key of the cohort.
 * @throws UserError NOT_FOUND when there is none or the actor may not read it: a stranger learns nothing.
 */
export async function findCohort(
  database: DataSource | EntityManager,
  actor: CohortActor,
  id: string,
): Promise<Cohort> {
  const cohort = await database.getRepository(Cohort).findOneBy({ id });
  if (!cohort || !mayRead(cohort, actor)) throw new UserError('NOT_FOUND', 'There is no such cohort.');
  return cohort;
}

/** @throws UserError NOT_FOUND as {@link findCohort}, FORBIDDEN when the actor may read it but not change it. */
export async function findOwnCohort(
  database: DataSource | EntityManager,
  actor: CohortActor,
  id: string,
): Promise<Cohort> {
  const cohort = await findCohort(database, actor, id);
  if (mayChange(cohort, actor)) return cohort;
  throw new UserError(
    'FORBIDDEN',
    `The cohort "${cohort.name}" is changed by its owner and by administrators; make one of your own from it instead.`,
  );
}
