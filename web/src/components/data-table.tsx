import type { ReactNode } from 'react';
import styles from './data-table.module.css';

interface DataTableProps {
  /** Names the table, and the region that scrolls where it is wider than the screen. */
  label: string;
  columns: readonly string[];
  /** Rows. */
  children: ReactNode;
}

/** A table that scrolls sideways by itself, by keyboard too. */
export function DataTable({ label, columns, children }: DataTableProps) {
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
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
