import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import type { Filter } from '../../lib/filters.ts';
import { graphql, type VariablesOf } from '../../lib/graphql.ts';
import { counted } from '../../lib/words.ts';
import { submitted } from '../../lib/submitted.ts';
import { DefineVariable } from '../variables/define-variable.tsx';
import { StartBatch } from '../batches/start-batch.tsx';
import { ExportDialog } from './export-dialog.tsx';
import styles from './cohort-actions.module.css';

const CREATE_COHORT = graphql(`
  mutation CreateCohort($input: CreateCohortInput!) {
    createCohort(input: $input) {
      cohort {
        id
      }
    }
  }
`);

type CohortInput = VariablesOf<typeof CREATE_COHORT>['input'];

interface ActionsProps {
  where: Filter | undefined;
  exams: number | undefined;
}

/** What can be done with a selection: save it, take it along as a file, make volumes of it, look at saved ones. */
export function CohortActions({ where, exams }: ActionsProps) {
  const { viewer } = useSession();
  const [open, setOpen] = useState<'save' | 'export' | 'batch' | 'define'>();
  return (
    <div className={styles.actions}>
      <ButtonLink to="/cohorts/saved">Saved cohorts</ButtonLink>
      <ButtonLink to="/cohorts/variables">Derived variables</ButtonLink>
      <Button onClick={() => setOpen('export')}>Export …</Button>
      {viewer.canGenerate && <Button onClick={() => setOpen('batch')}>Start a batch …</Button>}
      {where && <Button onClick={() => setOpen('define')}>Define a variable …</Button>}
      <Button kind="main" onClick={() => setOpen('save')}>
        Save cohort …
      </Button>
      {open === 'save' && <SaveDialog where={where} exams={exams} onClose={() => setOpen(undefined)} />}
      {open === 'define' && <DefineVariable where={where} onClose={() => setOpen(undefined)} />}
      {open === 'export' && <ExportDialog where={where} exams={exams} onClose={() => setOpen(undefined)} />}
      {open === 'batch' && <StartBatch of={{ where: where ?? {} }} name="" onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function SaveDialog({ where, exams, onClose }: ActionsProps & { onClose: () => void }) {
  const [{ fetching, error }, create] = useMutation(CREATE_COHORT);
  const navigate = useNavigate();
  const save = async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? '');
    const { data } = await create({
      input: {
        name: text('name').trim(),
        description: text('description').trim() || undefined,
        kind: text('kind') as CohortInput['kind'],
        visibility: text('visibility') as CohortInput['visibility'],
        filter: where ?? {},
      },
    });
    if (data) await navigate(`/cohorts/saved/${data.createCohort.cohort.id}`);
  };
  return (
    <Dialog title="Save as a cohort" onClose={onClose}>
      <form className={styles.form} onSubmit={submitted(save)}>
        <Field label="Name">
          {(ids) => <input {...ids} className={inputClass} name="name" required maxLength={200} autoFocus />}
        </Field>
        <Field label="Description" hint="What it is for and how it was chosen.">
          {(ids) => <textarea {...ids} className={inputClass} name="description" rows={2} />}
        </Field>
        <Field
          label="Contents"
          hint={`Frozen keeps ${exams === undefined ? 'these exams' : `these ${counted(exams, 'exam')}`}; live runs the filter anew whenever it is read.`}
        >
          {(ids) => (
            <select {...ids} className={inputClass} name="kind">
              <option value="STATIC">frozen: these exams</option>
              <option value="DYNAMIC">live: this filter</option>
            </select>
          )}
        </Field>
        <Field label="Who may read it">
          {(ids) => (
            <select {...ids} className={inputClass} name="visibility">
              <option value="PRIVATE">only me</option>
              <option value="LINK">whoever has the link</option>
              <option value="READERS">every reader; it is in their lists</option>
            </select>
          )}
        </Field>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.foot}>
          <Button onClick={onClose}>Not now</Button>
          <Button kind="main" type="submit" disabled={fetching}>
            {fetching ? 'Saving …' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
