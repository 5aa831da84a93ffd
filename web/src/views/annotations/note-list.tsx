import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { moment } from '../../lib/words.ts';
import { DELETE_NOTE, SET_NOTE, type ShownNote } from './queries.ts';
import styles from './tags-and-notes.module.css';

interface NoteListProps {
  id: string;
  notes: readonly ShownNote[];
  onChange: () => void;
}

/** What people have to say, and one's own note to write. */
export function NoteList({ id, notes, onChange }: NoteListProps) {
  const own = notes.find(({ isOwn }) => isOwn);
  // What is typed stays until it is saved, whatever the server says meanwhile.
  const [typed, setTyped] = useState<string>();
  const [{ error: notSaved, fetching: saving }, save] = useMutation(SET_NOTE);
  const [{ error: notDeleted, fetching: deleting }, remove] = useMutation(DELETE_NOTE);
  const error = notSaved ?? notDeleted;
  const text = typed ?? own?.text ?? '';
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { data } = await save({ id, text });
    if (!data) return;
    onChange();
  };
  const take = async (note: ShownNote) => {
    const { data } = await remove({ id: note.id });
    if (!data) return;
    if (note.isOwn) setTyped('');
    onChange();
  };
  return (
    <div className={styles.part}>
      {notes.length > 0 && (
        <ul className={styles.notes} aria-label="Notes">
          {notes.map((note) => (
            <li key={note.id}>
              <p>{note.text}</p>
              <small>
                by {note.createdBy}, <time dateTime={note.updatedAt}>{moment(note.updatedAt)}</time>
              </small>
              {note.canDelete && (
                <Button
                  kind="quiet"
                  small
                  disabled={deleting}
                  aria-label={`Delete the note by ${note.createdBy}`}
                  onClick={() => void take(note)}
                >
                  Delete
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field label="Your note">
          {(ids) => (
            <textarea
              {...ids}
              className={inputClass}
              rows={2}
              maxLength={4000}
              value={text}
              onChange={({ target }) => setTyped(target.value)}
            />
          )}
        </Field>
        <Button type="submit" disabled={saving || text.trim() === '' || text.trim() === own?.text}>
          Save
        </Button>
      </form>
      {error && <InlineError message={sentence(error)} />}
    </div>
  );
}
