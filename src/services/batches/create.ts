import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { encodeId } from '../../domain/global-ids.js';
import { Batch } from '../../entities/index.js';
import { advanceBatch, completeBatch, lockBatch } from './transitions.js';
import { type GenerationQueue, topUp } from '../../scheduling/index.js';
import { asAsked, audit, findByClientKey } from '../access/index.js';
import { expandCohorts } from '../cohorts/index.js';
import { type Principal, requirePriority } from '../../policy/index.js';
import { recipeForCohort, recordedForCohort } from '../generations/index.js';
import { pinVersions } from '../variables/index.js';
import { enterMembers } from './enter.js';
import { type BatchRequest, checkBatchRequest } from './request.js';

/** What batches need. */
export interface BatchServices {
  dataSource: DataSource;
  queue: Pick<GenerationQueue, 'enqueue'>;
}

/**
 * Makes a batch: freezes the exams that the filter selects at this moment, and enters a generation for each that needs one. All of
 * it or nothing. Asking again with the same client key gives the batch there is, also when both ask at the same time.
 *
 * @throws UserError FORBIDDEN, BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED, LIMIT_EXCEEDED; CONFLICT when the client key was used for another
 *   request
 */
export async function createBatch(
  { dataSource, queue }: BatchServices,
  actor: Principal,
  request: BatchRequest,
): Promise<Batch> {
  checkBatchRequest(request);
  requirePriority(request.priority ?? 0, actor);
  const batch = await dataSource.transaction(async (manager) => {
    const { where: _, written, ...named } = recordedForCohort(request);
    const asked = asAsked(named, written);
    const key = { tokenId: actor.tokenId, clientKey: request.clientKey };
    const known = await findByClientKey(manager, { entity: Batch, what: 'batch' }, key, asked);
    return known ?? enter(manager, actor, request, asked);
  });
  await topUp(dataSource, queue);
  return batch;
}

async function enter(manager: EntityManager, actor: Principal, request: BatchRequest, asked: object): Promise<Batch> {
  const recipe = await recipeForCohort(manager, request);
  const { where, cohorts, names } = await expandCohorts(manager, actor, request.where);
  const filter = await pinVersions(manager, request.written);
  const id = randomUUID();
  await manager.insert(Batch, {
    ...{ ...(recipe.batch as object), id },
    name: request.name?.trim() ?? names.values().next().value ?? 'Knee exams',
    state: 'QUEUED',
    priority: request.priority ?? 0,
    filter,
    cohorts: cohorts.map((cohort) => ({
      ...cohort,
      id: encodeId('Cohort', cohort.id),
      name: names.get(cohort.id) ?? '',
    })),
    bundleId: recipe.bundle.id,
    seedRule: request.seedRule ?? 'FIXED',
    skipExisting: request.skipExisting ?? true,
    clientKey: request.clientKey ?? null,
    request: request.clientKey == null ? null : asked,
    requestedById: actor.tokenId,
  });
  const batch = (await lockBatch(manager, id))!;
  const counted = await enterMembers(manager, batch, recipe, where);
  await advanceBatch(manager, batch, {
    counted,
    events: (counters) => [{ type: 'STATE_CHANGED', payload: { state: 'QUEUED', message: null, counters } }],
  });
  await completeBatch(manager, batch);
  const { where: _, written: _written, ...named } = recordedForCohort(request);
  const detail = { ...named, filter, exams: counted };
  await audit(manager, { tokenId: actor.tokenId, action: 'synthesizeCohort', target: id, detail });
  return manager.findOneByOrFail(Batch, { id });
}
