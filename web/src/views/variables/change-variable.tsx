import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { submitted } from '../../lib/submitted.ts';
import { DefinitionFields, definitionOf, draftOf } from './definition-fields.tsx';
import { DELETE_DERIVED_VARIABLE, type DerivedVariableDetail, UPDATE_DERIVED_VARIABLE } from './queries.ts';
import styles from './variables.module.css';

interface DialogProps {
  variable: DerivedVariableDetail;
  onClose: () => void;
}

/** Other words or another definition: a new version, the old ones stay. */
export function ChangeVariable({ variable, onClose }: DialogProps) {
  const [{ error, fetching }, update] = useMutation(UPDATE_DERIVED_VARIABLE);
  const [before] = useState(() => draftOf(variable));
  const [draft, setDraft] = useState(before);
  const [fault, setFault] = useState<string>();
  const send = async (form: FormData) => {
    setFault(undefined);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    try {
      const { id, version, label, description } = variable;
      const words = { label: text('label'), description: text('description') };
      const input = {
        ...{ id, version },
        ...(words.label === label ? {} : { label: words.label }),
        ...(words.description === description ? {} : { description: words.description }),
        ...(draft === before ? {} : await definitionOf(draft)),
        ...(text('note') ? { note: text('note') } : {}),
      };
      const { data } = await update({ input });
      if (data) onClose();
    } catch (wrong) {
      setFault(wrong instanceof Error ? wrong.message : String(wrong));
    }
  };
  return (
    <Dialog title={`Change ${variable.name}`} onClose={onClose}>
      <form className={styles.form} onSubmit={submitted(send)}>
        <Field label="Label">
          {(ids) => (
            <input
              {...ids}
              className={inputClass}
              name="label"
              required
              maxLength={100}
              defaultValue={variable.label}
            />
          )}
        </Field>
        <Field label="Description">
          {(ids) => (
            <textarea
              {...ids}
              className={inputClass}
              name="description"
              rows={2}
              maxLength={10_000}
              defaultValue={variable.description}
            />
          )}
        </Field>
        <DefinitionFields draft={draft} onChange={setDraft} />
        <Field label="What changes and why" hint="For the history of its versions.">
          {(ids) => <input {...ids} className={inputClass} name="note" maxLength={10_000} />}
        </Field>
        {(fault ?? error) && <InlineError message={fault ?? sentence(error!)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" disabled={fetching}>
            {fetching ? 'Saving …' : 'Save as a new version'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Asks once more; what uses the variable is said where that keeps it from going. */
export function DeleteVariable({ variable: { id, name }, onClose }: DialogProps) {
  const [{ error, fetching }, remove] = useMutation(DELETE_DERIVED_VARIABLE);
  const navigate = useNavigate();
  const confirm = async () => {
    const { data } = await remove({ id });
    if (data) await navigate('/cohorts/variables');
  };
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      <div className={styles.form}>
        <p>All of its versions go with it. It is kept while a cohort, an export or another variable needs it.</p>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" disabled={fetching} onClick={() => void confirm()}>
            Delete
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
