import { connectionText } from '../../components/progress-bar.tsx';
import type { Connection } from '../../lib/use-follow.ts';
import { count, duration } from '../../lib/words.ts';
import { BatchBar, ended, PARTS, Swatch } from './batch-bar.tsx';
import { paceWords } from './pace.ts';
import type { Batch, MemberState } from './queries.ts';
import styles from './batch-progress.module.css';

interface ProgressProps {
  batch: Batch;
  connection: Connection;
  /** The part whose exams are listed below. */
  shown: MemberState | undefined;
  onShow: (state: MemberState | undefined) => void;
}

/** How far it is, how fast it goes, and what has become of its exams; each part is a button that lists them. */
export function BatchProgress({ batch, connection, shown, onShow }: ProgressProps) {
  const { counters, startedAt, finishedAt } = batch;
  const took = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined;
  return (
    <section className={styles.progress} aria-label="Progress">
      <p className={styles.line}>
        <strong>{Math.floor((100 * ended(counters)) / Math.max(counters.total, 1))} %</strong>
        <span>
          {count(ended(counters))} of {count(counters.total)} exams
        </span>
        {paceWords(batch).map((words) => (
          <span key={words}>{words}</span>
        ))}
        {took !== undefined && <span>took {duration(took)}, pauses included</span>}
        <span role="status" className={styles.lost}>
          {connectionText(connection)}
        </span>
      </p>
      <BatchBar counters={counters} />
      <ul className={styles.parts} aria-label="Exams by what has become of them">
        {PARTS.filter(({ counter }) => counters[counter] > 0).map(({ counter, label, state }) => (
          <li key={counter}>
            <button
              type="button"
              aria-pressed={shown === state}
              onClick={() => onShow(shown === state ? undefined : state)}
            >
              <Swatch counter={counter} />
              <strong>{count(counters[counter])}</strong> {label}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
