import { counted } from '../../lib/words.ts';
import type { Counters, MemberState } from './queries.ts';
import styles from './batch-bar.module.css';

/** Where an exam of a batch is counted, what to call it, and which members are meant: as the bar shows them, left to right. */
export const PARTS: readonly { counter: Exclude<keyof Counters, 'total'>; label: string; state: MemberState }[] = [
  { counter: 'succeeded', label: 'made', state: 'SUCCEEDED' },
  { counter: 'reused', label: 'reused', state: 'REUSED' },
  { counter: 'failed', label: 'failed', state: 'FAILED' },
  { counter: 'canceled', label: 'canceled', state: 'CANCELED' },
  { counter: 'impossible', label: 'not possible', state: 'NOT_POSSIBLE' },
  { counter: 'running', label: 'running', state: 'RUNNING' },
  { counter: 'waiting', label: 'waiting', state: 'WAITING' },
];

/** Exams that nothing more is done for. */
export function ended({ total, waiting, running }: Counters): number {
  return total - waiting - running;
}

/** What has become of the exams, as shares of one bar; also in words. */
export function BatchBar({ counters }: { counters: Counters }) {
  const parts = PARTS.filter(({ counter }) => counters[counter] > 0);
  const words = parts.map(({ counter, label }) => `${counters[counter]} ${label}`).join(', ');
  return (
    <div className={styles.bar} role="img" aria-label={`Of ${counted(counters.total, 'exam')}: ${words}`}>
      {parts.map(({ counter }) => (
        <span key={counter} className={styles[counter]} style={{ flexGrow: counters[counter] }} />
      ))}
    </div>
  );
}

/** A square in the colour of a part of the bar. */
export function Swatch({ counter }: { counter: Exclude<keyof Counters, 'total'> }) {
  return <i className={`${styles.swatch} ${styles[counter]}`} aria-hidden="true" />;
}
