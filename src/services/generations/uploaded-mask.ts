import type { EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { UploadedRadiograph } from '../../entities/index.js';
import { mayGenerateFromUpload } from '../../policy/index.js';
import { refuse } from './checks.js';

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
  if (!mask || !mayGenerateFromUpload(mask, { tokenId })) {
    throw new UserError('NOT_FOUND', 'There is no such uploaded mask.');
  }
  const { name, size } = of;
  if (size && (mask.rows !== size.rows || mask.columns !== size.columns)) {
    refuse(
      `The mask is ${mask.columns} x ${mask.rows} pixels and ${name} ${size.columns} x ${size.rows}; they must be of one size.`,
    );
  }
  return mask;
}
