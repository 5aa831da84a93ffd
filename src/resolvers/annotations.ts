import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { UserError } from '../domain/errors.js';
import { decodeId } from '../domain/global-ids.js';
import { mayDeleteNote, mayRemoveTag } from '../policy/index.js';
import {
  AddTagsInput,
  AddTagsPayload,
  type DeletedNotePayload,
  DeleteNoteInput,
  DeleteNotePayload,
  NoteNode,
  type NotePayload,
  RemoveTagsInput,
  RemoveTagsPayload,
  type SetNote,
  SetNoteInput,
  SetNotePayload,
  TagItem,
  type TagsInput,
  type TagsPayload,
} from '../schema/annotation.js';
import { INPUT } from '../schema/arguments.js';
import { GenerationNode } from '../schema/generation.js';
import { KneeExamNode } from '../schema/knee-exam.js';
import { listComplexity } from '../schema/limits.js';
import type { IdInput } from '../schema/mutation-types.js';
import { addTags, deleteNote, removeTags, setNote, type Subject } from '../services/annotations/index.js';
import { requireRole } from './context.js';
import type { Context } from './context.js';
import { keyOf } from './ids.js';

@Resolver(() => TagItem)
export class TagResolver {
  @Mutation(() => AddTagsPayload, {
    description:
      'Marks a knee exam or a generation by words, for everybody who may read records. One that it has already stays.',
  })
  async addTags(
    @Ctx() context: Context,
    @Arg('input', () => AddTagsInput, INPUT) { id, tags }: TagsInput,
  ): Promise<TagsPayload> {
    requireRole(context, 'ANALYST', 'addTags');
    const rows = await addTags(context.platform.dataSource, context.viewer, subjectOf(id), tags);
    return { tags: rows.map((row) => new TagItem(row)) };
  }

  @Mutation(() => RemoveTagsPayload, {
    description: 'Takes tags away that the viewer put, or, for administrators, anybody.',
  })
  async removeTags(
    @Ctx() context: Context,
    @Arg('input', () => RemoveTagsInput, INPUT) { id, tags }: TagsInput,
  ): Promise<TagsPayload> {
    requireRole(context, 'ANALYST', 'removeTags');
    const rows = await removeTags(context.platform.dataSource, context.viewer, subjectOf(id), tags);
    return { tags: rows.map((row) => new TagItem(row)) };
  }

  @FieldResolver(() => String, { description: 'Name of the token that put it.' })
  async createdBy(@Root() { row }: TagItem, @Ctx() { loaders }: Context): Promise<string> {
    return (await loaders.apiToken.load(row.createdById)).name;
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may take it away.' })
  canRemove(@Root() { row }: TagItem, @Ctx() { viewer }: Context): boolean {
    return mayRemoveTag(row, viewer);
  }
}

@Resolver(() => NoteNode)
export class NoteResolver {
  @Mutation(() => SetNotePayload, {
    description: "Writes the viewer's note on a knee exam or a generation, over the one that they had there.",
  })
  async setNote(
    @Ctx() context: Context,
    @Arg('input', () => SetNoteInput, INPUT) { id, text }: SetNote,
  ): Promise<NotePayload> {
    requireRole(context, 'ANALYST', 'setNote');
    return { note: new NoteNode(await setNote(context.platform.dataSource, context.viewer, subjectOf(id), text)) };
  }

  @Mutation(() => DeleteNotePayload, {
    description: "Removes a note of one's own, or, for administrators, of anybody.",
  })
  async deleteNote(
    @Ctx() context: Context,
    @Arg('input', () => DeleteNoteInput, INPUT) { id }: IdInput,
  ): Promise<DeletedNotePayload> {
    requireRole(context, 'ANALYST', 'deleteNote');
    await deleteNote(context.platform.dataSource, context.viewer, Number(keyOf('id', 'Note', id)));
    return { deletedNoteId: id };
  }

  @FieldResolver(() => String, { description: 'Name of the token that wrote it.' })
  async createdBy(@Root() { row }: NoteNode, @Ctx() { loaders }: Context): Promise<string> {
    return (await loaders.apiToken.load(row.createdById)).name;
  }

  @FieldResolver(() => Boolean, { description: "Whether it is the viewer's own, which `setNote` writes anew." })
  isOwn(@Root() { row }: NoteNode, @Ctx() { viewer }: Context): boolean {
    return row.createdById === viewer.tokenId;
  }

  @FieldResolver(() => Boolean, { description: 'Whether the viewer may delete it.' })
  canDelete(@Root() { row }: NoteNode, @Ctx() { viewer }: Context): boolean {
    return mayDeleteNote(row, viewer);
  }
}

const TAGS = { description: 'Words by which people marked it, by name.', complexity: listComplexity(3) } as const;
const NOTES = {
  description: 'What people have to say of it, the oldest first.',
  complexity: listComplexity(3),
} as const;

@Resolver(() => KneeExamNode)
export class ExamAnnotations {
  @FieldResolver(() => [TagItem], TAGS)
  async tags(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<TagItem[]> {
    return (await loaders.tagsOfExam.load(row.id)).map((tag) => new TagItem(tag));
  }

  @FieldResolver(() => [NoteNode], NOTES)
  async notes(@Root() { row }: KneeExamNode, @Ctx() { loaders }: Context): Promise<NoteNode[]> {
    return (await loaders.notesOfExam.load(row.id)).map((note) => new NoteNode(note));
  }
}

@Resolver(() => GenerationNode)
export class GenerationAnnotations {
  @FieldResolver(() => [TagItem], TAGS)
  async tags(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<TagItem[]> {
    return (await loaders.tagsOfGeneration.load(row.id)).map((tag) => new TagItem(tag));
  }

  @FieldResolver(() => [NoteNode], NOTES)
  async notes(@Root() { row }: GenerationNode, @Ctx() { loaders }: Context): Promise<NoteNode[]> {
    return (await loaders.notesOfGeneration.load(row.id)).map((note) => new NoteNode(note));
  }
}

/** @throws UserError BAD_USER_INPUT for the id of anything else */
function subjectOf(id: string): Subject {
  const { type, key } = decodeId(id) ?? {};
  if (type === 'KneeExam') return { type, id: Number(key) };
  if (type === 'Generation') return { type, id: String(key) };
  throw new UserError('BAD_USER_INPUT', 'id must be the id of a KneeExam or a Generation.');
}
