import { UserError } from '../../domain/errors.js';
import type { Role } from '../../domain/roles.js';
import type { UploadedRadiograph } from '../../entities/index.js';
import type { Where } from '../filters/compile.js';

/** Who asks. */
interface Asker {
  tokenId: number;
  role: Role;
}

/**
 * An upload, and all that was made from it, is for its owner and for administrators.
 *
 * @throws UserError NOT_FOUND for anybody else, who learns nothing
 */
export function requireUploadReader({ ownerId }: UploadedRadiograph, { tokenId, role }: Asker, what: string): void {
  if (role !== 'ADMIN' && ownerId !== tokenId) throw new UserError('NOT_FOUND', `There is no such ${what}.`);
}

/** The uploads that a list shows. */
export function uploadsFor({ tokenId, role }: Asker): Where {
  return role === 'ADMIN' ? {} : { owner: { eq: tokenId } };
}

/** A filter of generations without those from uploads of others. */
export function generationsFor(asker: Asker, where: Where | null): Where | null {
  if (asker.role === 'ADMIN') return where;
  return { and: [where ?? {}, { or: [OF_EXAMS, { uploaded: uploadsFor(asker) }] }] };
}

/** Generations for exams alone. */
export const OF_EXAMS: Where = { upload: { isNull: true } };
