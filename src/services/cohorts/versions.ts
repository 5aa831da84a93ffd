import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { type AttritionCounts, type Cohort, type CohortOrigin, CohortVersion } from '../../entities/index.js';
import { compileFilter, KNEE_EXAMS, Parameters, Scope } from '../filters/index.js';
import type { Principal } from '../../policy/index.js';
import { pinVersions } from '../variables/index.js';
import { countAttrition } from './attrition.js';
import type { Contents, EditPart } from './contents.js';
import { expandCohorts } from './expand.js';
import { freezeEdited, freezeExams, freezeFilter } from './members.js';
import type { ExamSelection, MemberCounts } from './members.js';

/** What a version says, beside its members. */
export interface VersionWords {
  name: string;
  description: string;
  note: string | null;
}

/** Exams to take into, and to leave out of, the members of a static cohort. */
export interface MemberEdit {
  add: EditPart;
  remove: EditPart;
}

/**
 * Runs `work` on one snapshot of the database, so that members, counts and diagram of a version agree.
 *
 * @throws UserError CONFLICT when somebody changed the same cohort meanwhile.
 */
export async function inSnapshot<T>(dataSource: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  try {
    return await dataSource.transaction('REPEATABLE READ', work);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '40001') throw error;
    throw new UserError('CONFLICT', 'Somebody else changed the cohort at the same time; read it again and repeat.', {
      cause: error,
    });
  }
}

/** Writes the cohort's current version number with new contents; the cohort's row is written before. */
export async function writeContents(
  manager: EntityManager,
  actor: Principal,
  cohort: Cohort,
  words: VersionWords,
  contents: Contents,
): Promise<CohortVersion> {
  if (contents.kind === 'EXAMS') {
    if (cohort.kind === 'DYNAMIC') {
      throw new UserError(
        'BAD_USER_INPUT',
        'A DYNAMIC cohort is made from a filter or a combination, not from a list of exams.',
      );
    }
    const origin: CohortOrigin = { kind: 'EXAMS', ...(contents.rows ? { rows: contents.rows } : {}) };
    const row = await insertVersion(manager, actor, cohort, words, { filter: null, origin });
    return complete(manager, row, await freezeExams(manager, row.id, contents.exams), null);
  }
  const filter = await pinVersions(manager, contents.filter);
  const dynamic = cohort.kind === 'DYNAMIC';
  const { where, cohorts } = await expandCohorts(manager, actor, filter, dynamic ? cohort.id : undefined);
  const origin: CohortOrigin =
    contents.kind === 'FILTER'
      ? { kind: 'FILTER', cohorts }
      : { kind: 'COMBINATION', operation: contents.operation, cohorts };
  if (dynamic) {
    compileFilter(where, new Scope(KNEE_EXAMS, 't'), new Parameters());
    return insertVersion(manager, actor, cohort, words, { filter, origin });
  }
  // Before the new version is there, so that a filter that names this cohort speaks of the version before.
  const attrition = await countAttrition(manager, actor, filter);
  const row = await insertVersion(manager, actor, cohort, words, { filter, origin });
  return complete(manager, row, await freezeFilter(manager, row.id, where), attrition);
}

/** Writes the current version number with the members of the one before, some added and some removed. */
export async function writeEdit(
  manager: EntityManager,
  actor: Principal,
  cohort: Cohort,
  words: VersionWords,
  before: CohortVersion,
  edit: MemberEdit,
): Promise<CohortVersion> {
  if (before.membersOfId === null) {
    throw new UserError('BAD_USER_INPUT', 'A DYNAMIC cohort has no members of its own; change its filter.');
  }
  // Before the new version is there, so that a filter that names this cohort speaks of the version before.
  const [add, remove] = [await selected(manager, actor, edit.add), await selected(manager, actor, edit.remove)];
  const origin: CohortOrigin = { kind: 'EDIT', of: before.version, added: 0, removed: 0 };
  const row = await insertVersion(manager, actor, cohort, words, { filter: null, origin });
  const { added, removed, ...counts } = await freezeEdited(manager, row.id, before.membersOfId, { add, remove });
  row.origin = { ...origin, added, removed };
  return complete(manager, row, counts, null);
}

async function selected(manager: EntityManager, actor: Principal, part: EditPart): Promise<ExamSelection> {
  return 'where' in part ? { where: (await expandCohorts(manager, actor, part.where)).where } : part;
}

/** Writes the current version number with other words for the same contents. */
export async function writeWords(
  manager: EntityManager,
  actor: Principal,
  cohort: Cohort,
  words: VersionWords,
  { filter, origin, membersOfId, examCount, participantCount, attrition }: CohortVersion,
): Promise<CohortVersion> {
  return insertVersion(manager, actor, cohort, words, {
    filter,
    origin,
    membersOfId,
    examCount,
    participantCount,
    attrition,
  });
}

/** A version whose members are about to be frozen. */
export async function insertVersion(
  manager: EntityManager,
  actor: Principal,
  cohort: Cohort,
  words: VersionWords,
  contents: Pick<CohortVersion, 'filter' | 'origin'> & Partial<CohortVersion>,
): Promise<CohortVersion> {
  const repository = manager.getRepository(CohortVersion);
  return repository.save(
    repository.create({
      cohortId: cohort.id,
      version: cohort.version,
      ...words,
      membersOfId: null,
      examCount: null,
      participantCount: null,
      attrition: null,
      createdById: actor.tokenId,
      ...contents,
    }),
  );
}

/** Notes that a version's members are its own, and how many. */
export async function complete(
  manager: EntityManager,
  row: CohortVersion,
  counts: MemberCounts,
  attrition: AttritionCounts | null,
): Promise<CohortVersion> {
  return manager.getRepository(CohortVersion).save(Object.assign(row, counts, { membersOfId: row.id, attrition }));
}
