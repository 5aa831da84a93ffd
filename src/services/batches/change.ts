import type { EntityManager } from 'typeorm';
import { type BatchState, isFinalBatchState } from '../../domain/batches.js';
import { UserError } from '../../domain/errors.js';
import type { Batch } from '../../entities/index.js';
import { topUp } from '../../scheduling/index.js';
import { advanceAll, askToStop } from '../../work/index.js';
import { audit } from '../access/index.js';
import { GENERATION } from '../generations/index.js';
import { type Principal, requireOwnWork } from '../../policy/index.js';
import type { BatchServices } from './create.js';
import { advanceBatch, completeBatch, lockBatch } from './transitions.js';

type Actor = Pick<Principal, 'tokenId' | 'role'>;

/**
 * Stops handing out a batch's generations; those that run go on to their end. Pausing a paused one changes nothing.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN, CONFLICT when it is over or being canceled
 */
export function pauseBatch(services: BatchServices, actor: Actor, id: string): Promise<Batch> {
  return change(services, actor, 'pauseBatch', id, async (manager, batch) => {
    refuse(isFinalBatchState(batch.state), batch.state, 'only a waiting or running one can be paused');
    if (batch.cancelRequested) throw new UserError('CONFLICT', 'The batch is being canceled; it cannot be paused.');
    if (batch.state !== 'PAUSED') await advanceBatch(manager, batch, { to: 'PAUSED' });
  });
}

/**
 * Goes on with a paused batch. Resuming one that is not paused changes nothing.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN, CONFLICT when it is over
 */
export function resumeBatch(services: BatchServices, actor: Actor, id: string): Promise<Batch> {
  return change(services, actor, 'resumeBatch', id, async (manager, batch) => {
    refuse(isFinalBatchState(batch.state), batch.state, 'only a paused one can be resumed');
    if (batch.state === 'PAUSED') await advanceBatch(manager, batch, { to: batch.startedAt ? 'RUNNING' : 'QUEUED' });
  });
}

/**
 * Cancels what waits at once and asks what runs to stop, which it does within one denoiser step; then the batch is CANCELED.
 * Cancelling a canceled one changes nothing.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN, CONFLICT when it is over
 */
export function cancelBatch(services: BatchServices, actor: Actor, id: string): Promise<Batch> {
  return change(services, actor, 'cancelBatch', id, async (manager, batch) => {
    if (batch.state === 'CANCELED' || batch.cancelRequested) return;
    refuse(isFinalBatchState(batch.state), batch.state, 'only one that is not over can be canceled');
    const message = 'Its batch was canceled.';
    const canceled = await advanceAll(manager, GENERATION, of(id), 'QUEUED', { to: 'CANCELED', message });
    await askToStop(manager, GENERATION, of(id));
    const { running } = batch;
    const still = `It is being canceled; ${running} of its generations still run.`;
    await advanceBatch(manager, batch, {
      counted: { waiting: -canceled, canceled },
      cancelRequested: true,
      ...(running > 0 ? { to: 'RUNNING', message: still } : {}),
    });
    await completeBatch(manager, batch);
  });
}

/**
 * Queues the failed and canceled generations of a batch that is over anew; the slices they have are kept.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN, CONFLICT when it is not over, or has nothing to retry
 */
export function retryBatch(services: BatchServices, actor: Actor, id: string): Promise<Batch> {
  return change(services, actor, 'retryBatch', id, async (manager, batch) => {
    const { state, failed, canceled } = batch;
    refuse(!isFinalBatchState(state), state, 'only one that is over can be retried; cancel it first');
    refuse(failed + canceled === 0, state, 'none of its generations has failed or was canceled');
    const message = 'Its batch was asked for again.';
    await advanceAll(manager, GENERATION, of(id), 'FAILED', { to: 'QUEUED', message });
    await advanceAll(manager, GENERATION, of(id), 'CANCELED', { to: 'QUEUED', message });
    await advanceBatch(manager, batch, {
      to: 'QUEUED',
      message: `${failed + canceled} of its generations were asked for again.`,
      counted: { waiting: failed + canceled, failed: -failed, canceled: -canceled },
      cancelRequested: false,
    });
  });
}

/** Makes a change to the locked batch, leaves its audit row, and looks at what should run next. */
async function change(
  { dataSource, queue }: BatchServices,
  actor: Actor,
  action: string,
  id: string,
  work: (manager: EntityManager, batch: Batch) => Promise<void>,
): Promise<Batch> {
  const batch = await dataSource.transaction(async (manager) => {
    const locked = await lockBatch(manager, id);
    if (!locked) throw new UserError('NOT_FOUND', 'There is no such batch.');
    requireOwnWork(locked, actor, action);
    await work(manager, locked);
    await audit(manager, { tokenId: actor.tokenId, action, target: id });
    return locked;
  });
  await topUp(dataSource, queue);
  return batch;
}

/** The generations of a batch. */
function of(batchId: string): { column: string; value: string } {
  return { column: 'batch_id', value: batchId };
}

function refuse(refused: boolean, state: BatchState, what: string): void {
  if (refused) throw new UserError('CONFLICT', `The batch is ${state}; ${what}.`);
}
