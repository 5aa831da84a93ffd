import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import type { NodeType } from '../domain/global-ids.js';

/** The database key behind an id of a kind. @throws UserError BAD_USER_INPUT when it is none. */
export function keyOf(argument: string, type: NodeType, id: string): string {
  const decoded = decodeId(id);
  if (decoded?.type === type) return String(decoded.key);
  throw new UserError('BAD_USER_INPUT', `${argument} must be the id of a ${type}.`);
}
