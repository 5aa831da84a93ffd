import { count } from '../../lib/words.ts';
import styles from './bar-chart.module.css';

export interface Bar {
  /** null = missing in the data. */
  value: unknown;
  label: string;
  exams: number;
  color?: string;
  hint?: string;
  disabled?: boolean;
}

interface BarChartProps {
  bars: readonly Bar[];
  /** Values that the filter names; null when it names none, and every bar counts. */
  chosen: readonly unknown[] | null;
  onChoose: (value: unknown) => void;
}

/** Horizontal bars, each a toggle button that reads as "KL 2: 1,234 knee exams". */
export function BarChart({ bars, chosen, onChoose }: BarChartProps) {
  const most = Math.max(1, ...bars.map(({ exams }) => exams));
  if (bars.length === 0) return <p className={styles.none}>No knee exam matches.</p>;
  return (
    <ul className={styles.bars}>
      {bars.map(({ value, label, exams, color = 'var(--accent)', hint, disabled }) => {
        const on = chosen?.includes(value) ?? false;
        return (
          <li key={String(value) + label}>
            <button
              type="button"
              className={chosen && !on ? `${styles.bar} ${styles.off}` : styles.bar}
              aria-pressed={on}
              title={hint}
              disabled={disabled}
              onClick={() => onChoose(value)}
            >
              <span className={styles.label}>
                {label}
                <span className="visually-hidden">:</span>
              </span>
              <span className={styles.track}>
                <span className={styles.fill} style={{ width: `${(100 * exams) / most}%`, background: color }} />
              </span>
              <span className={styles.count}>
                {count(exams)}
                <span className="visually-hidden"> knee exams</span>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
