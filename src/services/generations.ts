import { randomInt, randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { FEATURE_CODES, type FeatureCode, type Grades } from '../domain/features.js';
import type { NoiseMode } from '../domain/generations.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { Side } from '../domain/participants.js';
import { Bundle, Generation } from '../entities/index.js';
import type { SamplerName } from '../inference/index.js';
import { advance, enter, type GenerationQueue, type QueuedGeneration, requestCancel } from '../jobs/index.js';
import { audit } from './audit.js';
import { chooseReadyBundle, manifestOf } from './bundles.js';
import { checkRequest, LARGEST_SEED, overridesOf } from './generation-request.js';
import { resolveTarget } from './generation-target.js';

/** What asking for generations needs. */
export interface GenerationServices {
  dataSource: DataSource;
  queue: Pick<GenerationQueue, 'enqueue'>;
}

/** On whose behalf: the token of a request, or null for the command line on the machine itself. */
export interface Actor {
  tokenId: number | null;
}

/** A wish for one volume. Everything but the target has a default. */
export interface GenerationRequest {
  /** The exam; its own film is taken, else the bilateral one of its visit. */
  examId?: number | null | undefined;
  /** The film; a bilateral one also needs `examId` or `side`. */
  radiographId?: number | null | undefined;
  side?: Side | null | undefined;
  /** `name` or `name@version`; default: the newest that is READY. */
  bundle?: string | null | undefined;
  /** 2 to 500; default 50, the trained stack. */
  sliceCount?: number | null | undefined;
  /** 1 to 2000; default: the bundle's. */
  steps?: number | null | undefined;
  /** DDIM's eta, 0 to 1; default: the bundle's. */
  eta?: number | null | undefined;
  /** Default: the bundle's. */
  sampler?: SamplerName | null | undefined;
  /** 0 to 2^31 - 1; default: drawn at random. */
  seed?: number | null | undefined;
  /** Default: SHARED. */
  noise?: NoiseMode | null | undefined;
  /** The square of the film to use, film pixels; default: found on the film. */
  box?: SquareBox | null | undefined;
  /** Grades to use instead of the consensus ones; null = treat as missing. */
  features?: readonly FeatureOverride[] | null | undefined;
  /** The caller's own key: asking twice with one key gives one generation. */
  clientKey?: string | null | undefined;
}

export interface FeatureOverride {
  feature: FeatureCode;
  grade?: number | null | undefined;
}

/**
 * Enters a generation and queues it. Asking again with the same client key gives the generation there is, also when both ask at
 * the same time.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; CONFLICT when the client key was used for another request
 */
export async function requestGeneration(
  { dataSource, queue }: GenerationServices,
  actor: Actor,
  request: GenerationRequest,
): Promise<Generation> {
  checkRequest(request);
  const { generation, queued } = await dataSource.transaction(async (manager) => {
    const known = await findByKey(manager, actor, request.clientKey);
    if (known) {
      await refuseOtherRequest(manager, known, request);
      return { generation: known };
    }
    const queued = await enterRequest(manager, actor, request);
    const { id } = queued;
    await audit(manager, { tokenId: actor.tokenId, action: 'generateMri', target: id, detail: { ...request } });
    return { generation: await manager.findOneByOrFail(Generation, { id }), queued };
  });
  if (queued) await queue.enqueue([queued]);
  return generation;
}

/**
 * Cancels a generation, waiting or running; a running one stops within one denoiser step.
 *
 * @throws UserError NOT_FOUND, CONFLICT when it has already succeeded or failed
 */
export async function cancelGeneration(
  { dataSource }: GenerationServices,
  actor: Actor,
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
  actor: Actor,
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
      const done = await advance(manager, seen, { to: 'QUEUED', message: 'It was asked for again.' });
      // Otherwise it has moved on since it was read.
      if (done !== undefined) break;
    }
    await audit(manager, { tokenId: actor.tokenId, action: 'retryGeneration', target: id });
    return manager.findOneByOrFail(Generation, { id });
  });
  await queue.enqueue([{ id, attempt: generation.attempt }]);
  return generation;
}

async function enterRequest(
  manager: EntityManager,
  actor: Actor,
  request: GenerationRequest,
): Promise<QueuedGeneration> {
  const { exam, radiograph } = await resolveTarget(manager, request);
  const bundle = await chooseReadyBundle(manager, request.bundle);
  const { sampler: preset, schedule } = manifestOf(bundle);
  const steps = request.steps ?? preset.steps;
  if (steps > schedule.trainSteps) {
    throw new UserError(
      'BAD_USER_INPUT',
      `steps is ${steps}; ${bundle.name} was trained with ${schedule.trainSteps} and accepts 1 to that.`,
    );
  }
  const sampler = request.sampler ?? (preset.name === 'ddim' ? 'DDIM' : 'DPMPP_2M');
  const eta = request.eta ?? (sampler === 'DDIM' ? preset.eta : 0);
  if (sampler === 'DPMPP_2M' && eta !== 0) {
    throw new UserError('BAD_USER_INPUT', `eta is ${eta}; the sampler DPMPP_2M is deterministic and accepts 0 only.`);
  }
  const featureOverrides = overridesOf(request);
  const consensus = Object.fromEntries(FEATURE_CODES.map((code) => [code, exam.grades[code]])) as Grades;
  return enter(manager, {
    id: randomUUID(),
    examId: exam.id,
    radiographId: radiograph.id,
    bundleId: bundle.id,
    sliceCount: request.sliceCount ?? 50,
    steps,
    sampler,
    eta,
    seed: request.seed ?? randomInt(LARGEST_SEED + 1),
    noise: request.noise ?? 'SHARED',
    box: request.box ?? null,
    features: { ...consensus, ...featureOverrides },
    featureOverrides,
    clientKey: request.clientKey ?? null,
    requestedById: actor.tokenId,
  });
}

/** The generation with this key, if there is one. Whoever asks at the same time with the same key waits here. */
async function findByKey(
  manager: EntityManager,
  { tokenId }: Actor,
  clientKey?: string | null,
): Promise<Generation | null> {
  if (clientKey == null) return null;
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`generation ${tokenId} ${clientKey}`]);
  return manager
    .createQueryBuilder(Generation, 'generation')
    .where('client_key = :clientKey AND requested_by_id IS NOT DISTINCT FROM :tokenId', { clientKey, tokenId })
    .getOne();
}

/** What a repeated request leaves open may be anything; what it names must be what the first one got. */
async function refuseOtherRequest(
  manager: EntityManager,
  known: Generation,
  request: GenerationRequest,
): Promise<void> {
  const { examId, radiographId, sliceCount, steps, eta, sampler, seed, noise } = request;
  const named = { examId, radiographId, sliceCount, steps, eta, sampler, seed, noise };
  const fields = Object.entries(named)
    .filter(([name, value]) => value != null && value !== known[name as keyof typeof named])
    .map(([name]) => name);
  const { box } = request;
  if (box && !(['left', 'top', 'side'] as const).every((key) => box[key] === known.box?.[key])) fields.push('box');
  const overrides = overridesOf(request);
  if (!FEATURE_CODES.every((code) => overrides[code] === known.featureOverrides[code])) fields.push('features');
  if (request.bundle) {
    const { name, version } = await manager.findOneByOrFail(Bundle, { id: known.bundleId });
    if (request.bundle !== name && request.bundle !== `${name}@${version}`) fields.push('bundle');
  }
  if (fields.length > 0) {
    throw new UserError(
      'CONFLICT',
      `The clientKey ${JSON.stringify(request.clientKey)} was used for a request with another ${fields.join(', ')}; use a new key for a new request.`,
    );
  }
}
