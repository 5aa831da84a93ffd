import { type DataSource, In, IsNull } from 'typeorm';
import { UserError } from '../../../domain/errors.js';
import { decodeId, encodeId, type NodeType } from '../../../domain/global-ids.js';
import type { ArchiveChoice } from '../../../domain/exports.js';
import { Batch, Generation } from '../../../entities/index.js';
import type { Where } from '../../filters/index.js';
import { countSeries } from './select.js';

/** Volumes of one archive. */
const MAX_VOLUMES = 20_000;

/**
 * Checks what an archive is to hold.
 *
 * @throws UserError BAD_USER_INPUT for a filter that is wrong or selects nothing, NOT_FOUND for a generation or batch that there is not,
 *   CONFLICT for one without a volume, LIMIT_EXCEEDED for too many volumes
 */
export async function checkArchive(
  dataSource: DataSource,
  selection: Where | null,
  choice: ArchiveChoice,
): Promise<void> {
  if (choice.batch && !(await dataSource.getRepository(Batch).existsBy({ id: choice.batch }))) {
    throw new UserError('NOT_FOUND', 'There is no such batch.');
  }
  if (choice.generations) await checkGenerations(dataSource, choice.generations);
  const { count } = await countSeries(dataSource, selection, choice);
  if (count === 0) {
    const hint =
      (choice.generations ?? choice.batch)
        ? 'none of its generations has a volume yet. What other tasks make is downloaded file by file.'
        : 'no stored series fits. Without a condition on synthetic, only series that no bundle generated are meant.';
    throw new UserError('BAD_USER_INPUT', `The archive would be empty: ${hint}`);
  }
  if (count > MAX_VOLUMES) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The archive would hold ${count} volumes; at most ${MAX_VOLUMES} are allowed.`,
    );
  }
}

/** What a caller says of the series of an archive. */
export interface ArchiveWish {
  series?: Where | null | undefined;
  generationIds?: readonly string[] | null | undefined;
  batchId?: string | null | undefined;
  withReal?: boolean | null | undefined;
}

/**
 * A wish with its ids read; empty where nothing is said.
 *
 * @throws UserError BAD_USER_INPUT for ids of something else, and for what does not go together
 */
export function archiveChoice({ series, generationIds, batchId, withReal }: ArchiveWish): ArchiveChoice {
  if ([series, generationIds, batchId].filter((given) => given != null).length > 1) {
    throw new UserError(
      'BAD_USER_INPUT',
      'Of series, generationIds and batchId only one can say which volumes are meant.',
    );
  }
  if (withReal && !generationIds && !batchId) {
    throw new UserError(
      'BAD_USER_INPUT',
      'withReal adds to the volumes of generationIds or of batchId; give one of them.',
    );
  }
  return {
    ...(series ? { series } : {}),
    ...(generationIds ? { generations: generationIds.map((id) => keyOf('Generation', id, 'generationIds')) } : {}),
    ...(batchId ? { batch: keyOf('Batch', batchId, 'batchId') } : {}),
    ...(withReal ? { withReal } : {}),
  };
}

function keyOf(type: NodeType, id: string, name: string): string {
  const decoded = decodeId(id);
  if (decoded?.type === type) return String(decoded.key);
  throw new UserError('BAD_USER_INPUT', `${name}: ${JSON.stringify(id)} is not the id of a ${type}.`);
}

async function checkGenerations(dataSource: DataSource, ids: readonly string[]): Promise<void> {
  const rows = await dataSource.getRepository(Generation).find({
    where: { id: In([...ids]), uploadId: IsNull() },
    select: { id: true, state: true, sliceCount: true },
  });
  const states = new Map(rows.map(({ id, state, sliceCount }) => [id, sliceCount === null ? 'NO_VOLUME' : state]));
  for (const id of ids) {
    const state = states.get(id);
    if (!state)
      throw new UserError('NOT_FOUND', `There is no generation ${encodeId('Generation', id)} for a knee exam.`);
    if (state === 'NO_VOLUME') {
      throw new UserError(
        'CONFLICT',
        `The generation ${encodeId('Generation', id)} makes no volume; fetch its outputs.`,
      );
    }
    if (state !== 'SUCCEEDED') {
      throw new UserError('CONFLICT', `The generation ${encodeId('Generation', id)} is ${state} and has no volume.`);
    }
  }
}
