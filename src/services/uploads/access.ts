import { UserError } from '../../domain/errors.js';
import { mayReadUpload, type Principal, seesEverybodys, type TokenPrincipal } from '../../policy/index.js';
import type { Where } from '../filters/index.js';

/** What belongs to whoever brought it. */
type Owned = Parameters<typeof mayReadUpload>[0];

/**
 * An upload, and all that was made from it, is for its owner and for administrators.
 *
 * @throws UserError NOT_FOUND for anybody else, who learns nothing
 */
export function requireUploadReader(upload: Owned, principal: Principal, what: string): void {
  if (!mayReadUpload(upload, principal)) throw new UserError('NOT_FOUND', `There is no such ${what}.`);
}

/** The uploads that a list shows. */
export function uploadsFor(principal: TokenPrincipal): Where {
  return seesEverybodys(principal) ? {} : { owner: { eq: principal.tokenId } };
}

/** A filter of generations without those from uploads of others. */
export function generationsFor(principal: TokenPrincipal, where: Where | null): Where | null {
  if (seesEverybodys(principal)) return where;
  return { and: [where ?? {}, { or: [OF_EXAMS, { uploaded: uploadsFor(principal) }] }] };
}

/** Generations for exams alone. */
export const OF_EXAMS: Where = { upload: { isNull: true } };
