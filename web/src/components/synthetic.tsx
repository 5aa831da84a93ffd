import type { ReactNode } from 'react';
import styles from './synthetic.module.css';

/** Around every generated image: nobody shall take it for a real one, also not in a screenshot. */
export function Synthetic({ children, className = '' }: { children: ReactNode; className?: string | undefined }) {
  return (
    <span className={`${styles.frame} ${className}`}>
      {children}
      <span className={styles.word}>synthetic</span>
    </span>
  );
}
