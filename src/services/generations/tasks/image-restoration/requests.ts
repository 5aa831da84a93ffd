import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { SINGLE_PRIORITY } from '../../../../domain/batches.js';
import { type Generation, GenerationOutput, queryRows } from '../../../../entities/index.js';
import type { Principal } from '../../../../policy/index.js';
import { chooseReadyBundle, manifestOf } from '../../../bundles/index.js';
import { type GenerationServices, requestOf, type Wish } from '../../requests.js';
import { type FilmTarget, resolveFilm } from '../../target.js';
import { findMask } from '../../uploaded-mask.js';
import { restorationKeySql } from './keys.js';
import { checkRestoration, parametersFor, type RestorationRequest, stepsFor } from './request.js';

export type { RestorationRequest } from './request.js';

/**
 * Enters the restoration of a film and queues it. Asking again with the same client key gives the generation there is.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; CONFLICT when the client key was used for another request
 */
export async function requestRestoration(
  services: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  request: RestorationRequest,
): Promise<Generation> {
  checkRestoration(request);
  return requestOf(services, actor, request, {
    action: 'restoreRadiograph',
    resolve: (manager) => wishOf(manager, actor, request),
  });
}

async function wishOf(
  manager: EntityManager,
  { tokenId }: Pick<Principal, 'tokenId'>,
  request: RestorationRequest,
): Promise<Wish> {
  const film = await resolveFilm(manager, tokenId, request);
  const bundle = await chooseReadyBundle(manager, request.bundle, 'image-restoration');
  const restorer = manifestOf(bundle, 'image-restoration');
  const parameters = parametersFor(request, restorer, film.size);
  const steps = stepsFor(request, restorer);
  const mask = request.inpaint
    ? await findMask(manager, tokenId, request.inpaint.maskUploadId, { name: 'the film', size: film.size })
    : undefined;
  const seed = request.seed ?? null;
  const told = { parameters, steps, seed, bundleId: bundle.id };
  const key = await keyOf(manager, { ...told, film, maskId: mask?.assetId ?? null });
  return {
    wanted: {
      ...{ ...film.columns, ...told, key },
      ...{ task: 'image-restoration', eta: 0, priority: request.priority ?? SINGLE_PRIORITY },
    },
    async entered(generationId) {
      if (!mask) return;
      const { rows, columns, assetId } = mask;
      await manager.insert(GenerationOutput, { generationId, kind: 'MASK', rows, columns, assetId });
    },
  };
}

interface Keyed {
  bundleId: number;
  film: FilmTarget;
  maskId: number | null;
  parameters: object;
  steps: number;
  seed: number | null;
}

async function keyOf(manager: EntityManager, keyed: Keyed): Promise<string> {
  const { bundleId, film, maskId, parameters, steps, seed } = keyed;
  const key = restorationKeySql({
    bundle: 'b.sha256',
    film: 'a.sha256',
    mask: '(SELECT m.sha256 FROM asset m WHERE m.id = $3)',
    parameters: '$4::jsonb',
    steps: '$5::integer',
    seed: '$6::integer',
  });
  const statement = `SELECT ${key} AS key FROM asset a, bundle b WHERE a.id = $1 AND b.id = $2`;
  const values = [film.assetId, bundleId, maskId, parameters, steps, seed];
  const [row] = await queryRows(manager, z.object({ key: z.string() }), statement, values);
  return row!.key;
}
