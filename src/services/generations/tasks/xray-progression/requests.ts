import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { SINGLE_PRIORITY } from '../../../../domain/batches.js';
import { type Generation, queryRows, Radiograph, UploadedRadiograph } from '../../../../entities/index.js';
import type { Principal } from '../../../../policy/index.js';
import { chooseReadyBundle } from '../../../bundles/index.js';
import { newestKneeDetector } from '../../knee-detector.js';
import { type GenerationServices, requestOf, type Wish } from '../../requests.js';
import { type GenerationTarget, resolveTarget } from '../../target.js';
import { progressionKeySql } from './keys.js';
import type { ProgressionParameters } from './parameters.js';
import { checkProgression, type ProgressionRequest, progressionWish } from './request.js';

export type { ProgressionRequest } from './request.js';

/**
 * Enters the progression of a knee and queues it. Asking again with the same client key gives the generation there is.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; CONFLICT when the client key was used for another request
 */
export async function requestProgression(
  services: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  request: ProgressionRequest,
): Promise<Generation> {
  checkProgression(request);
  return requestOf(services, actor, request, {
    action: 'generateProgression',
    resolve: (manager) => wishOf(manager, actor, request),
  });
}

async function wishOf(
  manager: EntityManager,
  { tokenId }: Pick<Principal, 'tokenId'>,
  request: ProgressionRequest,
): Promise<Wish> {
  const target = await resolveTarget(manager, tokenId, request);
  const ownKl = request.ownKl ?? target.grades['XRKL'] ?? null;
  const wish = progressionWish(request, ownKl);
  const bundle = await chooseReadyBundle(manager, request.bundle, 'xray-progression');
  const { name, version, sha256 } = await chooseReadyBundle(manager, undefined, 'radiograph-reading');
  const film = await sizeOf(manager, target);
  const parameters: ProgressionParameters = { ...wish, ownKl, grader: { name, version, sha256 }, film };
  return {
    wanted: {
      ...target.columns,
      ...{ box: target.box, parameters, bundleId: bundle.id, key: await keyOf(manager, bundle.id, target, parameters) },
      ...{ task: 'xray-progression', steps: 1, seed: null, eta: 0, priority: request.priority ?? SINGLE_PRIORITY },
    },
  };
}

async function sizeOf(
  manager: EntityManager,
  { columns: { radiographId, uploadId } }: GenerationTarget,
): Promise<ProgressionParameters['film']> {
  const row =
    uploadId === null
      ? await manager.findOneByOrFail(Radiograph, { id: radiographId! })
      : await manager.findOneByOrFail(UploadedRadiograph, { id: uploadId });
  const { rows, columns } = row;
  return rows === null || columns === null ? null : { rows, columns };
}

async function keyOf(
  manager: EntityManager,
  bundleId: number,
  { assetId, knee, box }: GenerationTarget,
  parameters: ProgressionParameters,
): Promise<string> {
  const kneeDetector = box === null ? await newestKneeDetector(manager) : undefined;
  const key = progressionKeySql({
    bundle: 'b.sha256',
    film: 'a.sha256',
    parameters: '$3::jsonb',
    knee: '$4::text',
    box: '$5::jsonb',
    kneeDetector: '$6::text',
  });
  const statement = `SELECT ${key} AS key FROM asset a, bundle b WHERE a.id = $1 AND b.id = $2`;
  const values = [assetId, bundleId, parameters, knee, box, kneeDetector?.sha256 ?? null];
  const [row] = await queryRows(manager, z.object({ key: z.string() }), statement, values);
  return row!.key;
}
