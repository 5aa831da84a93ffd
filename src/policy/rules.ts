import type { CohortVisibility } from '../domain/cohorts.js';
import { UserError } from '../domain/errors.js';
import { roleIncludes } from '../domain/roles.js';
import type { Role } from '../domain/roles.js';
import type { Principal } from './principal.js';

type Asking = Pick<Principal, 'tokenId' | 'role'>;

/** @throws UserError FORBIDDEN when the role does not include `needed`. */
export function requireRole({ role }: Pick<Principal, 'role'>, needed: Role, what: string): void {
  if (roleIncludes(role, needed)) return;
  throw new UserError('FORBIDDEN', `${what} needs the role ${needed}; this token has ${role}.`);
}

/** Whether lists show what everybody owns; others see what is their own, or shared with them. */
export function seesEverybodys({ role }: Pick<Principal, 'role'>): boolean {
  return role === 'ADMIN';
}

/** Whether the principal may change, share and delete a cohort: its owner and administrators may. */
export function mayChangeCohort({ ownerId }: { ownerId: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(ownerId, principal);
}

/** Whether the principal may remove a rule for what arrives: whoever added it and administrators may. */
export function mayChangeArrivalRule({ createdById }: { createdById: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(createdById, principal);
}

/** Whether the principal may see, change and remove a webhook with its deliveries: its owner and administrators may. */
export function mayManageWebhook({ ownerId }: { ownerId: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(ownerId, principal);
}

/** Whether the principal may read a cohort whose id they have. */
export function mayReadCohort(
  cohort: { ownerId: number | null; visibility: CohortVisibility },
  principal: Asking,
): boolean {
  return cohort.visibility !== 'PRIVATE' || mayChangeCohort(cohort, principal);
}

/** Whether the principal may change and delete a derived variable: its owner and administrators may. Every reader may use it. */
export function mayChangeDerivedVariable({ ownerId }: { ownerId: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(ownerId, principal);
}

/** Whether the principal may change and delete a measurement: whoever made it, while they may see images, and administrators may. */
export function mayChangeMeasurement({ requestedById: byId }: { requestedById: number }, principal: Asking): boolean {
  return roleIncludes(principal.role, 'READER') && ownsOrAdministers(byId, principal);
}

/** Whether the principal may take a tag away: whoever put it and administrators may. */
export function mayRemoveTag({ createdById: byId }: { createdById: number }, principal: Asking): boolean {
  return ownsOrAdministers(byId, principal);
}

/** Whether the principal may delete a note: whoever wrote it and administrators may. Nobody changes another's. */
export function mayDeleteNote({ createdById: byId }: { createdById: number }, principal: Asking): boolean {
  return ownsOrAdministers(byId, principal);
}

/** Whether the principal may see and delete an uploaded radiograph, and see what was made from it. */
export function mayReadUpload({ ownerId }: { ownerId: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(ownerId, principal);
}

/** Whether the principal may have volumes made from an uploaded radiograph: only its owner, not even administrators. */
export function mayGenerateFromUpload(
  { ownerId }: { ownerId: number | null },
  { tokenId }: Pick<Principal, 'tokenId'>,
): boolean {
  return owns(ownerId, tokenId);
}

/** Whether the principal may see, fetch and cancel an export. */
export function mayReadExport({ requestedById }: { requestedById: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(requestedById, principal);
}

/**
 * Who asked for work, and administrators, may steer it and delete what it made; others may only see it.
 *
 * @throws UserError FORBIDDEN
 */
export function requireOwnWork(
  { requestedById }: { requestedById: number | null },
  principal: Asking,
  what: string,
): void {
  if (ownsOrAdministers(requestedById, principal)) return;
  throw new UserError('FORBIDDEN', `${what} is only for whoever asked for the work, and for administrators.`);
}

/**
 * Work goes ahead of everybody else's only for administrators; anybody may let others go first.
 *
 * @throws UserError FORBIDDEN
 */
export function requirePriority(priority: number, { role }: Pick<Principal, 'role'>): void {
  if (priority <= 0 || roleIncludes(role, 'ADMIN')) return;
  throw new UserError('FORBIDDEN', `priority is ${priority}; above 0 it is only for administrators.`);
}

/** Whether the principal may close a reader study. */
export function mayManageStudy({ createdById }: { createdById: number | null }, principal: Asking): boolean {
  return ownsOrAdministers(createdById, principal);
}

/** Whether the principal may go on with somebody's way through a reader study: nobody answers for another. */
export function mayAnswerSession(
  { readerId }: { readerId: number | null },
  { tokenId }: Pick<Principal, 'tokenId'>,
): boolean {
  return owns(readerId, tokenId);
}

/**
 * Whether the principal may see the results of a study: who reads it, once they have finished or it is closed; who manages it, unless they
 * are still reading it.
 *
 * @param session the principal's own way through it, if there is one
 */
export function maySeeStudyResults(
  study: { createdById: number | null; state: string },
  session: { finished: boolean } | undefined,
  principal: Asking,
): boolean {
  return session ? session.finished || study.state === 'CLOSED' : mayManageStudy(study, principal);
}

function ownsOrAdministers(ownerId: number | null, principal: Asking): boolean {
  return seesEverybodys(principal) || owns(ownerId, principal.tokenId);
}

/** What nobody's token owns is the machine's own, and the command line's role sees to that. */
function owns(ownerId: number | null, tokenId: number | null): boolean {
  return tokenId !== null && tokenId === ownerId;
}
