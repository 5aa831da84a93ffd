import { useId } from 'react';
import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { graphql, type ResultOf } from '../../lib/graphql.ts';
import { useSettled } from '../../lib/use-settled.ts';
import styles from './variables.module.css';

const FIND_VARIABLES = graphql(`
  query FindVariables($search: String!, $read: Boolean!) {
    variables(search: $search, first: 20) {
      nodes {
        name
        label
        unit
        kind
        derivedVariable @include(if: $read) {
          kind
          bands {
            code
            label
          }
        }
      }
    }
  }
`);

export type FoundVariable = ResultOf<typeof FIND_VARIABLES>['variables']['nodes'][number];

interface VariablePickerProps {
  id?: string | undefined;
  label: string;
  value: string;
  onChange: (name: string) => void;
  className?: string | undefined;
}

/** A name of a variable, typed or chosen among those whose name or label holds what is typed; below it what that variable is. */
export function VariablePicker({ id, label, value, onChange, className }: VariablePickerProps) {
  const listId = useId();
  const { found, exact } = useVariables(value);
  return (
    <span className={styles.picker}>
      <input
        id={id}
        className={className}
        type="text"
        aria-label={label}
        list={listId}
        spellCheck={false}
        autoComplete="off"
        placeholder="Name or words of a label"
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
      <datalist id={listId}>
        {found.map(({ name, label: meaning }) => (
          <option key={name} value={name}>
            {meaning ?? name}
          </option>
        ))}
      </datalist>
      {exact && <small>{inWords(exact)}</small>}
    </span>
  );
}

/** Variables that a text finds, and the one that it is the name of. */
export function useVariables(text: string): { found: FoundVariable[]; exact: FoundVariable | undefined } {
  const { viewer } = useSession();
  const search = useSettled(bareName(text));
  const [{ data }] = useQuery({
    query: FIND_VARIABLES,
    variables: { search, read: viewer.canRead },
    pause: search === '',
  });
  const found = search === '' ? [] : (data?.variables.nodes ?? []);
  return { found, exact: found.find(({ name }) => name.toLowerCase() === search.toLowerCase()) };
}

/** The name without the visit before it and the reading or version behind it. */
function bareName(text: string): string {
  return text
    .trim()
    .replace(/^V\d\d(?=.)/i, '')
    .replace(/@.*$/, '');
}

/** "Symptomatic OA: 1 Yes, 0 No" */
function inWords({ label, unit, derivedVariable }: FoundVariable): string {
  const meaning = `${label ?? 'a released column without a label'}${unit ? `, ${unit}` : ''}`;
  if (!derivedVariable) return meaning;
  const codes =
    derivedVariable.kind === 'BOOLEAN'
      ? '1 Yes, 0 No'
      : derivedVariable.bands.map(({ code, label: band }) => `${code} ${band}`).join(', ');
  return `${meaning}: ${codes}`;
}
