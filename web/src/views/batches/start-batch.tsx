import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { both, type Filter } from '../../lib/filters.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { useClientKey } from '../../lib/use-client-key.ts';
import { count, counted } from '../../lib/words.ts';
import { submitted } from '../../lib/submitted.ts';
import { BATCH_TASKS, type BatchTask } from './batch-tasks.tsx';
import { PREPARE_BATCH, START_BATCH } from './queries.ts';
import styles from './start-batch.module.css';

type Input = VariablesOf<typeof START_BATCH>['input'];

interface StartProps {
  /** The knees: by a saved cohort, or by a filter. */
  of: { cohortId: string } | { where: Filter };
  /** What to call it, unless another name is given. */
  name: string;
  onClose: () => void;
}

/** Asks what is to be made of every knee of a selection, and says before of how many. */
export function StartBatch({ of, name, onClose }: StartProps) {
  const where = 'where' in of ? of.where : { inCohort: { eq: of.cohortId } };
  const [task, setTask] = useState<BatchTask>('XRAY_TO_MRI');
  const { makes, needs, without, fields, told } = BATCH_TASKS[task];
  const [{ data, error, fetching: counting }] = useQuery({
    query: PREPARE_BATCH,
    variables: { where, without: both(where, without), task },
    requestPolicy: 'network-only',
  });
  const [{ fetching, error: refused }, ask] = useMutation(START_BATCH);
  const [chosen, setChosen] = useState(0);
  const clientKey = useClientKey();
  const navigate = useNavigate();
  const bundles = data?.bundles.filter(({ state }) => state === 'READY') ?? [];
  const exams = data?.selected.totalCount ?? 0;
  const lacking = data?.without.totalCount ?? 0;

  const start = async (form: FormData) => {
    const text = (field: string) => String(form.get(field) ?? '').trim() || undefined;
    const input: Input = {
      ...of,
      task,
      ...(await told(form)),
      name: text('name'),
      bundle: text('bundle'),
      priority: Number(text('priority') ?? 0),
      skipExisting: form.get('skipExisting') !== null,
    };
    const { data: started } = await ask({ input: { ...input, clientKey: clientKey(input) } });
    if (started) await navigate(`/batches/${started.synthesizeCohort.batch.id}`);
  };
  return (
    <Dialog title="Start a batch" onClose={onClose}>
      {error && <InlineError message={sentence(error)} />}
      {!data && !error && <Waiting label="Counting" />}
      {data && (
        <form className={styles.form} onSubmit={submitted(start)}>
          <Field label="What is made">
            {(ids) => (
              <select
                {...ids}
                className={inputClass}
                value={task}
                onChange={({ target }) => {
                  setChosen(0);
                  setTask(target.value as BatchTask);
                }}
              >
                {Object.entries(BATCH_TASKS).map(([name, { label }]) => (
                  <option key={name} value={name}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <p>
            {makes} of each of <strong>{counted(exams, 'knee exam')}</strong>.
            {lacking > 0 &&
              ` ${count(lacking)} of them ${lacking === 1 ? 'has' : 'have'} no ${needs} here and will be listed as not possible.`}
          </p>
          {bundles.length === 0 && (
            <InlineError message={data.bundles[0]?.refusal ?? 'No bundle can generate; register one first.'} />
          )}
          <Field label="Name">
            {(ids) => <input {...ids} className={inputClass} name="name" maxLength={200} defaultValue={name} />}
          </Field>
          <div className={styles.pair}>
            <Field label="Bundle">
              {(ids) => (
                <select
                  {...ids}
                  className={inputClass}
                  name="bundle"
                  onChange={({ target }) => setChosen(target.selectedIndex)}
                >
                  {bundles.map(({ id, name: bundle, version }) => (
                    <option key={id}>
                      {bundle}@{version}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <NumberField
              label="Priority"
              hint="-10 to 10; a higher one goes first. Above 0 only for administrators."
              name="priority"
              min={-10}
              max={10}
              defaultValue={0}
            />
            {fields(bundles[chosen]?.defaultSteps ?? undefined)}
          </div>
          <label className={styles.check}>
            <input type="checkbox" name="skipExisting" defaultChecked />
            <span>
              Reuse results that are there already
              <small>
                Made with the same model, of the same image, with the same settings. The batch says how many it found.
              </small>
            </span>
          </label>
          {refused && <InlineError message={sentence(refused)} />}
          <div className={styles.foot}>
            <Button onClick={onClose}>Not now</Button>
            <Button kind="main" type="submit" disabled={fetching || counting || exams === 0 || bundles.length === 0}>
              {fetching ? 'Starting …' : 'Start'}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
