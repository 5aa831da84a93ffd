import styles from './waiting.module.css';

/** Something is on its way. */
export function Waiting({ label }: { label: string }) {
  return (
    <p className={styles.waiting} role="status">
      <span className={styles.ring} aria-hidden="true" />
      {label} …
    </p>
  );
}
