import { UserError } from '../domain/errors.js';
import type { KneeExamOrderInput } from '../schema/orders.js';
import { resolveNumbers } from '../services/numbers/index.js';
import type { Order } from '../services/paging/index.js';
import type { Context } from './context.js';

/**
 * An order of knee exams as the caller gave it, with what the names of its numbers mean.
 *
 * @throws UserError BAD_USER_INPUT for a term that names not exactly one of field and number, and as {@link resolveNumbers}
 */
export async function readyOrder(
  { platform }: Context,
  orderBy: readonly KneeExamOrderInput[] | null | undefined,
): Promise<Order[] | null> {
  if (!orderBy) return null;
  const wanted = orderBy.flatMap(({ number }) => number ?? []);
  const numbers = wanted.length > 0 ? await resolveNumbers(platform.dataSource, wanted, 'orderBy') : [];
  return orderBy.map(({ field, number, direction }) => {
    if (Boolean(field) === Boolean(number)) {
      throw new UserError('BAD_USER_INPUT', 'orderBy: each term takes either field or number.');
    }
    return field ? { field, direction } : { number: numbers[wanted.indexOf(number!)]!, direction };
  });
}
