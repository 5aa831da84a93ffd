import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Column, Columns, Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { type Filter, filledIn } from '../../lib/filters.ts';
import { useSettled } from '../../lib/use-settled.ts';
import { count, counted } from '../../lib/words.ts';
import { CohortPicker } from '../cohorts/cohort-picker.tsx';
import { FilterGroup } from '../cohorts/filter-builder.tsx';
import { FeatureSets } from './feature-sets.tsx';
import { CHOICES, COMPARABLE, EVALUATE } from './queries.ts';
import { armCount, inputOf, readWish, type Wish } from './wish.ts';
import styles from './new-evaluation.module.css';

/** As the API has it. */
const MAX_ARMS = 24;

/** What to compare on which knees; the address presets it. */
export function NewEvaluation() {
  const [params] = useSearchParams();
  const [wish, setWish] = useState(() => readWish(params));
  const [{ data, error }, again] = useQuery({ query: CHOICES });
  const [{ fetching, error: refused }, evaluate] = useMutation(EVALUATE);
  const navigate = useNavigate();
  const set = (part: Partial<Wish>) => setWish({ ...wish, ...part });
  if (error)
    return (
      <ErrorNote
        title="Could not load the bundles"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading bundles" />;
  const ready = data.bundles.filter(({ state }) => state === 'READY');
  if (ready.length === 0)
    return (
      <EmptyNote title="No bundle can generate" message="Put one into the models folder and start the server again." />
    );
  const start = async () => {
    const { data: made } = await evaluate({ input: inputOf(wish) });
    if (made) await navigate(`/evaluations/${made.evaluateBundles.evaluation.id}`);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <Page
        title="Evaluate bundles"
        up={{ to: '/evaluations', label: 'Evaluations' }}
        lead={<Size wish={wish} />}
        actions={
          <Button kind="main" type="submit" disabled={fetching || wish.bundles.length === 0}>
            {fetching ? 'Asking …' : 'Evaluate'}
          </Button>
        }
      >
        {refused && <InlineError message={sentence(refused)} />}
        <Columns>
          <Column>
            <Card
              title="What is compared"
              note="Every combination of bundles, slice counts, steps, samplers and grades is an arm."
            >
              <fieldset className={styles.plain}>
                <legend>Bundles</legend>
                <Checks
                  names={ready.map(({ name, version }) => `${name}@${version}`)}
                  value={wish.bundles}
                  onChange={(bundles) => set({ bundles })}
                />
              </fieldset>
              <Field label="Name of the evaluation">
                {(ids) => (
                  <input
                    {...ids}
                    className={inputClass}
                    maxLength={200}
                    placeholder="made from the bundles"
                    value={wish.name}
                    onChange={({ target }) => set({ name: target.value })}
                  />
                )}
              </Field>
            </Card>
            <Card title="How they are run">
              <div className={styles.fields}>
                <NumberList
                  label="Slice counts"
                  hint="50 is the trained stack; several draw the correlation curve."
                  value={wish.slices}
                  onChange={(slices) => set({ slices })}
                />
                <NumberList
                  label="Steps"
                  hint="Empty: each bundle's own number."
                  value={wish.steps}
                  onChange={(steps) => set({ steps })}
                />
                <fieldset className={styles.plain}>
                  <legend>Samplers (none: the bundle&apos;s)</legend>
                  <Checks
                    names={['DDIM', 'DPMPP_2M']}
                    value={wish.samplers}
                    onChange={(samplers) => set({ samplers })}
                  />
                </fieldset>
                <Field label="Noise">
                  {(ids) => (
                    <select
                      {...ids}
                      className={inputClass}
                      value={wish.noise}
                      onChange={({ target }) => set({ noise: target.value })}
                    >
                      <option value="SHARED">the same for every slice</option>
                      <option value="PER_SLICE">its own for each slice</option>
                    </select>
                  )}
                </Field>
                <NumberField
                  label="Seed"
                  hint="The arms of one knee share it."
                  min={0}
                  max={2147483647}
                  required
                  value={wish.seed}
                  onChange={({ target }) => set({ seed: target.value })}
                />
              </div>
            </Card>
            <Card title="Grades" note="Sets of grades are arms as well: what does the volume owe to them?">
              <FeatureSets value={wish.sets} onChange={(sets) => set({ sets })} />
            </Card>
          </Column>
          <Column>
            <Card
              title="Knees"
              note="Those of the selection that have a radiograph and an MRI series to be compared with."
            >
              <div className={styles.sets}>
                <label className={styles.cohort}>
                  <span>Saved cohort</span>
                  <CohortPicker label="Saved cohort" value={wish.cohort} onChange={(cohort) => set({ cohort })} />
                </label>
                <FilterGroup type="KneeExamFilter" value={wish.where} onChange={(where) => set({ where })} />
              </div>
            </Card>
          </Column>
        </Columns>
      </Page>
    </form>
  );
}

/** How much work it would be, as it is chosen. */
function Size({ wish }: { wish: Wish }) {
  const arms = armCount(wish);
  const conditions: (Filter | undefined)[] = [
    { hasPairedMri: true },
    wish.cohort === null ? undefined : { inCohort: { eq: wish.cohort } },
    filledIn(wish.where),
  ];
  const where = useSettled(JSON.stringify({ and: conditions.filter((condition) => condition !== undefined) }));
  const [{ data, error }] = useQuery({ query: COMPARABLE, variables: { where: JSON.parse(where) as Filter } });
  if (error) return <InlineError message={sentence(error)} />;
  const knees = data?.kneeExams.totalCount;
  if (arms > MAX_ARMS) return <span>{`${arms} arms are more than the ${MAX_ARMS} that one evaluation may have.`}</span>;
  return (
    <span role="status">
      {counted(arms, 'arm')} on {count(knees)} {knees === 1 ? 'knee' : 'knees'}:{' '}
      {count(knees == null ? null : arms * knees)} volumes, without those that are there already
    </span>
  );
}

interface ChecksProps {
  names: readonly string[];
  value: readonly string[];
  onChange: (value: string[]) => void;
}

function Checks({ names, value, onChange }: ChecksProps) {
  return (
    <ul className={styles.checks}>
      {names.map((name) => (
        <li key={name}>
          <label>
            <input
              type="checkbox"
              checked={value.includes(name)}
              onChange={({ target }) =>
                onChange(target.checked ? [...value, name] : value.filter((other) => other !== name))
              }
            />
            {name}
          </label>
        </li>
      ))}
    </ul>
  );
}

interface NumberListProps {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}

function NumberList({ label, hint, value, onChange }: NumberListProps) {
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          className={inputClass}
          inputMode="numeric"
          pattern="[0-9 ,;]*"
          title="Whole numbers, with commas between them"
          placeholder="e.g. 1, 2, 10"
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
}
