import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import styles from './notes.module.css';

/** Nothing to show, and what to do about it. */
export function EmptyNote({ title, message, children }: { title: string; message?: string; children?: ReactNode }) {
  return (
    <div className={styles.note}>
      <h2>{title}</h2>
      {message && <p>{message}</p>}
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  );
}

interface ErrorNoteProps {
  title: string;
  message: string;
  onRetry?: () => void;
}

/** What went wrong in one sentence, and another try where that may help. */
export function ErrorNote({ title, message, onRetry }: ErrorNoteProps) {
  return (
    <div className={`${styles.note} ${styles.error}`} role="alert">
      <h2>{title}</h2>
      <p>{message}</p>
      {onRetry && (
        <div className={styles.actions}>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
    </div>
  );
}

/** One line beside what it is about. */
export function InlineError({ message }: { message: string }) {
  return (
    <p className={styles.inline} role="alert">
      {message}
    </p>
  );
}
