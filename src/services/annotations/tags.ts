import { type DataSource, type EntityManager, In } from 'typeorm';
import { encodeId } from '../../domain/global-ids.js';
import { UserError } from '../../domain/errors.js';
import { Tag } from '../../entities/index.js';
import { mayRemoveTag, type TokenPrincipal } from '../../policy/index.js';
import { audit } from '../access/index.js';
import { columnsOf, conditionOf, requireSubject, type Subject } from './subject.js';

/** Tags of one exam or generation. */
const MAX_TAGS = 50;

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._:/+-]{0,39}$/u;

/**
 * Marks an exam or a generation by words; what has a tag already keeps it from whoever put it.
 *
 * @returns all tags that it has then, by name
 * @throws UserError BAD_USER_INPUT; NOT_FOUND; LIMIT_EXCEEDED for more than 50
 */
export async function addTags(
  dataSource: DataSource,
  actor: TokenPrincipal,
  subject: Subject,
  tags: readonly string[],
): Promise<Tag[]> {
  const names = checkNames(tags);
  return dataSource.transaction(async (manager) => {
    await requireSubject(manager, actor, subject);
    const rows = names.map((name) => ({ ...columnsOf(subject), name, createdById: actor.tokenId }));
    await manager.createQueryBuilder().insert().into(Tag).values(rows).orIgnore().execute();
    const all = await tagsOf(manager, subject);
    if (all.length > MAX_TAGS)
      throw new UserError('LIMIT_EXCEEDED', `It would have ${all.length} tags; at most ${MAX_TAGS} are allowed.`);
    await record(manager, actor, 'addTags', subject, names);
    return all;
  });
}

/**
 * Takes tags away; one that is not there is no error.
 *
 * @returns those that are left, by name
 * @throws UserError BAD_USER_INPUT; NOT_FOUND; FORBIDDEN for a tag that somebody else put
 */
export async function removeTags(
  dataSource: DataSource,
  actor: TokenPrincipal,
  subject: Subject,
  tags: readonly string[],
): Promise<Tag[]> {
  const names = checkNames(tags);
  return dataSource.transaction(async (manager) => {
    await requireSubject(manager, actor, subject);
    const found = await manager.findBy(Tag, { ...conditionOf(subject), name: In(names) });
    const others = found.find((tag) => !mayRemoveTag(tag, actor));
    if (others)
      throw new UserError('FORBIDDEN', `The tag "${others.name}" is removed by whoever put it, and by administrators.`);
    if (found.length > 0) await manager.delete(Tag, { id: In(found.map(({ id }) => id)) });
    await record(manager, actor, 'removeTags', subject, names);
    return tagsOf(manager, subject);
  });
}

function tagsOf(manager: EntityManager, subject: Subject): Promise<Tag[]> {
  return manager.find(Tag, { where: conditionOf(subject), order: { name: 'ASC' } });
}

/** @throws UserError BAD_USER_INPUT */
function checkNames(tags: readonly string[]): string[] {
  if (tags.length < 1 || tags.length > MAX_TAGS)
    throw new UserError('BAD_USER_INPUT', `tags must name 1 to ${MAX_TAGS} tags, got ${tags.length}.`);
  const names = tags.map((tag) => tag.trim().normalize('NFC').toLowerCase());
  const bad = names.find((name) => !NAME.test(name));
  if (bad === undefined) return [...new Set(names)];
  throw new UserError(
    'BAD_USER_INPUT',
    `A tag has 1 to 40 letters, digits, spaces and any of ._:/+-, and begins with a letter or digit; ${JSON.stringify(bad.slice(0, 60))} does not.`,
  );
}

function record(
  manager: EntityManager,
  { tokenId }: TokenPrincipal,
  action: string,
  { type, id }: Subject,
  tags: readonly string[],
): Promise<void> {
  return audit(manager, { tokenId, action, target: encodeId(type, id), detail: { tags } });
}
