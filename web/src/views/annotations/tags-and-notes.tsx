import { Card } from '../../components/card.tsx';
import { NoteList } from './note-list.tsx';
import type { ShownNote, ShownTag } from './queries.ts';
import { TagList } from './tag-list.tsx';

interface TagsAndNotesProps {
  /** Node id of the exam or generation. */
  id: string;
  tags: readonly ShownTag[];
  notes: readonly ShownNote[];
  /** Asks for them again. */
  onChange: () => void;
}

/** How people marked an exam or a generation, and what they have to say of it. */
export function TagsAndNotes({ id, tags, notes, onChange }: TagsAndNotesProps) {
  return (
    <Card title="Tags and notes" note="Everybody who may read records sees them">
      <TagList id={id} tags={tags} onChange={onChange} />
      <NoteList key={id} id={id} notes={notes} onChange={onChange} />
    </Card>
  );
}
