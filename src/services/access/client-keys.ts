import { isDeepStrictEqual } from 'node:util';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import { UserError } from '../../domain/errors.js';

/** What a request with a client key leaves in its row. */
export interface Keyed extends ObjectLiteral {
  clientKey: string | null;
  requestedById: number | null;
  request: object | null;
}

/**
 * A request as it was asked, for the record: what was left out stays out, and null is the same as left out. The key is not part of it.
 *
 * @param filter whose nulls mean something, so that they stay
 */
export function asAsked(
  { clientKey: _, ...request }: { clientKey?: string | null | undefined },
  filter?: object,
): object {
  // As JSON knows it, so that it compares with what comes back from the database.
  const asked: object = JSON.parse(JSON.stringify(request, (_name, member: unknown) => member ?? undefined));
  return filter ? { ...asked, filter: JSON.parse(JSON.stringify(filter)) as object } : asked;
}

/**
 * What a token made with its client key, if it did; a token has keys of its own for each kind. Whoever asks at the same time with the same
 * key waits here until the transaction is over, so that which request comes first decides nothing.
 *
 * @param what in the words of the caller, e.g. "batch"
 * @param asked the request as {@link asAsked} gives it
 * @throws UserError CONFLICT when the key was used for another request, whichever leaves more open
 */
export async function findByClientKey<Row extends Keyed>(
  manager: EntityManager,
  { entity, what }: { entity: new () => Row; what: string },
  { tokenId, clientKey }: { tokenId: number | null; clientKey: string | null | undefined },
  asked: object,
): Promise<Row | null> {
  if (clientKey == null) return null;
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${what} ${tokenId} ${clientKey}`]);
  const known = await manager
    .createQueryBuilder(entity, 'known')
    .where('client_key = :clientKey AND requested_by_id IS NOT DISTINCT FROM :tokenId', { clientKey, tokenId })
    .getOne();
  const others = known ? differences(known.request ?? {}, asked) : [];
  if (others.length > 0) {
    throw new UserError(
      'CONFLICT',
      `The clientKey ${JSON.stringify(clientKey)} was used for a ${what} with another ${others.join(', ')}; use a new key for a new request.`,
    );
  }
  return known;
}

/** Names of what two requests say differently, or only one of them says. */
function differences(one: object, other: object): string[] {
  const [a, b] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => !isDeepStrictEqual(a.get(name), b.get(name))).sort();
}
