import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';
import { queryRows, type Work } from '../entities/index.js';
import type { WorkKind } from './kind.js';
import type { LogBody } from './states.js';
import { advance } from './transitions.js';

/** PostgreSQL channel on which a cancellation of running work is announced as "<table>:<id>". */
export const CANCEL_CHANNEL = 'work_cancel';

/**
 * Cancels work from any process: what waits at once, what runs as its kind says. Canceled work, and work that is over, is left as
 * it is, and the caller sees that by its state.
 *
 * @throws UserError NOT_FOUND
 */
export async function cancelWork<R extends Work, B extends LogBody>(
  manager: EntityManager,
  kind: WorkKind<R, B>,
  id: R['id'],
  message?: string,
): Promise<R> {
  const where = { id } as FindOptionsWhere<R>;
  for (;;) {
    const row = await manager.findOneBy(kind.entity, where);
    if (!row) throw new UserError('NOT_FOUND', `There is no such ${kind.name}.`);
    if (row.state !== 'QUEUED' && row.state !== 'RUNNING') return row;
    const done =
      row.state === 'QUEUED' || kind.cancels === 'AT_ONCE'
        ? await advance(manager, kind, row, { to: kind.canceled, ...(message === undefined ? {} : { message }) })
        : (await askToStop(manager, kind, { column: 'id', value: String(id) })) || undefined;
    // Otherwise it has moved on since it was read.
    if (done === undefined) continue;
    if (row.state === 'RUNNING' && kind.cancels === 'AT_ONCE') {
      await manager.query('SELECT pg_notify($1, $2)', [CANCEL_CHANNEL, `${kind.table}:${id}`]);
    }
    return manager.findOneByOrFail(kind.entity, where);
  }
}

/**
 * Marks running work and tells whoever is at it; the mark is for one that misses the message.
 *
 * @returns how many they were
 */
export async function askToStop(
  manager: EntityManager,
  { table }: Pick<WorkKind, 'table'>,
  { column, value }: { column: string; value: string },
): Promise<number> {
  const rows = await queryRows(
    manager,
    z.object({ id: z.union([z.string(), z.number()]) }),
    `WITH marked AS (UPDATE ${table} SET cancel_requested = true WHERE ${column} = $1 AND state = 'RUNNING' RETURNING id)
     SELECT id, pg_notify($2, '${table}:' || id) FROM marked`,
    [value, CANCEL_CHANNEL],
  );
  return rows.length;
}
