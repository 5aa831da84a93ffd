import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { encodeId } from '../../domain/global-ids.js';
import { Note } from '../../entities/index.js';
import { mayDeleteNote, type TokenPrincipal } from '../../policy/index.js';
import { audit } from '../access/index.js';
import { columnsOf, conditionOf, requireSubject, type Subject, subjectOf } from './subject.js';

const MAX_TEXT = 4_000;

/**
 * Writes the actor's note on an exam or a generation, over the one that they had there.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND
 */
export async function setNote(
  dataSource: DataSource,
  actor: TokenPrincipal,
  subject: Subject,
  text: string,
): Promise<Note> {
  const checked = text.trim().toWellFormed();
  if (checked === '' || checked.length > MAX_TEXT || checked.includes('\0'))
    throw new UserError('BAD_USER_INPUT', `text must have 1 to ${MAX_TEXT} characters; deleteNote removes a note.`);
  return dataSource.transaction(async (manager) => {
    await requireSubject(manager, actor, subject);
    const own = { ...conditionOf(subject), createdById: actor.tokenId };
    await manager
      .createQueryBuilder()
      .insert()
      .into(Note)
      .values({ ...columnsOf(subject), text: checked, createdById: actor.tokenId, updatedAt: () => 'now()' })
      .orUpdate(['text', 'updated_at'], [subject.type === 'KneeExam' ? 'exam_id' : 'generation_id', 'created_by_id'])
      .execute();
    await record(manager, actor, 'setNote', subject);
    return manager.findOneByOrFail(Note, own);
  });
}

/** @throws UserError NOT_FOUND; FORBIDDEN for somebody else's */
export async function deleteNote(dataSource: DataSource, actor: TokenPrincipal, id: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const note = await findNote(manager, actor, id);
    if (!mayDeleteNote(note, actor))
      throw new UserError('FORBIDDEN', 'A note is deleted by whoever wrote it, and by administrators.');
    await manager.delete(Note, { id });
    await record(manager, actor, 'deleteNote', subjectOf(note));
  });
}

/** @throws UserError NOT_FOUND for what is not there, and for what stands on a generation from another's upload */
export async function findNote(database: DataSource | EntityManager, actor: TokenPrincipal, id: number): Promise<Note> {
  const note = await database.getRepository(Note).findOneBy({ id });
  if (!note) throw new UserError('NOT_FOUND', 'There is no such note.');
  await requireSubject(database, actor, subjectOf(note));
  return note;
}

/** What somebody wrote is no matter of the audit. */
function record(
  manager: EntityManager,
  { tokenId }: TokenPrincipal,
  action: string,
  { type, id }: Subject,
): Promise<void> {
  return audit(manager, { tokenId, action, target: encodeId(type, id) });
}
