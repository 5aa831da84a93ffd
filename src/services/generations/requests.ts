import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { Generation } from '../../entities/index.js';
import { enter, type NewGeneration } from './enter.js';
import { type Principal, requireOwnWork } from '../../policy/index.js';
import { type GenerationQueue, topUp } from '../../scheduling/index.js';
import { requestCancel } from './cancel.js';
import { advance, currentTraceparent } from '../../work/index.js';
import { asAsked, audit, findByClientKey } from '../access/index.js';
import { GENERATION } from './kind.js';

/** What asking for generations needs. */
export interface GenerationServices {
  dataSource: DataSource;
  queue: Pick<GenerationQueue, 'enqueue'>;
}

/** What a request comes to, and what is to be kept beside its row. */
export interface Wish {
  wanted: Omit<NewGeneration, 'id' | 'clientKey' | 'requestedById'>;
  /** Called once the row is there, in its transaction. */
  entered?(id: string): Promise<void>;
}

/**
 * Enters a generation of any task and queues it. Asking again with the same client key gives the generation there is, also when both ask
 * at the same time.
 *
 * @param action the mutation, for the audit
 * @param resolve what the request comes to with every default filled in
 * @throws UserError as `resolve`; CONFLICT when the client key was used for another request
 */
export async function requestOf<Request extends { clientKey?: string | null | undefined }>(
  { dataSource, queue }: GenerationServices,
  { tokenId }: Pick<Principal, 'tokenId'>,
  request: Request,
  { action, resolve }: { action: string; resolve(manager: EntityManager): Promise<Wish> },
): Promise<Generation> {
  const { clientKey = null } = request;
  const { generation, isNew } = await dataSource.transaction(async (manager) => {
    // One key is for one request, of whichever task.
    const asked = { ...asAsked(request), ...(action === 'generateMri' ? {} : { action }) };
    const known = await findByClientKey(
      manager,
      { entity: Generation, what: 'generation' },
      { tokenId, clientKey },
      asked,
    );
    if (known) return { generation: known, isNew: false };
    const { wanted, entered } = await resolve(manager);
    const keyed = { clientKey, requestedById: tokenId, ...(clientKey !== null && { request: asked }) };
    const { id } = await enter(manager, { ...wanted, ...keyed, id: randomUUID() });
    await entered?.(id);
    await audit(manager, { tokenId, action, target: id, detail: { ...request } });
    return { generation: await manager.findOneByOrFail(Generation, { id }), isNew: true };
  });
  if (isNew) await topUp(dataSource, queue);
  return generation;
}

/**
 * Cancels a generation, waiting or running; a running one stops within one denoiser step.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN, CONFLICT when it has already succeeded or failed
 */
export async function cancelGeneration(
  { dataSource }: GenerationServices,
  actor: Pick<Principal, 'tokenId' | 'role'>,
  id: string,
): Promise<Generation> {
  return dataSource.transaction(async (manager) => {
    const found = await manager.findOneBy(Generation, { id });
    if (found) requireOwnWork(found, actor, 'cancelGeneration');
    const generation = await requestCancel(manager, id);
    await audit(manager, { tokenId: actor.tokenId, action: 'cancelGeneration', target: id });
    return generation;
  });
}

/**
 * Queues a failed or canceled generation anew; the slices it has are kept.
 *
 * @throws UserError NOT_FOUND, FORBIDDEN, CONFLICT when it has succeeded or is still going
 */
export async function retryGeneration(
  { dataSource, queue }: GenerationServices,
  actor: Pick<Principal, 'tokenId' | 'role'>,
  id: string,
): Promise<Generation> {
  const generation = await dataSource.transaction(async (manager) => {
    for (;;) {
      const found = await manager.findOneBy(Generation, { id });
      if (!found) throw new UserError('NOT_FOUND', 'There is no such generation.');
      requireOwnWork(found, actor, 'retryGeneration');
      const { state } = found;
      if (state !== 'FAILED' && state !== 'CANCELED') {
        throw new UserError('CONFLICT', `The generation is ${state}; only a FAILED or CANCELED one can be retried.`);
      }
      const seen = { id, state, attempt: found.attempt };
      const set = { traceparent: currentTraceparent() };
      const done = await advance(manager, GENERATION, seen, { to: 'QUEUED', message: 'It was asked for again.', set });
      // Otherwise it has moved on since it was read.
      if (done !== undefined) break;
    }
    await audit(manager, { tokenId: actor.tokenId, action: 'retryGeneration', target: id });
    return manager.findOneByOrFail(Generation, { id });
  });
  await topUp(dataSource, queue);
  return generation;
}
