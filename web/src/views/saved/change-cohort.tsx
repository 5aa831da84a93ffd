import { useState } from 'react';
import { useMutation } from 'urql';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { InlineError } from '../../components/notes.tsx';
import { sentence } from '../../lib/client.ts';
import { parseFilter, printFilter } from '../../lib/filters.ts';
import type { VariablesOf } from '../../lib/graphql.ts';
import { parseNamedExams } from '../../lib/named-exams.ts';
import { submitted } from '../../lib/submitted.ts';
import { type CohortDetail, UPDATE_COHORT } from './queries.ts';
import styles from './saved.module.css';

type Input = VariablesOf<typeof UPDATE_COHORT>['input'];
type Named = NonNullable<Input['exams']>;

/** What may become of the exams of a cohort. */
type Members = 'KEEP' | 'REPLACE' | 'ADD' | 'REMOVE' | 'ADD_NAMED' | 'REMOVE_NAMED' | 'REPLACE_NAMED';

const FROZEN: Readonly<Record<Members, string>> = {
  KEEP: 'stay as they are',
  REPLACE: 'are those that a filter selects now',
  ADD: 'take in those that a filter selects now',
  REMOVE: 'leave out those that a filter selects now',
  REPLACE_NAMED: 'are those that lines name',
  ADD_NAMED: 'take in those that lines name',
  REMOVE_NAMED: 'leave out those that lines name',
};

const LIVE: Partial<typeof FROZEN> = { KEEP: 'stay those of its filter', REPLACE: 'are those of another filter' };

/** Other words or other exams for a cohort: a new version, the old ones stay. */
export function ChangeCohort({ cohort, onClose }: { cohort: CohortDetail; onClose: () => void }) {
  const [{ error, fetching }, update] = useMutation(UPDATE_COHORT);
  const [members, setMembers] = useState<Members>('KEEP');
  const [fault, setFault] = useState<string>();
  const named = members.endsWith('NAMED');
  const send = async (form: FormData) => {
    setFault(undefined);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    try {
      const contents = await contentsOf(members, text('members'));
      const words = { name: text('name'), description: text('description') };
      const changed = {
        ...(words.name === cohort.name ? {} : { name: words.name }),
        ...(words.description === cohort.description ? {} : { description: words.description }),
      };
      const note = text('note');
      const input = { id: cohort.id, version: cohort.version, ...changed, ...contents, ...(note ? { note } : {}) };
      const { data } = await update({ input });
      if (data) onClose();
    } catch (wrong) {
      setFault(wrong instanceof Error ? wrong.message : String(wrong));
    }
  };
  return (
    <Dialog title="Change the cohort" onClose={onClose}>
      <form className={styles.share} onSubmit={submitted(send)}>
        <Field label="Name">
          {(ids) => (
            <input {...ids} className={inputClass} name="name" required maxLength={200} defaultValue={cohort.name} />
          )}
        </Field>
        <Field label="Description" hint="What it is for and how it was chosen.">
          {(ids) => (
            <textarea
              {...ids}
              className={inputClass}
              name="description"
              rows={2}
              maxLength={10_000}
              defaultValue={cohort.description}
            />
          )}
        </Field>
        <Field label="Its exams">
          {(ids) => (
            <select
              {...ids}
              className={inputClass}
              value={members}
              onChange={({ target }) => setMembers(target.value as Members)}
            >
              {Object.entries(cohort.kind === 'STATIC' ? FROZEN : LIVE).map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        {members !== 'KEEP' && (
          <Field
            label={named ? 'Knees' : 'Filter'}
            hint={
              named
                ? 'One a line: participant, visit and side, as in 9001234 V00 RIGHT. Without a side, both knees.'
                : 'As GraphQL; the page of cohorts writes it beside its conditions.'
            }
          >
            {(ids) => (
              <textarea
                {...ids}
                key={`${named} ${members === 'REPLACE'}`}
                className={inputClass}
                name="members"
                rows={6}
                required
                spellCheck={false}
                defaultValue={members === 'REPLACE' && cohort.filter ? printFilter(cohort.filter) : ''}
              />
            )}
          </Field>
        )}
        <Field label="What changes and why" hint="For the history of its versions.">
          {(ids) => <input {...ids} className={inputClass} name="note" maxLength={10_000} />}
        </Field>
        {(fault ?? error) && <InlineError message={fault ?? sentence(error!)} />}
        <div className={styles.actions}>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" type="submit" disabled={fetching}>
            {fetching ? 'Saving …' : 'Save as a new version'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/**
 * What of the input says which exams the cohort has.
 *
 * @throws Error with a sentence about what was written
 */
async function contentsOf(members: Members, written: string): Promise<Partial<Input>> {
  if (members === 'KEEP') return {};
  if (members === 'REPLACE') return { filter: await parseFilter(written) };
  if (members === 'ADD') return { add: { filter: await parseFilter(written) } };
  if (members === 'REMOVE') return { remove: { filter: await parseFilter(written) } };
  const exams = parseNamedExams(written) as Named;
  if (members === 'ADD_NAMED') return { add: { exams } };
  return members === 'REMOVE_NAMED' ? { remove: { exams } } : { exams };
}
