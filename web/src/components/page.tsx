import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Asked } from '../lib/copied-code.ts';
import { CopyCode } from './copy-code.tsx';
import styles from './page.module.css';

interface PageProps {
  title: string;
  /** The list that the page is one of. */
  up?: { to: string; label: string };
  /** Under the title. */
  lead?: ReactNode;
  /** Beside the title. */
  actions?: ReactNode;
  /** What the view asked for, to be copied as code. */
  asked?: Asked;
  children: ReactNode;
}

/** A view under its title. */
export function Page({ title, up, lead, actions, asked, children }: PageProps) {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          {up && <Link to={up.to}>{up.label}</Link>}
          <h1>{title}</h1>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {(actions !== undefined || asked) && (
          <div className={styles.actions}>
            {asked && <CopyCode asked={asked} />}
            {actions}
          </div>
        )}
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
