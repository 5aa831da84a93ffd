import { Card } from '../../components/card.tsx';
import { Table } from '../../components/table.tsx';
import { counted } from '../../lib/words.ts';
import type { Results } from './queries.ts';
import styles from './results.module.css';

interface ResultsProps {
  title: string;
  results: Results;
  /** Whether pairs are told apart by grade, arm, side. */
  strata?: boolean;
}

/** How often the imported image was named, with its interval beside the line of guessing. */
export function ResultsCard({ title, results, strata = false }: ResultsProps) {
  const { readers, correct, answers, accuracy, interval } = results;
  const note = strata ? counted(readers, 'reader') : undefined;
  if (accuracy === null)
    return (
      <Card title={title} note={note}>
        <p>Nobody has finished yet.</p>
      </Card>
    );
  const guess = interval.lower <= 0.5 && interval.upper >= 0.5;
  return (
    <Card title={title} note={note}>
      <p className={styles.accuracy}>
        <strong>{percent(accuracy)}</strong> right: {correct} of {counted(answers, 'pair')}, Wilson&apos;s 95 % interval{' '}
        {percent(interval.lower)} to {percent(interval.upper)}.{' '}
        {guess ? 'This cannot be told from guessing.' : 'This is better than guessing.'}
      </p>
      <Scale results={results} />
      {strata && (
        <>
          <p className={styles.soft}>
            Answers of one reader are not independent: with few readers the intervals are too narrow.
          </p>
          <Table plain label="By kind of pair" columns={['By', 'Kind', 'Right', 'Of', 'Accuracy', '95 % interval']}>
            {results.strata.map((stratum) => (
              <tr key={`${stratum.by} ${stratum.value}`}>
                <th scope="row">{KINDS[stratum.by]}</th>
                <td>{stratum.by === 'ARM' ? stratum.value : stratum.value.toLowerCase()}</td>
                <td>{stratum.correct}</td>
                <td>{stratum.answers}</td>
                <td>{stratum.accuracy === null ? '–' : percent(stratum.accuracy)}</td>
                <td>
                  {percent(stratum.interval.lower)} to {percent(stratum.interval.upper)}
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Card>
  );
}

const KINDS: Readonly<Record<Results['strata'][number]['by'], string>> = {
  KL: 'KL grade',
  ARM: 'Arm',
  SIDE: 'Knee',
  SHOWN_ON: 'Imported image shown',
};

/** 0 to 100 %, guessing marked in the middle. */
function Scale({ results: { accuracy, interval } }: { results: Results }) {
  const at = (part: number) => `${100 * part}%`;
  return (
    <div className={styles.scale} aria-hidden="true">
      <i className={styles.guess} />
      <i className={styles.interval} style={{ left: at(interval.lower), width: at(interval.upper - interval.lower) }} />
      <i className={styles.point} style={{ left: at(accuracy ?? 0) }} />
      <span>0 %</span>
      <span>guessing</span>
      <span>100 %</span>
    </div>
  );
}

function percent(part: number): string {
  return `${Math.round(100 * part)}\u00a0%`;
}
