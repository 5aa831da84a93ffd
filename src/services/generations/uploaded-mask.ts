import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { type Asset, GenerationOutput, UploadedMask, UploadedRadiograph } from '../../entities/index.js';
import { mayGenerateFromUpload } from '../../policy/index.js';
import { readAsset } from '../../storage/index.js';
import { DamagedData } from '../../work/index.js';
import { refuse } from './checks.js';
import type { TaskAttempt } from './tasks/task.js';

/**
 * An uploaded image that says where something is hidden. Whoever else asks learns nothing of an upload.
 *
 * @param of what it hides parts of, e.g. "the film", and its size where that is known
 * @throws UserError NOT_FOUND; BAD_USER_INPUT for another size
 */
export async function findMask(
  manager: EntityManager,
  tokenId: number | null,
  id: string,
  of: { name: string; size: { rows: number; columns: number } | null },
): Promise<UploadedRadiograph> {
  const mask = await manager.findOne(UploadedRadiograph, {
    where: { id },
    lock: { mode: 'for_key_share', tables: ['uploaded_radiograph'] },
    relations: { asset: true },
  });
  requireOwnMask(mask, tokenId);
  const { name, size } = of;
  if (size && (mask.rows !== size.rows || mask.columns !== size.columns)) {
    refuse(
      `The mask is ${mask.columns} x ${mask.rows} pixels and ${name} ${size.columns} x ${size.rows}; they must be of one size.`,
    );
  }
  return mask;
}

/**
 * An uploaded volume that says where something is hidden.
 *
 * @throws UserError NOT_FOUND for what is not there or another's
 */
export async function findMaskVolume(
  manager: EntityManager,
  tokenId: number | null,
  id: string,
): Promise<UploadedMask> {
  const mask = await manager.findOne(UploadedMask, {
    where: { id },
    lock: { mode: 'for_key_share', tables: ['uploaded_mask'] },
    relations: { asset: true },
  });
  requireOwnMask(mask, tokenId);
  return mask;
}

function requireOwnMask<Mask extends { ownerId: number }>(
  mask: Mask | null,
  tokenId: number | null,
): asserts mask is Mask {
  if (mask && mayGenerateFromUpload(mask, { tokenId })) return;
  throw new UserError('NOT_FOUND', 'There is no such uploaded mask.');
}

/**
 * The file of a mask that was given with a request, and its bytes.
 *
 * @param name what it is called where it is gone, e.g. "The mask"
 * @throws DamagedData when it is not there any more
 */
export async function readMask(
  { dataSource, store, generation }: Pick<TaskAttempt, 'dataSource' | 'store' | 'generation'>,
  name: string,
  index = 0,
): Promise<{ asset: Asset; bytes: Buffer }> {
  const given = await dataSource.manager.findOne(GenerationOutput, {
    where: { generationId: generation.id, kind: 'MASK', index },
    relations: { asset: true },
  });
  if (!given) throw new DamagedData(`${name} of generation ${generation.id} is not there any more.`);
  return { asset: given.asset, bytes: await readAsset(store, given.asset, 'The mask') };
}
