import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { ADD_TAGS, REMOVE_TAGS, type ShownTag } from './queries.ts';
import styles from './tags-and-notes.module.css';

interface TagListProps {
  id: string;
  tags: readonly ShownTag[];
  onChange: () => void;
}

export function TagList({ id, tags, onChange }: TagListProps) {
  const [text, setText] = useState('');
  const [{ error: notAdded, fetching: adding }, add] = useMutation(ADD_TAGS);
  const [{ error: notRemoved, fetching: removing }, remove] = useMutation(REMOVE_TAGS);
  const error = notAdded ?? notRemoved;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const names = text.split(',').filter((name) => name.trim() !== '');
    if (names.length === 0) return;
    const { data } = await add({ id, tags: names });
    if (!data) return;
    setText('');
    onChange();
  };
  const take = async (name: string) => {
    const { data } = await remove({ id, tags: [name] });
    if (data) onChange();
  };
  return (
    <div className={styles.part}>
      {tags.length === 0 ? (
        <p className={styles.none}>No tags yet.</p>
      ) : (
        <ul className={styles.tags} aria-label="Tags">
          {tags.map(({ name, createdBy, canRemove }) => (
            <li key={name} title={`by ${createdBy}`}>
              {name}
              {canRemove && (
                <button
                  type="button"
                  aria-label={`Remove the tag ${name}`}
                  disabled={removing}
                  onClick={() => void take(name)}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field label="New tag">
          {(ids) => (
            <input
              {...ids}
              className={inputClass}
              value={text}
              placeholder="e.g. to review"
              onChange={({ target }) => setText(target.value)}
            />
          )}
        </Field>
        <Button type="submit" disabled={adding || text.trim() === ''}>
          Add
        </Button>
      </form>
      {error && <InlineError message={sentence(error)} />}
    </div>
  );
}
