import { isFinalBatchState } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import { BatchMember, Batch, Generation } from '../../entities/index.js';
import { type Principal, requireOwnWork } from '../../policy/index.js';
import { removeUnclaimed } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { type Deletion, refuseNeeded, removeGenerations } from '../generations/index.js';
import { lockBatch } from './transitions.js';

/**
 * Removes a batch that is over, with its log and every volume that was made for it, rows and files. Volumes that it took over from
 * elsewhere stay.
 *
 * @throws UserError NOT_FOUND; FORBIDDEN for another's; CONFLICT while it is not over, and where another batch, a reader study or
 *   an evaluation under way needs one of its volumes
 */
export async function deleteBatch(
  { dataSource, store }: Deletion,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  id: string,
): Promise<void> {
  const files = await dataSource.transaction(async (manager) => {
    const batch = await lockBatch(manager, id);
    if (!batch) throw new UserError('NOT_FOUND', 'There is no such batch.');
    requireOwnWork(batch, principal, 'deleteBatch');
    if (!isFinalBatchState(batch.state)) {
      throw new UserError('CONFLICT', `The batch is ${batch.state}; cancel it first.`);
    }
    const made = await manager.find(Generation, {
      select: { id: true },
      where: { batchId: id },
      lock: { mode: 'pessimistic_write' },
    });
    const ids = made.map((generation) => generation.id);
    await refuseNeeded(manager, ids, id, 'A volume of this batch');
    const { name, state, filter, cohorts, bundleId } = batch;
    const detail = { name, state, filter, cohorts, bundleId, generations: ids.length };
    await audit(manager, { tokenId: principal.tokenId, action: 'deleteBatch', target: id, detail });
    const removed = await removeGenerations(manager, ids);
    await manager.delete(BatchMember, { batchId: id });
    await manager.delete(Batch, { id });
    return removed;
  });
  await removeUnclaimed(dataSource, store, files);
}
