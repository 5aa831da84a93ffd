import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { Generation, queryRows } from '../../entities/index.js';
import { enter, type NewGeneration } from './enter.js';
import type { Principal } from '../../policy/index.js';
import { type GenerationQueue, topUp } from '../../scheduling/index.js';
import { requestCancel } from './cancel.js';
import { advance, currentTraceparent } from '../../work/index.js';
import { asAsked, audit, findByClientKey } from '../access/index.js';
import { findGenerationsByKey, keySql, wantedId } from './keys.js';
import { GENERATION } from './kind.js';
import { resolveRecipe } from './recipe.js';
import type { GenerationRequest } from './request.js';
import { checkRequest } from './checks.js';
import { type GenerationTarget, resolveTarget } from './target.js';

/** What asking for generations needs. */
export interface GenerationServices {
  dataSource: DataSource;
  queue: Pick<GenerationQueue, 'enqueue'>;
}

/**
 * Enters a generation and queues it. Asking again with the same client key gives the generation there is, also when both ask at
 * the same time.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; CONFLICT when the client key was used for another request
 */
export async function requestGeneration(
  { dataSource, queue }: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  request: GenerationRequest,
): Promise<Generation> {
  checkRequest(request);
  const { generation, entered } = await dataSource.transaction(async (manager) => {
    const asked = asAsked(request);
    const key = { tokenId: actor.tokenId, clientKey: request.clientKey };
    const known = await findByClientKey(manager, { entity: Generation, what: 'generation' }, key, asked);
    if (known) return { generation: known };
    const wanted = await wantedGeneration(manager, actor, request);
    const { id } = await enterWanted(manager, actor, request, {
      ...wanted,
      ...(request.clientKey != null && { request: asked }),
    });
    await audit(manager, { tokenId: actor.tokenId, action: 'generateMri', target: id, detail: { ...request } });
    return { generation: await manager.findOneByOrFail(Generation, { id }), entered: true };
  });
  if (entered) await topUp(dataSource, queue);
  return generation;
}

/**
 * Cancels a generation, waiting or running; a running one stops within one denoiser step.
 *
 * @throws UserError NOT_FOUND, CONFLICT when it has already succeeded or failed
 */
export async function cancelGeneration(
  { dataSource }: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  id: string,
): Promise<Generation> {
  return dataSource.transaction(async (manager) => {
    const generation = await requestCancel(manager, id);
    await audit(manager, { tokenId: actor.tokenId, action: 'cancelGeneration', target: id });
    return generation;
  });
}

/**
 * Queues a failed or canceled generation anew; the slices it has are kept.
 *
 * @throws UserError NOT_FOUND, CONFLICT when it has succeeded or is still going
 */
export async function retryGeneration(
  { dataSource, queue }: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  id: string,
): Promise<Generation> {
  const generation = await dataSource.transaction(async (manager) => {
    for (;;) {
      const found = await manager.findOneBy(Generation, { id });
      if (!found) throw new UserError('NOT_FOUND', 'There is no such generation.');
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

/**
 * The generation that gives the volume of an exam: one that has been scored, runs or waits with the very same inputs, else a new one. The caller
 * puts what is new into the queue once the transaction is over.
 *
 * @param priority of a new one; that of one which is there stays
 * @throws UserError as {@link requestGeneration}
 */
export async function findOrEnter(
  manager: EntityManager,
  actor: Pick<Principal, 'tokenId'>,
  request: GenerationRequest & { examId: number },
  priority: number,
): Promise<{ id: string; found: boolean }> {
  const { examId } = request;
  const wanted = await wantedGeneration(manager, actor, request);
  const { key } = wanted;
  const known = await findGenerationsByKey(manager, [{ examId, key }], ['SUCCEEDED', 'RUNNING', 'QUEUED']);
  const found = known.get(wantedId({ examId, key }));
  if (found) {
    const { state, ssim, cancelRequested } = await manager.findOneByOrFail(Generation, { id: found.id });
    // One from before the exam's series was imported has no scores.
    if (state === 'SUCCEEDED' ? ssim !== null : !cancelRequested) return { id: found.id, found: true };
  }
  return { id: (await enterWanted(manager, actor, request, { ...wanted, priority })).id, found: false };
}

function enterWanted(
  manager: EntityManager,
  actor: Pick<Principal, 'tokenId'>,
  { clientKey }: GenerationRequest,
  wanted: Omit<NewGeneration, 'id' | 'clientKey' | 'requestedById'>,
): Promise<{ id: string }> {
  return enter(manager, { ...wanted, id: randomUUID(), clientKey: clientKey ?? null, requestedById: actor.tokenId });
}

/** What a request comes to with every default filled in, and its key. */
async function wantedGeneration(
  manager: EntityManager,
  { tokenId }: Pick<Principal, 'tokenId'>,
  request: GenerationRequest,
) {
  const { columns, assetId, knee, box, grades } = await resolveTarget(manager, tokenId, request);
  const { bundle, kneeDetector, ...recipe } = await resolveRecipe(manager, request);
  const features = { ...grades, ...recipe.featureOverrides };
  const generation = { ...columns, ...recipe, bundleId: bundle.id, box, features };
  return { ...generation, key: await keyOf(manager, { ...generation, assetId, knee, kneeDetector }) };
}

type Keyed = Pick<
  Generation,
  'bundleId' | 'sliceCount' | 'steps' | 'sampler' | 'eta' | 'seed' | 'noise' | 'box' | 'features'
> &
  Pick<GenerationTarget, 'assetId' | 'knee'> & { kneeDetector: string | null };

async function keyOf(manager: EntityManager, keyed: Keyed): Promise<string> {
  const { assetId, knee, bundleId, sliceCount, steps, sampler, eta, seed, noise, box, features, kneeDetector } = keyed;
  const key = keySql({
    bundle: 'b.sha256',
    film: 'a.sha256',
    side: '$3::text',
    sliceCount: '$4::integer',
    steps: '$5::integer',
    sampler: '$6::text',
    eta: '$7::real',
    seed: '$8::integer',
    noise: '$9::text',
    box: '$10::jsonb',
    features: '$11::jsonb',
    kneeDetector: '$12::text',
  });
  const statement = `SELECT ${key} AS key FROM asset a, bundle b WHERE a.id = $1 AND b.id = $2`;
  const [row] = await queryRows(manager, z.object({ key: z.string() }), statement, [
    assetId,
    bundleId,
    knee,
    sliceCount,
    steps,
    sampler,
    eta,
    seed,
    noise,
    box,
    features,
    kneeDetector,
  ]);
  return row!.key;
}
