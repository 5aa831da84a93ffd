import { Field, ID, ObjectType } from 'type-graphql';
import type { Note, Tag } from '../entities/index.js';
import { filterInput, listFilter } from './filter-input.js';
import { idInput, mutationInput, payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTimeFilter, TextFilter } from './operators.js';
import { DateTime } from './scalars.js';

@ObjectType('Tag', {
  simpleResolvers: true,
  description:
    'A word by which somebody marked an exam or a generation. Whoever may read records sees it, and may look for it.',
})
export class TagItem {
  @Field(() => String, { description: 'In lower case.' })
  name: string;

  @Field(() => DateTime, { description: 'When it was put.' })
  createdAt: Date;

  constructor(readonly row: Tag) {
    this.name = row.name;
    this.createdAt = row.createdAt;
  }
}

@ObjectType('Note', {
  implements: Node,
  simpleResolvers: true,
  description:
    'What somebody has to say of an exam or a generation: one note of each person. Whoever may read records sees it.',
})
export class NoteNode extends Node {
  @Field(() => String, { description: 'Plain text.' })
  text: string;

  @Field(() => DateTime, { description: 'When it was first written.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it was last written.' })
  updatedAt: Date;

  constructor(readonly row: Note) {
    super('Note', row.id);
    this.text = row.text;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
  }
}

const TagFilter = filterInput('TagFilter', 'Selects tags.', () => TagFilter, {
  name: [TextFilter, 'The tag, in lower case.'],
  createdAt: [DateTimeFilter, 'When it was put.'],
});

export const TagListFilter = listFilter('TagListFilter', TagFilter);

export interface TagsInput {
  id: string;
  tags: string[];
}
const TAGS_INPUT = {
  id: [() => ID, 'Node id of a knee exam or a generation.'],
  tags: [() => [String], '1 to 50 tags of 1 to 40 characters each; they are kept in lower case.'],
} as const satisfies Parameters<typeof mutationInput<TagsInput>>[1];
export const AddTagsInput = mutationInput<TagsInput>('addTags', { ...TAGS_INPUT });
export const RemoveTagsInput = mutationInput<TagsInput>('removeTags', { ...TAGS_INPUT });

export interface TagsPayload {
  tags: TagItem[];
}
export const AddTagsPayload = payloadType<TagsPayload>('addTags', {
  tags: [() => [TagItem], 'All tags that it has now, by name.'],
});
export const RemoveTagsPayload = payloadType<TagsPayload>('removeTags', {
  tags: [() => [TagItem], 'The tags that are left, by name.'],
});

export interface SetNote {
  id: string;
  text: string;
}
export const SetNoteInput = mutationInput<SetNote>('setNote', {
  id: [() => ID, 'Node id of a knee exam or a generation.'],
  text: [() => String, 'Plain text of 1 to 4,000 characters.'],
});
export interface NotePayload {
  note: NoteNode;
}
export const SetNotePayload = payloadType<NotePayload>('setNote', {
  note: [() => NoteNode, 'Your note on it.'],
});
export const DeleteNoteInput = idInput('deleteNote', 'note');
export interface DeletedNotePayload {
  deletedNoteId: string;
}
export const DeleteNotePayload = payloadType<DeletedNotePayload>('deleteNote', {
  deletedNoteId: [() => ID, 'Node id of the note that is gone.'],
});
