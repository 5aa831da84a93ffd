import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { Generation } from '../../entities/index.js';
import { advance, CANCEL_CHANNEL } from './transitions.js';

/**
 * Cancels a generation from any process: a waiting one at once, a running one by asking its worker, which stops within one
 * denoiser step. Cancelling a canceled one changes nothing.
 *
 * @throws UserError NOT_FOUND, CONFLICT when it has already succeeded or failed
 */
export async function requestCancel(manager: EntityManager, id: string): Promise<Generation> {
  for (;;) {
    const generation = await manager.findOneBy(Generation, { id });
    if (!generation) throw new UserError('NOT_FOUND', 'There is no such generation.');
    const { state } = generation;
    if (state === 'CANCELED') return generation;
    if (state === 'SUCCEEDED' || state === 'FAILED') {
      throw new UserError(
        'CONFLICT',
        `The generation has already ${state.toLowerCase()}; only a queued or running one can be canceled.`,
      );
    }
    const done =
      state === 'QUEUED'
        ? await advance(manager, { ...generation, state }, { to: 'CANCELED' })
        : (await askToStop(manager, { id })) || undefined;
    // Otherwise it has moved on since it was read.
    if (done !== undefined) return manager.findOneByOrFail(Generation, { id });
  }
}

/**
 * Marks running generations and tells their workers; the mark is for a worker that misses the message.
 *
 * @returns how many they were
 */
export async function askToStop(manager: EntityManager, which: { id: string } | { batchId: string }): Promise<number> {
  const [column, key] = 'id' in which ? ['id', which.id] : ['batch_id', which.batchId];
  const rows = (await manager.query(
    `WITH marked AS (UPDATE generation SET cancel_requested = true WHERE ${column} = $1 AND state = 'RUNNING' RETURNING id)
     SELECT pg_notify($2, id::text) FROM marked`,
    [key, CANCEL_CHANNEL],
  )) as unknown[];
  return rows.length;
}
