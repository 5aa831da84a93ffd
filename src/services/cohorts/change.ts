import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { CohortKind, CohortVisibility } from '../../domain/cohorts.js';
import { UserError } from '../../domain/errors.js';
import { Cohort, CohortVersion } from '../../entities/index.js';
import { audit } from '../access/index.js';
import { findOwnCohort } from './access.js';
import type { Principal } from '../../policy/index.js';
import { contentsOf, editOf } from './contents.js';
import type { ContentsRequest, EditPart, EditRequest } from './contents.js';
import { deleteMembers } from './members.js';
import { inSnapshot, writeContents, writeEdit, writeWords } from './versions.js';
import type { VersionWords } from './versions.js';
import { checkName, checkText } from './words.js';

export interface NewCohort extends ContentsRequest {
  name: string;
  description?: string | null | undefined;
  /** Default: STATIC. */
  kind?: CohortKind | null | undefined;
  /** Default: PRIVATE. */
  visibility?: CohortVisibility | null | undefined;
}

export interface CohortChange extends ContentsRequest {
  /** The version the change was made from. */
  version: number;
  name?: string | null | undefined;
  description?: string | null | undefined;
  /** What changes and why. */
  note?: string | null | undefined;
  /** Knee exams to take into a static cohort, and to leave out of it. */
  add?: EditRequest | null | undefined;
  remove?: EditRequest | null | undefined;
}

/**
 * Makes a cohort. A static one freezes its exams inside PostgreSQL, on one snapshot with its counts and attrition.
 *
 * @throws UserError BAD_USER_INPUT, LIMIT_EXCEEDED; NOT_FOUND for an exam or cohort that is not there for the actor; CONFLICT
 *   for a cohort within whose own filter is no longer valid.
 */
export async function createCohort(dataSource: DataSource, actor: Principal, request: NewCohort): Promise<Cohort> {
  const words: VersionWords = {
    name: checkName(request.name),
    description: checkText(request.description ?? '', 'description'),
    note: null,
  };
  const contents = contentsOf(request);
  if (!contents)
    throw new UserError('BAD_USER_INPUT', 'A cohort is made from a filter, examIds, exams or combine; give one.');
  const kind = request.kind ?? 'STATIC';
  return inSnapshot(dataSource, async (manager) => {
    const cohort = await insertCohort(manager, actor, { ...words, kind, visibility: request.visibility ?? 'PRIVATE' });
    const { origin, examCount } = await writeContents(manager, actor, cohort, words, contents);
    await record(manager, actor, 'createCohort', cohort, { kind, origin, exams: examCount });
    return cohort;
  });
}

/**
 * Changes a cohort's words, filter or members: a new version, the old ones stay.
 *
 * @throws UserError as {@link createCohort}; FORBIDDEN; CONFLICT when the cohort is no longer at the version the change was made
 *   from.
 */
export async function updateCohort(
  dataSource: DataSource,
  actor: Principal,
  id: string,
  change: CohortChange,
): Promise<Cohort> {
  const contents = contentsOf(change);
  const edits = Boolean(change.add ?? change.remove);
  const edit = {
    add: change.add ? editOf(change.add, 'add') : NOBODY,
    remove: change.remove ? editOf(change.remove, 'remove') : NOBODY,
  };
  if (contents && edits) {
    throw new UserError('BAD_USER_INPUT', 'Give new contents, or exams to add and remove, not both.');
  }
  const name = change.name == null ? undefined : checkName(change.name);
  const description = change.description == null ? undefined : checkText(change.description, 'description');
  const note = change.note == null ? null : checkText(change.note, 'note');
  if (!contents && !edits && name === undefined && description === undefined) {
    throw new UserError('BAD_USER_INPUT', 'There is nothing to change; give a name, a description, a filter or exams.');
  }
  return inSnapshot(dataSource, async (manager) => {
    const found = await findOwnCohort(manager, actor, id);
    const cohort = await nextVersion(manager, found, change.version, {
      name: name ?? found.name,
      description: description ?? found.description,
    });
    const before = await manager.findOneByOrFail(CohortVersion, { cohortId: id, version: change.version });
    const words = { name: cohort.name, description: cohort.description, note };
    const after = contents
      ? await writeContents(manager, actor, cohort, words, contents)
      : edits
        ? await writeEdit(manager, actor, cohort, words, before, edit)
        : await writeWords(manager, actor, cohort, words, before);
    const { origin, examCount, version } = after;
    await record(manager, actor, 'updateCohort', cohort, { version, origin, exams: examCount });
    return cohort;
  });
}

/** An edit that takes in, or leaves out, nothing. */
const NOBODY: EditPart = { exams: [] };

/** Sets who may read a cohort. No new version: what it holds stays. @throws UserError NOT_FOUND, FORBIDDEN. */
export async function shareCohort(
  dataSource: DataSource,
  actor: Principal,
  id: string,
  visibility: CohortVisibility,
): Promise<Cohort> {
  return dataSource.transaction(async (manager) => {
    const cohort = await findOwnCohort(manager, actor, id);
    await manager.update(Cohort, { id }, { visibility });
    await record(manager, actor, 'shareCohort', cohort, { from: cohort.visibility, to: visibility });
    return Object.assign(cohort, { visibility });
  });
}

/** Deletes a cohort with all its versions. @throws UserError NOT_FOUND, FORBIDDEN. */
export async function deleteCohort(dataSource: DataSource, actor: Principal, id: string): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const cohort = await findOwnCohort(manager, actor, id);
    // A change that is being made first comes to its end, so that its members are found too.
    await manager.query('SELECT 1 FROM cohort WHERE id = $1::uuid FOR UPDATE', [id]);
    await deleteMembers(manager, id);
    await manager.delete(Cohort, { id });
    await record(manager, actor, 'deleteCohort', cohort, { version: cohort.version });
  });
}

/** The row of a new cohort, at version 1. */
export async function insertCohort(
  manager: EntityManager,
  actor: Principal,
  values: Pick<Cohort, 'name' | 'description' | 'kind' | 'visibility'>,
): Promise<Cohort> {
  const { name, description, kind, visibility } = values;
  const row = { id: randomUUID(), ownerId: actor.tokenId, version: 1, name, description, kind, visibility };
  await manager.insert(Cohort, row);
  return manager.findOneByOrFail(Cohort, { id: row.id });
}

/** Leaves the audit row of a mutation. */
export function record(
  manager: EntityManager,
  { tokenId }: Principal,
  action: string,
  { id, name }: Cohort,
  detail: Record<string, unknown>,
): Promise<void> {
  return audit(manager, { tokenId, action, target: id, detail: { name, ...detail } });
}

async function nextVersion(
  manager: EntityManager,
  { id, name: known, version }: Cohort,
  expected: number,
  { name, description }: Pick<Cohort, 'name' | 'description'>,
): Promise<Cohort> {
  // The version is a condition of the update too: two changes from the same version cannot both happen.
  const { affected } = await manager
    .createQueryBuilder()
    .update(Cohort)
    .set({ version: () => 'version + 1', name, description, updatedAt: () => 'now()' })
    .where('id = :id AND version = :expected', { id, expected })
    .execute();
  if (affected === 1) return manager.findOneByOrFail(Cohort, { id });
  throw new UserError(
    'CONFLICT',
    `The cohort "${known}" is at version ${version}, not ${expected}; read it again and repeat the change.`,
  );
}
