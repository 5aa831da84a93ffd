import type { ReactNode } from 'react';
import styles from './table.module.css';

interface TableProps {
  /** What its rows are. */
  label: string;
  columns: readonly string[];
  /** Those of its columns that hold numbers to be compared; their cells have {@link numericClass}. */
  numeric?: readonly string[];
  /** Inside a card: without a frame of its own. */
  plain?: boolean;
  /** Its rows. */
  children: ReactNode;
}

/** A table that scrolls sideways where it is wider than the page. */
export function Table({ label, columns, numeric = [], plain = false, children }: TableProps) {
  return (
    <div
      className={plain ? `${styles.scroll} ${styles.plain}` : styles.scroll}
      tabIndex={0}
      role="region"
      aria-label={`${label}, scrollable`}
    >
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((name, place) => (
              <th key={place} scope="col" className={numeric.includes(name) ? numericClass : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export const numericClass = styles.numeric!;
