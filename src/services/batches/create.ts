import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { FEATURE_CODES } from '../../domain/features.js';
import { encodeId } from '../../domain/global-ids.js';
import { Batch, Bundle } from '../../entities/index.js';
import { advanceBatch, completeBatch, lockBatch } from './transitions.js';
import { type GenerationQueue, topUp } from '../../scheduling/index.js';
import { audit } from '../audit.js';
import { expandCohorts } from '../cohorts/index.js';
import type { CohortActor } from '../cohorts/index.js';
import { namesBundle, resolveRecipe } from '../generations/recipe.js';
import { overridesOf } from '../generations/checks.js';
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
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED, LIMIT_EXCEEDED; CONFLICT when the client key was used for another
 *   request
 */
export async function createBatch(
  { dataSource, queue }: BatchServices,
  actor: CohortActor,
  request: BatchRequest,
): Promise<Batch> {
  checkBatchRequest(request);
  const batch = await dataSource.transaction(async (manager) => {
    const known = await findByKey(manager, actor, request.clientKey);
    if (known) {
      await refuseOtherRequest(manager, known, request);
      return known;
    }
    return enter(manager, actor, request);
  });
  await topUp(dataSource, queue);
  return batch;
}

async function enter(manager: EntityManager, actor: CohortActor, request: BatchRequest): Promise<Batch> {
  const { where, cohorts, names } = await expandCohorts(manager, actor, request.where);
  const recipe = await resolveRecipe(manager, { ...request, seed: request.seed ?? 0 });
  const { sliceCount, steps, sampler, eta, noise, seed, featureOverrides } = recipe;
  const id = randomUUID();
  await manager.insert(Batch, {
    ...{ id, sliceCount, steps, sampler, eta, noise, seed, featureOverrides: featureOverrides as object },
    name: request.name?.trim() ?? names.values().next().value ?? 'Knee exams',
    state: 'QUEUED',
    priority: request.priority ?? 0,
    filter: request.written,
    cohorts: cohorts.map((cohort) => ({
      ...cohort,
      id: encodeId('Cohort', cohort.id),
      name: names.get(cohort.id) ?? '',
    })),
    bundleId: recipe.bundle.id,
    seedRule: request.seedRule ?? 'FIXED',
    skipExisting: request.skipExisting ?? true,
    clientKey: request.clientKey ?? null,
    requestedById: actor.tokenId,
  });
  const batch = (await lockBatch(manager, id))!;
  const counted = await enterMembers(manager, batch, recipe, where);
  await advanceBatch(manager, batch, {
    counted,
    events: (counters) => [{ type: 'STATE_CHANGED', payload: { state: 'QUEUED', message: null, counters } }],
  });
  await completeBatch(manager, batch);
  const { where: _, written, ...named } = request;
  const detail = { ...named, filter: written, exams: counted };
  await audit(manager, { tokenId: actor.tokenId, action: 'synthesizeCohort', target: id, detail });
  return manager.findOneByOrFail(Batch, { id });
}

/** The batch with this key, if there is one. Whoever asks at the same time with the same key waits here. */
async function findByKey(
  manager: EntityManager,
  { tokenId }: CohortActor,
  clientKey?: string | null,
): Promise<Batch | null> {
  if (clientKey == null) return null;
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`batch ${tokenId} ${clientKey}`]);
  return manager
    .createQueryBuilder(Batch, 'batch')
    .where('client_key = :clientKey AND requested_by_id IS NOT DISTINCT FROM :tokenId', { clientKey, tokenId })
    .getOne();
}

/** What a repeated request leaves open may be anything; what it names must be what the first one got. */
async function refuseOtherRequest(manager: EntityManager, known: Batch, request: BatchRequest): Promise<void> {
  const { sliceCount, steps, eta, sampler, seed, noise, seedRule, priority, skipExisting, name } = request;
  const named = { sliceCount, steps, eta, sampler, seed, noise, seedRule, priority, skipExisting, name: name?.trim() };
  const fields = Object.entries(named)
    .filter(([field, value]) => value != null && value !== known[field as keyof typeof named])
    .map(([field]) => field);
  const overrides = overridesOf(request);
  if (!FEATURE_CODES.every((code) => overrides[code] === known.featureOverrides[code])) fields.push('features');
  if (JSON.stringify(request.written) !== JSON.stringify(known.filter)) fields.push('cohort or filter');
  const bundle = await manager.findOneByOrFail(Bundle, { id: known.bundleId });
  if (!namesBundle(request.bundle, bundle)) fields.push('bundle');
  if (fields.length > 0) {
    throw new UserError(
      'CONFLICT',
      `The clientKey ${JSON.stringify(request.clientKey)} was used for a batch with another ${fields.join(', ')}; use a new key for a new request.`,
    );
  }
}
