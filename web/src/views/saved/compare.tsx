import { useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Columns, Page } from '../../components/page.tsx';
import { numericClass, Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import type { ResultOf } from '../../lib/graphql.ts';
import { count, decimal, visitName } from '../../lib/words.ts';
import { COMPARISON } from './queries.ts';
import styles from './saved.module.css';

type Comparison = ResultOf<typeof COMPARISON>;

type Buckets = Comparison['aKl'];

/** Two cohorts beside each other: how many, how much they share, who is in them. */
export function Compare() {
  const [params] = useSearchParams();
  const [a, b] = [params.get('a') ?? '', params.get('b') ?? ''];
  const [inA, inB] = [{ inCohort: { eq: a } }, { inCohort: { eq: b } }];
  const variables = { a, b, inA, inB, inBoth: { and: [inA, inB] } };
  const [{ data, error }, again] = useQuery({ query: COMPARISON, variables, pause: !a || !b });
  if (!a || !b) return <Missing />;
  if (error)
    return (
      <ErrorNote
        title="Could not load the comparison"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Comparing" />;
  if (!data.a || !data.b) return <Missing />;
  const rows = [
    ['Knee exams', count(data.aAge[0]?.exams), count(data.bAge[0]?.exams)],
    ['Participants', count(data.aAge[0]?.participants), count(data.bAge[0]?.participants)],
    ['Exams in both', count(data.both.totalCount), count(data.both.totalCount)],
    ['Age, median (quartiles)', spread(data.aAge, 0), spread(data.bAge, 0)],
    ['BMI', spread(data.aBmi, 1), spread(data.bBmi, 1)],
    ['WOMAC pain', spread(data.aPain, 1), spread(data.bPain, 1)],
  ];
  return (
    <Page
      title={`${data.a.name} and ${data.b.name}`}
      up={{ to: '/cohorts/saved', label: 'Saved cohorts' }}
      asked={{ document: COMPARISON, variables }}
      actions={
        <p className={styles.key}>
          <span>
            <i style={{ background: 'var(--series-1)' }} />
            {data.a.name}
          </span>
          <span>
            <i style={{ background: 'var(--series-2)' }} />
            {data.b.name}
          </span>
        </p>
      }
    >
      <Table
        label="Figures of both cohorts"
        columns={['Figure', data.a.name, data.b.name]}
        numeric={[data.a.name, data.b.name]}
      >
        {rows.map(([name, left, right]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className={numericClass}>{left}</td>
            <td className={numericClass}>{right}</td>
          </tr>
        ))}
      </Table>
      <Columns>
        <Card title="KL grade" note="Share of each cohort">
          <Pairs a={data.aKl} b={data.bKl} label={(kl) => `KL ${kl}`} />
        </Card>
        <Card title="Visit" note="Share of each cohort">
          <Pairs a={data.aVisit} b={data.bVisit} label={visitName} />
        </Card>
        <Card title="Sex" note="Share of each cohort, by exam">
          <Pairs a={data.aSex} b={data.bSex} label={(sex) => sex.toLowerCase()} />
        </Card>
      </Columns>
    </Page>
  );
}

function Missing() {
  return (
    <EmptyNote title="Two cohorts are needed" message="Choose them in the list of saved cohorts.">
      <ButtonLink to="/cohorts/saved">Saved cohorts</ButtonLink>
    </EmptyNote>
  );
}

/** Bars in pairs, as shares: cohorts of different size can be compared. */
function Pairs({ a, b, label }: { a: Buckets; b: Buckets; label: (value: string) => string }) {
  const values = [...new Set([...a, ...b].map(({ values: [at] }) => at?.value ?? null))].toSorted((x, y) =>
    (x ?? '~').localeCompare(y ?? '~'),
  );
  const sum = (buckets: Buckets) => buckets.reduce((total, { exams }) => total + exams, 0);
  return (
    <dl className={styles.pairs}>
      {values.map((value) => (
        <div key={value} className={styles.pair}>
          <dt>{value === null ? 'missing' : label(value)}</dt>
          <dd>
            {[a, b].map((buckets, index) => {
              const exams = buckets.find(({ values: [at] }) => (at?.value ?? null) === value)?.exams ?? 0;
              const share = exams / Math.max(sum(buckets), 1);
              return (
                <span key={index} className={styles.share2}>
                  <i style={{ width: `${100 * share}%`, background: `var(--series-${index + 1})` }} />
                  <span>
                    {(100 * share).toFixed(1)} % ({count(exams)})
                  </span>
                </span>
              );
            })}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function spread([numbers]: Comparison['aAge'], digits: number): string {
  if (!numbers || numbers.median === null) return '–';
  return `${decimal(numbers.median, digits)} (${decimal(numbers.lowerQuartile, digits)} to ${decimal(numbers.upperQuartile, digits)})`;
}
