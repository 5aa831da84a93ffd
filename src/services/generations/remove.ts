import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { isFinalState } from '../../domain/generations.js';
import { Generation, queryRows } from '../../entities/index.js';
import { type Principal, requireOwnWork } from '../../policy/index.js';
import { type BlobStore, removeUnclaimed } from '../../storage/index.js';
import { audit } from '../access/index.js';
import { filesOfGenerations } from '../files/index.js';

/** Where what is deleted has its rows and its files. */
export interface Deletion {
  dataSource: DataSource;
  store: BlobStore;
}

/** Generations that one statement deletes: with all their slices and events it stays far from the limit of a statement. */
const CHUNK = 100;

/**
 * Removes a generation that is over, with its volume, slices, log and comparisons, rows and files. Its addresses stop working at
 * once; scores in finished evaluations stay, and so does its audit row.
 *
 * @throws UserError NOT_FOUND; FORBIDDEN for another's; CONFLICT while it waits or runs, and where a batch, a reader study or an
 *   evaluation under way needs it
 */
export async function deleteGeneration(
  { dataSource, store }: Deletion,
  principal: Pick<Principal, 'tokenId' | 'role'>,
  id: string,
): Promise<void> {
  const files = await dataSource.transaction(async (manager) => {
    const found = await manager.findOne(Generation, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!found) throw new UserError('NOT_FOUND', 'There is no such generation.');
    requireOwnWork(found, principal, 'deleteGeneration');
    if (!isFinalState(found.state)) {
      throw new UserError('CONFLICT', `The generation is ${found.state}; cancel it first.`);
    }
    await refuseNeeded(manager, [id], null, 'The generation');
    const { state, examId, uploadId, bundleId, key } = found;
    const detail = { state, examId, uploadId, bundleId, key };
    await audit(manager, { tokenId: principal.tokenId, action: 'deleteGeneration', target: id, detail });
    return removeGenerations(manager, [id]);
  });
  await removeUnclaimed(dataSource, store, files);
}

/**
 * Removes the rows of generations and all that was made of them.
 *
 * @returns digests of their files, to be removed once the transaction is over
 */
export async function removeGenerations(manager: EntityManager, ids: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    for (const sha256 of await filesOfGenerations(manager, chunk)) files.add(sha256);
    await manager.delete(Generation, chunk);
  }
  return [...files];
}

/**
 * Refuses to delete what something else still needs.
 *
 * @param batchId the batch that is deleted with them, if one is
 * @param what begins the sentence
 * @throws UserError CONFLICT with the name of what needs one of them
 */
export async function refuseNeeded(
  manager: EntityManager,
  ids: readonly string[],
  batchId: string | null,
  what: string,
): Promise<void> {
  const [needed] = await queryRows(
    manager,
    NEEDED,
    `SELECT
       (SELECT b.name FROM batch_member m JOIN batch b ON b.id = m.batch_id
        WHERE m.generation_id = ANY($1::uuid[]) AND m.batch_id IS DISTINCT FROM $2::uuid LIMIT 1) AS batch,
       (SELECT s.name FROM reader_study_pair p JOIN reader_study s ON s.id = p.study_id
        WHERE p.generation_id = ANY($1::uuid[]) LIMIT 1) AS study,
       (SELECT e.id FROM evaluation_score c JOIN evaluation e ON e.id = c.evaluation_id
        WHERE c.generation_id = ANY($1::uuid[]) AND e.state IN ('QUEUED', 'RUNNING') LIMIT 1) AS evaluation`,
    [ids, batchId],
  );
  const { batch, study, evaluation } = needed!;
  if (batch !== null)
    throw new UserError('CONFLICT', `${what} belongs to the batch "${batch}"; delete that batch first.`);
  if (study !== null) {
    throw new UserError('CONFLICT', `${what} is shown in the reader study "${study}" and has to stay.`);
  }
  if (evaluation !== null) {
    throw new UserError('CONFLICT', `${what} is being evaluated; wait for the evaluation, or cancel it first.`);
  }
}

const NEEDED = z.object({
  batch: z.string().nullable(),
  study: z.string().nullable(),
  evaluation: z.string().nullable(),
});
