import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { Generation, queryRows } from '../../../../entities/index.js';
import type { Principal } from '../../../../policy/index.js';
import { enter } from '../../enter.js';
import { findGenerationsByKey, wantedId } from '../../keys.js';
import { type GenerationServices, requestOf } from '../../requests.js';
import { type GenerationTarget, resolveTarget } from '../../target.js';
import { checkRequest } from './checks.js';
import { keySql } from './keys.js';
import { resolveRecipe } from './recipe.js';
import type { GenerationRequest } from './request.js';

/**
 * Enters a generation of a volume and queues it. Asking again with the same client key gives the generation there is, also when both ask at
 * the same time.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; CONFLICT when the client key was used for another request
 */
export async function requestGeneration(
  services: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  request: GenerationRequest,
): Promise<Generation> {
  checkRequest(request);
  return requestOf(services, actor, request, {
    action: 'generateMri',
    resolve: async (manager) => ({ wanted: await wantedGeneration(manager, actor, request) }),
  });
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
  const entered = await enter(manager, {
    ...{ ...wanted, priority, id: randomUUID() },
    ...{ clientKey: request.clientKey ?? null, requestedById: actor.tokenId },
  });
  return { id: entered.id, found: false };
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
  const gradeGuidance = request.gradeGuidance ?? 1;
  const parameters = gradeGuidance === 1 ? {} : { gradeGuidance };
  const generation = { ...columns, ...recipe, bundleId: bundle.id, box, features, parameters };
  return { ...generation, key: await keyOf(manager, { ...generation, assetId, knee, kneeDetector, gradeGuidance }) };
}

type Keyed = Pick<
  Generation,
  'bundleId' | 'sliceCount' | 'steps' | 'sampler' | 'eta' | 'seed' | 'noise' | 'box' | 'features'
> &
  Pick<GenerationTarget, 'assetId' | 'knee'> & { kneeDetector: string | null; gradeGuidance: number };

async function keyOf(manager: EntityManager, keyed: Keyed): Promise<string> {
  const { assetId, knee, bundleId, sliceCount, steps, sampler, eta, seed, noise, box, features, kneeDetector } = keyed;
  const { gradeGuidance } = keyed;
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
    // Only where it changes anything, so that volumes from before keep their keys.
    ...(gradeGuidance === 1 ? {} : { gradeGuidance: '$13::real' }),
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
    ...(gradeGuidance === 1 ? [] : [gradeGuidance]),
  ]);
  return row!.key;
}
