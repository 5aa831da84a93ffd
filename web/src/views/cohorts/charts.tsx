import { Card } from '../../components/card.tsx';
import { chosenValues, type Filter, toggleValue } from '../../lib/filters.ts';
import type { ResultOf } from '../../lib/graphql.ts';
import { gradeTerm, visitName } from '../../lib/words.ts';
import { BarChart, type Bar } from './bar-chart.tsx';
import { KlVisitMatrix } from './kl-visit-matrix.tsx';
import type { Bucket, OVERVIEW } from './queries.ts';
import styles from './charts.module.css';

interface ChartsProps {
  data: ResultOf<typeof OVERVIEW> | undefined;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

/** Knee exams by KL grade, visit and side. Every bar and cell is a button that filters. */
export function Charts({ data, filter, onFilter }: ChartsProps) {
  const chart = (field: string, bars: Bar[]) => (
    <BarChart
      bars={bars}
      chosen={chosenValues(filter, field)}
      onChoose={(value) => onFilter(toggleValue(filter, field, value))}
    />
  );
  return (
    <div className={styles.charts}>
      <Card title="KL grade" note="Kellgren-Lawrence, preferred reading">
        {chart('kl', klBars(data?.kl))}
      </Card>
      <Card title="Visit" className={styles.tall}>
        {chart('visit', bars(data?.visit, visitName))}
      </Card>
      <Card title="Side">
        {chart(
          'side',
          bars(data?.side, (side) => side.toLowerCase()),
        )}
      </Card>
      <Card title="KL grade by visit" note="Knee exams; the stronger the tint, the more" className={styles.wide}>
        <KlVisitMatrix cells={data?.cells} filter={filter} onFilter={onFilter} />
      </Card>
    </div>
  );
}

function klBars(buckets: readonly Bucket[] | undefined): Bar[] {
  return bars(buckets, (grade) => `KL ${grade}`).map((bar) => ({
    ...bar,
    value: bar.value === null ? null : Number(bar.value),
    color: bar.value === null ? 'var(--kl-none)' : `var(--kl-${bar.value})`,
    hint: bar.value === null ? 'no grade of the preferred reading' : gradeTerm('XRKL', Number(bar.value)),
  }));
}

function bars(buckets: readonly Bucket[] | undefined, label: (value: string) => string): Bar[] {
  return (buckets ?? [])
    .map(({ exams, values: [at] }) => ({
      value: at?.value ?? null,
      label: at?.suppressed ? 'rare values' : at?.value == null ? 'missing' : label(at.value),
      exams,
      disabled: at?.suppressed ?? false,
    }))
    .toSorted(
      (a, b) => Number(a.value === null) - Number(b.value === null) || String(a.value).localeCompare(String(b.value)),
    );
}
