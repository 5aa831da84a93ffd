import { Link } from 'react-router';
import { StateBadge } from '../../components/state-badge.tsx';
import { ago, count, fileSize, kneeName, moment } from '../../lib/words.ts';
import type { Slot, Worker } from './queries.ts';
import styles from './workers.module.css';

/** One process, and each of its slots with what it computes. */
export function WorkerCard({
  worker: { name, host, pid, version, state, startedAt, seenAt, slots },
}: {
  worker: Worker;
}) {
  return (
    <li className={styles.worker}>
      <header className={styles.title}>
        <h2>{host}</h2>
        <StateBadge state={state} />
        <p>
          process {pid} · {version} · since {moment(startedAt)} · heard {ago(seenAt)}
          <span className="visually-hidden">, named {name}</span>
        </p>
      </header>
      {slots.length === 0 && <p className={styles.idle}>It has no slots yet.</p>}
      <ul className={styles.slots}>
        {slots.map((slot, index) => (
          <li key={index} className={styles.slot}>
            <p className={styles.device}>
              <strong>{slot.provider ?? slot.device}</strong>
              {slot.provider !== null && slot.device !== slot.provider && <span>asked for as {slot.device}</span>}
            </p>
            <Work slot={slot} />
            <p className={styles.facts}>
              <span>{slot.bundle ?? 'no bundle loaded'}</span>
              <span>{count(slot.generations)} done</span>
              {slot.memoryBytes > 0 && <span>{fileSize(slot.memoryBytes)}</span>}
            </p>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Work({ slot: { generation, fraction } }: { slot: Slot }) {
  if (!generation) {
    return (
      <p className={styles.idle}>{fraction === null ? 'Idle' : 'Busy with a radiograph that somebody uploaded'}</p>
    );
  }
  return (
    <div className={styles.work}>
      <p>
        <Link to={`/generations/${generation.id}`}>{kneeName(generation)}</Link>
        {generation.batch && (
          <>
            {' of '}
            <Link to={`/batches/${generation.batch.id}`}>{generation.batch.name}</Link>
          </>
        )}
      </p>
      <progress value={fraction ?? 0} max={1} aria-label="Part of the generation that is done" />
    </div>
  );
}
