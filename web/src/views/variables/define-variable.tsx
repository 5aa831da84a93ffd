import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import type { Filter } from '../../lib/filters.ts';
import { submitted } from '../../lib/submitted.ts';
import { DefinitionFields, definitionOf, draftOf } from './definition-fields.tsx';
import { CREATE_DERIVED_VARIABLE } from './queries.ts';
import styles from './variables.module.css';

/** A variable from a filter, which then stands wherever a variable does. */
export function DefineVariable({ where, onClose }: { where: Filter | undefined; onClose: () => void }) {
  const [{ error, fetching }, create] = useMutation(CREATE_DERIVED_VARIABLE);
  const [draft, setDraft] = useState(() => draftOf({ where: where ?? null, bands: [] }));
  const [fault, setFault] = useState<string>();
  const navigate = useNavigate();
  const send = async (form: FormData) => {
    setFault(undefined);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    try {
      const words = { name: text('name'), label: text('label'), description: text('description') };
      const { data } = await create({ input: { ...words, ...(await definitionOf(draft)) } });
      if (data) await navigate(`/cohorts/variables/${data.createDerivedVariable.derivedVariable.name}`);
    } catch (wrong) {
      setFault(wrong instanceof Error ? wrong.message : String(wrong));
    }
  };
  return (
    <Dialog title="Define a variable" onClose={onClose}>
      <form className={styles.form} onSubmit={submitted(send)}>
        <Field label="Name" hint="Letters, digits and underscores, e.g. symptomaticOa. It never changes.">
          {(ids) => <input {...ids} className={inputClass} name="name" required maxLength={40} autoFocus />}
        </Field>
        <Field label="Label" hint="What it is, in a few words.">
          {(ids) => <input {...ids} className={inputClass} name="label" required maxLength={100} />}
        </Field>
        <Field label="Description" hint="What it is for and whom it follows.">
          {(ids) => <textarea {...ids} className={inputClass} name="description" rows={2} maxLength={10_000} />}
        </Field>
        <DefinitionFields draft={draft} onChange={setDraft} />
        {(fault ?? error) && <InlineError message={fault ?? sentence(error!)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="main" type="submit" disabled={fetching}>
            {fetching ? 'Saving …' : 'Define'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
