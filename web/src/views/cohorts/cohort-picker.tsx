import { useQuery } from 'urql';
import { graphql } from '../../lib/graphql.ts';
import styles from './filter-builder.module.css';

const COHORT_NAMES = graphql(`
  query CohortNames {
    cohorts(first: 200) {
      nodes {
        id
        name
      }
    }
  }
`);

/** One of the saved cohorts that the viewer can read. */
export function CohortPicker({
  label,
  value,
  onChange,
}: {
  label: string;
  value: unknown;
  onChange: (id: string | null) => void;
}) {
  const [{ data, fetching }] = useQuery({ query: COHORT_NAMES });
  const cohorts = data?.cohorts.nodes ?? [];
  const id = typeof value === 'string' ? value : '';
  return (
    <select
      className={styles.select}
      aria-label={label}
      value={id}
      onChange={({ target }) => onChange(target.value || null)}
    >
      <option value="">{fetching ? 'loading …' : cohorts.length === 0 ? 'no cohort is saved yet' : 'choose …'}</option>
      {id !== '' && !cohorts.some((cohort) => cohort.id === id) && <option value={id}>a cohort shared by link</option>}
      {cohorts.map((cohort) => (
        <option key={cohort.id} value={cohort.id}>
          {cohort.name}
        </option>
      ))}
    </select>
  );
}
