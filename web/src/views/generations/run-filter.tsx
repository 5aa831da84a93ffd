import { Field, inputClass } from '../../components/field.tsx';
import type { VariablesOf } from '../../lib/graphql.ts';
import { TASKS, taskName } from '../../lib/words.ts';
import type { GENERATIONS } from './queries.ts';
import styles from './generation-list.module.css';

type Where = NonNullable<VariablesOf<typeof GENERATIONS>['where']>;
type Task = NonNullable<NonNullable<Where['task']>['eq']>;
type State = NonNullable<NonNullable<Where['state']>['eq']>;

const STATES: readonly State[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];

interface RunFilterProps {
  /** The address: `task`, `state`, `participant`, `tag` and `bundle`. */
  params: URLSearchParams;
  onChange: (name: string, value: string) => void;
}

/** Which generations the list shows. */
export function RunFilter({ params, onChange }: RunFilterProps) {
  return (
    <div className={styles.filter} role="search">
      <Choice label="Task" name="task" every="all tasks" values={TASKS} word={taskName} {...{ params, onChange }} />
      <Choice
        label="State"
        name="state"
        every="any state"
        values={STATES}
        word={(state) => state.toLowerCase()}
        {...{ params, onChange }}
      />
      <Words label="Participant" name="participant" placeholder="e.g. 1000001" {...{ params, onChange }} />
      <Words label="Tag" name="tag" placeholder="e.g. to review" {...{ params, onChange }} />
      <Words label="Model" name="bundle" placeholder="e.g. knee-xray-restore" {...{ params, onChange }} />
    </div>
  );
}

/** The filter of an address; undefined selects everything. Values that no choice has are left to the server, which says so. */
export function whereOf(params: URLSearchParams): Where | undefined {
  const [task, state, participant, tag, bundle] = ['task', 'state', 'participant', 'tag', 'bundle'].map((name) =>
    params.get(name)?.trim(),
  );
  const where: Where = {
    ...(task ? { task: { eq: task as Task } } : {}),
    ...(state ? { state: { eq: state as State } } : {}),
    ...(participant ? { exam: { participant: { oaiId: { contains: participant } } } } : {}),
    ...(tag ? { tags: { some: { name: { contains: tag } } } } : {}),
    ...(bundle ? { bundle: { name: { contains: bundle } } } : {}),
  };
  return Object.keys(where).length > 0 ? where : undefined;
}

function Choice<T extends string>({
  label,
  name,
  every,
  values,
  word,
  params,
  onChange,
}: RunFilterProps & { label: string; name: string; every: string; values: readonly T[]; word: (value: T) => string }) {
  return (
    <Field label={label}>
      {(ids) => (
        <select
          {...ids}
          className={inputClass}
          value={params.get(name) ?? ''}
          onChange={({ target }) => onChange(name, target.value)}
        >
          <option value="">{every}</option>
          {values.map((value) => (
            <option key={value} value={value}>
              {word(value)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function Words({
  label,
  name,
  placeholder,
  params,
  onChange,
}: RunFilterProps & { label: string; name: string; placeholder: string }) {
  return (
    <Field label={label}>
      {(ids) => (
        <input
          {...ids}
          className={inputClass}
          type="search"
          placeholder={placeholder}
          value={params.get(name) ?? ''}
          onChange={({ target }) => onChange(name, target.value)}
        />
      )}
    </Field>
  );
}
