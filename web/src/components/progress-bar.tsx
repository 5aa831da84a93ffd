import type { ReactNode } from 'react';
import type { Connection } from '../lib/use-follow.ts';
import styles from './progress-bar.module.css';

interface ProgressBarProps {
  /** Part that is done, 0 to 1. */
  fraction: number;
  connection: Connection;
  /** What else there is to say, where the connection is not lost. */
  message?: string | null;
  /** Beside the percentage: what is being done, how much is left. */
  children: ReactNode;
}

/** How far something is that is followed live. */
export function ProgressBar({ fraction, connection, message, children }: ProgressBarProps) {
  const lost = connection === 'reconnecting';
  return (
    <section className={styles.progress} aria-label="Progress">
      <progress value={fraction} max={1} aria-label="Part that is done" />
      <p>
        <strong>{Math.floor(100 * fraction)} %</strong>
        {children}
        <span role="status" className={lost ? styles.lost : undefined}>
          {connectionText(connection) ?? message ?? ''}
        </span>
      </p>
    </section>
  );
}

/** What there is to say of a connection that is not as it should be. */
export function connectionText(connection: Connection): string | undefined {
  if (connection === 'reconnecting') return 'Connection lost; reconnecting …';
  if (connection === 'polling') return 'No live connection in this network; asking every few seconds';
  return undefined;
}
