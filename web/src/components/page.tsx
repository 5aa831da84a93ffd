import type { ReactNode } from 'react';
import { Link } from 'react-router';
import styles from './page.module.css';

interface PageProps {
  title: string;
  /** The list that the page is one of. */
  up?: { to: string; label: string };
  /** Under the title. */
  lead?: ReactNode;
  /** Beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A view under its title. */
export function Page({ title, up, lead, actions, children }: PageProps) {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          {up && <Link to={up.to}>{up.label}</Link>}
          <h1>{title}</h1>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Cards beside each other, where there is room. */
export function Columns({ children }: { children: ReactNode }) {
  return <div className={styles.columns}>{children}</div>;
}

/** Cards under each other in one of the {@link Columns}. */
export function Column({ children }: { children: ReactNode }) {
  return <div className={styles.column}>{children}</div>;
}
