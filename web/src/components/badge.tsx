import type { ReactNode } from 'react';
import styles from './badge.module.css';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent';

export function Badge({ tone = 'plain', title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={`${styles.badge} ${styles[tone]}`} title={title}>
      {children}
    </span>
  );
}

/** A KL grade on its colour. */
export function KlBadge({ kl }: { kl: number | null }) {
  return (
    <span className={`${styles.badge} ${styles.kl} ${styles[`kl${kl ?? 'None'}`]}`}>
      {kl === null ? 'KL –' : `KL ${kl}`}
    </span>
  );
}
