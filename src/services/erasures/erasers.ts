import type { EntityManager } from 'typeorm';
import type { BlobStore } from '../../storage/index.js';
import { uncountExams } from '../batches/index.js';
import { withdrawReports } from '../evaluations/index.js';
import { holdExports, withdrawExports } from '../exports/index.js';
import { forgetQuarantined } from '../imports/index.js';
import { removeTrials } from '../reader-studies/index.js';
import { removeMasksOf } from '../uploads/index.js';
import { removeUnused, type UsedLevel, usedLevels } from '../variables/index.js';
import { forgetImports, replacedFiles } from './imported-files.js';
import { idsOf, type Person } from '../people/index.js';

/** What one store has done about a participant. */
export interface Erased {
  /** Rows of the participant that were removed, by table. */
  removed?: Readonly<Record<string, number>>;
  /** Rows of others that were changed, by table. */
  rewritten?: Readonly<Record<string, number>>;
  /** Digests of files that nothing may name any more. */
  files?: readonly string[];
  /** What can be done only once the participant's rows are gone. */
  afterwards?: () => Promise<Erased>;
  expiredExports?: number;
  restartedExports?: number;
}

/** Where a participant is erased: everything in one transaction, which a dry run takes back. */
export interface Erasing {
  manager: EntityManager;
  store: BlobStore;
  person: Person;
}

/**
 * Takes a participant out of one store that no foreign key leads to. It is called before the rows are removed, and changes nothing but what
 * a transaction takes back.
 */
export type Eraser = (erasing: Erasing) => Promise<Erased>;

const VARIABLE_OWNERS = ['participant', 'visit', 'knee_exam'] as const;

/** Every such store. What has a foreign key, or names its owner by a column such as `exam_id`, needs no eraser. */
export const ERASERS: readonly Eraser[] = [
  async ({ manager, person }) => {
    const { batches, lines } = await uncountExams(manager, idsOf(person, 'knee_exam'));
    return { rewritten: { batch: batches, batch_event: lines } };
  },
  async ({ manager, person }) => {
    const { trials, studies } = await removeTrials(manager, idsOf(person, 'knee_exam'));
    return { removed: { reader_trial: trials }, rewritten: { reader_study: studies } };
  },
  async ({ manager, person }) => {
    const { files, reports, evaluations, lines } = await withdrawReports(manager, idsOf(person, 'knee_exam'));
    const rewritten = { evaluation: evaluations, evaluation_event: lines };
    return { removed: { evaluation_file: reports }, rewritten, files };
  },
  async ({ manager, person }) => ({
    removed: { uploaded_mask: await removeMasksOf(manager, idsOf(person, 'generation')) },
  }),
  eraseExports,
  // What imports keep of rows goes with the rows, by a trigger.
  async ({ manager, person }) => ({
    rewritten: { imported_file: await forgetImports(manager, person) },
    files: await replacedFiles(manager, person),
  }),
  async ({ manager, person: { oaiId } }) => ({
    removed: { quarantined_image: await forgetQuarantined(manager, oaiId) },
  }),
  // A trigger takes their cells out of the blocks when their rows go; a value that nobody else has stays as a level.
  async ({ manager, person }) => {
    const levels: UsedLevel[] = [];
    for (const owner of VARIABLE_OWNERS) levels.push(...(await usedLevels(manager, owner, idsOf(person, owner))));
    const blocks = levels.reduce((sum, level) => sum + level.blocks, 0);
    return {
      rewritten: { variable_block: blocks },
      afterwards: async () => ({ removed: { variable_level: await removeUnused(manager, levels) } }),
    };
  },
];

/** Takes back what exports have written, and begins anew what is being written. */
async function eraseExports({ manager, store, person: { oaiId } }: Erasing): Promise<Erased> {
  const { files, expired, restarted } = await withdrawExports(manager, store, oaiId);
  return { files, expiredExports: expired, restartedExports: restarted };
}

/** The last of an erasure: an export that has begun meanwhile read the participant's rows, which are there until the transaction ends. */
export async function eraseLateExports(erasing: Erasing): Promise<Erased> {
  await holdExports(erasing.manager);
  return eraseExports(erasing);
}
