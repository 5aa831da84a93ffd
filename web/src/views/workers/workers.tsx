import { useQuery } from 'urql';
import { ErrorNote, InlineError } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { count, counted } from '../../lib/words.ts';
import { type Worker, WORKERS } from './queries.ts';
import { WorkerCard } from './worker-card.tsx';
import styles from './workers.module.css';

/** As often as a worker tells what it does. */
const POLL_MS = 5000;

/** Who computes, on what, and how much waits for it. */
export function Workers() {
  const workers = useQuery({ query: WORKERS, requestPolicy: 'network-only' });
  const [{ data, error }, again] = workers;
  usePoll(workers, POLL_MS, true);
  if (error && !data)
    return (
      <ErrorNote
        title="Could not load the workers"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading workers" />;
  const alive = data.workers.filter(({ state }) => state !== 'GONE');
  const gone = data.workers.filter(({ state }) => state === 'GONE');
  const paused = data.paused.nodes.reduce((sum, { counters }) => sum + counters.waiting, 0);
  const waiting = Math.max((data.waiting.totalCount ?? 0) - paused, 0);
  return (
    <Page title="Workers" lead={`${summary(alive)}; ${queue(waiting, paused)}`} asked={{ document: WORKERS }}>
      {error && <InlineError message={sentence(error)} />}
      {alive.length === 0 ? (
        <NoWorker waiting={waiting} />
      ) : (
        <ul className={styles.workers}>
          {alive.map((worker) => (
            <WorkerCard key={worker.id} worker={worker} />
          ))}
        </ul>
      )}
      {gone.length > 0 && (
        <details className={styles.gone}>
          <summary>{counted(gone.length, 'worker')} gone in the last day</summary>
          <ul className={styles.workers}>
            {gone.map((worker) => (
              <WorkerCard key={worker.id} worker={worker} />
            ))}
          </ul>
        </details>
      )}
    </Page>
  );
}

/** "2 workers, 4 slots (2 on cuda, 2 on cpu), 3 busy". */
function summary(workers: readonly Worker[]): string {
  const slots = workers.flatMap((worker) => worker.slots);
  const devices = Map.groupBy(slots, ({ provider, device }) => provider ?? device);
  const on = [...devices].map(([device, { length }]) => `${length} on ${device}`).join(', ');
  const busy = slots.filter(({ generation }) => generation !== null).length;
  const there = slots.length === 0 ? '' : `, ${counted(slots.length, 'slot')} (${on}), ${busy} busy`;
  return counted(workers.length, 'worker') + there;
}

/** "12 generations wait, 40 in paused batches". */
function queue(waiting: number, paused: number): string {
  const wait = waiting === 1 ? '1 generation waits' : `${counted(waiting, 'generation')} wait`;
  return paused === 0 ? wait : `${wait}, ${count(paused)} in paused batches`;
}

function NoWorker({ waiting }: { waiting: number }) {
  return (
    <div className={styles.none}>
      <h2>No worker is running</h2>
      <p>
        {waiting > 0 ? 'Waiting work begins as soon as a worker starts. ' : ''}
        Start one on any machine that reaches the database and the blobs; several may run beside each other:
      </p>
      <pre>npm run osteograph -- worker --device auto</pre>
    </div>
  );
}
