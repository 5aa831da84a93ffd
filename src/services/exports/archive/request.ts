import { type DataSource, In, IsNull } from 'typeorm';
import { UserError } from '../../../domain/errors.js';
import { aNode, decodeId, encodeId, type NodeType } from '../../../domain/global-ids.js';
import type { ArchiveChoice, ArchiveFormat } from '../../../domain/exports.js';
import { Batch, Generation } from '../../../entities/index.js';
import type { Where } from '../../filters/index.js';
import { countGenerations } from './select-generations.js';
import { countSeries } from './select-series.js';

/** Volumes, or generations, of one archive. */
const MAX_ITEMS = 20_000;

/**
 * Checks what an archive is to hold.
 *
 * @throws UserError BAD_USER_INPUT for a filter that is wrong or selects nothing, NOT_FOUND for a generation or batch that there is not,
 *   CONFLICT for one that has not made what is asked for, LIMIT_EXCEEDED for too many volumes or generations
 */
export async function checkArchive(
  dataSource: DataSource,
  selection: Where | null,
  choice: ArchiveChoice,
  format: ArchiveFormat,
): Promise<void> {
  const ofFiles = format === 'FILES_ZIP';
  if (ofFiles && (choice.withReal || !(choice.generations ?? choice.batch))) {
    throw new UserError(
      'BAD_USER_INPUT',
      'FILES_ZIP holds what generations made and nothing else: give generationIds or batchId alone.',
    );
  }
  if (choice.batch && !(await dataSource.getRepository(Batch).existsBy({ id: choice.batch }))) {
    throw new UserError('NOT_FOUND', 'There is no such batch.');
  }
  if (choice.generations) await checkGenerations(dataSource, choice.generations, !ofFiles);
  const count = ofFiles
    ? await countGenerations(dataSource, selection, choice)
    : (await countSeries(dataSource, selection, choice)).count;
  if (count === 0) {
    const hint = ofFiles
      ? `none of its generations${selection ? ' for exams that fit' : ''} has made anything yet.`
      : (choice.generations ?? choice.batch)
        ? 'none of its generations has a volume yet. FILES_ZIP takes what other tasks make.'
        : 'no stored series fits. Without a condition on synthetic, only series that no bundle generated are meant.';
    throw new UserError('BAD_USER_INPUT', `The archive would be empty: ${hint}`);
  }
  if (count > MAX_ITEMS) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The archive would hold ${count} ${ofFiles ? 'generations' : 'volumes'}; at most ${MAX_ITEMS} are allowed.`,
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
  throw new UserError('BAD_USER_INPUT', `${name}: ${JSON.stringify(id)} is not the id of ${aNode(type)}.`);
}

async function checkGenerations(dataSource: DataSource, ids: readonly string[], volumes: boolean): Promise<void> {
  const rows = await dataSource.getRepository(Generation).find({
    where: { id: In([...ids]), uploadId: IsNull() },
    select: { id: true, state: true, sliceCount: true },
  });
  const states = new Map(
    rows.map(({ id, state, sliceCount }) => [id, volumes && sliceCount === null ? 'NO_VOLUME' : state]),
  );
  for (const id of ids) {
    const state = states.get(id);
    if (!state)
      throw new UserError('NOT_FOUND', `There is no generation ${encodeId('Generation', id)} for a knee exam.`);
    if (state === 'NO_VOLUME') {
      throw new UserError(
        'CONFLICT',
        `The generation ${encodeId('Generation', id)} makes no volume; ask for FILES_ZIP.`,
      );
    }
    if (state !== 'SUCCEEDED') {
      throw new UserError(
        'CONFLICT',
        `The generation ${encodeId('Generation', id)} is ${state} and has ${volumes ? 'no volume' : 'made nothing yet'}.`,
      );
    }
  }
}
