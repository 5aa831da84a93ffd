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

/** Asks for a volume of every knee of a selection, and says before how many that is. */
export function StartBatch({ of, name, onClose }: StartProps) {
  const where = 'where' in of ? of.where : { inCohort: { eq: of.cohortId } };
  const without = both(where, { hasRadiograph: false });
  const [{ data, error }] = useQuery({
    query: PREPARE_BATCH,
    variables: { where, without },
    requestPolicy: 'network-only',
  });
  const [{ fetching, error: refused }, ask] = useMutation(START_BATCH);
  const [chosen, setChosen] = useState(0);
  const clientKey = useClientKey();
  const navigate = useNavigate();
  const bundles = data?.bundles.filter(({ state }) => state === 'READY') ?? [];
  const exams = data?.selected.totalCount ?? 0;
  const filmless = data?.without.totalCount ?? 0;

  const start = async (form: FormData) => {
    const text = (field: string) => String(form.get(field) ?? '').trim() || undefined;
    const number = (field: string) => (text(field) === undefined ? undefined : Number(text(field)));
    const input: Input = {
      ...of,
      name: text('name'),
      bundle: text('bundle'),
      sliceCount: number('slices'),
      steps: number('steps'),
      seed: number('seed'),
      seedRule: text('seedRule') as Input['seedRule'],
      priority: number('priority'),
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
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            void start(new FormData(event.currentTarget));
          }}
        >
          <p>
            A synthetic MRI volume of each of <strong>{counted(exams, 'knee exam')}</strong>.
            {filmless > 0 &&
              ` ${count(filmless)} of them ${filmless === 1 ? 'has' : 'have'} no radiograph here and will be listed as not possible.`}
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
              hint="-10 to 10; a higher one goes first."
              name="priority"
              min={-10}
              max={10}
              defaultValue={0}
            />
            <NumberField
              label="Slices"
              hint="2 to 500; 50 is the trained stack."
              name="slices"
              min={2}
              max={500}
              defaultValue={50}
            />
            <NumberField
              label="Steps"
              hint="More steps, more time; empty takes the bundle's own."
              name="steps"
              min={1}
              placeholder={String(bundles[chosen]?.defaultSteps ?? '')}
            />
            <NumberField
              label="Seed"
              hint="The same seed gives the same volumes."
              name="seed"
              min={0}
              max={2147483647}
              defaultValue={0}
            />
            <Field label="Seed rule">
              {(ids) => (
                <select {...ids} className={inputClass} name="seedRule">
                  <option value="FIXED">one seed for all</option>
                  <option value="PER_EXAM">each exam its own</option>
                </select>
              )}
            </Field>
          </div>
          <label className={styles.check}>
            <input type="checkbox" name="skipExisting" defaultChecked />
            <span>
              Reuse volumes that are there already
              <small>
                Made with the same model, film, grades, seed and settings. The batch says how many it found.
              </small>
            </span>
          </label>
          {refused && <InlineError message={sentence(refused)} />}
          <div className={styles.foot}>
            <Button onClick={onClose}>Not now</Button>
            <Button kind="main" type="submit" disabled={fetching || exams === 0 || bundles.length === 0}>
              {fetching ? 'Starting …' : 'Start'}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
