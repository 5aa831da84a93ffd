import { useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { count, moment } from '../../lib/words.ts';
import { BatchBar, ended, PARTS } from './batch-bar.tsx';
import { paceWords } from './pace.ts';
import { BATCHES, type BatchSummary } from './queries.ts';
import styles from './batch-list.module.css';

/** How often the list is asked for while something is in the queue. */
const POLL_MS = 3000;

/** What is in the queue, in the order in which it is served, and what is over, the newest first. */
export function BatchList() {
  const { viewer } = useSession();
  const [after, setAfter] = useState<string | null>(null);
  const batches = useQuery({ query: BATCHES, variables: { after }, requestPolicy: 'cache-and-network' });
  const [{ data, error }, again] = batches;
  const queue = data?.queue.nodes.toSorted(byTurn) ?? [];
  usePoll(batches, POLL_MS, queue.length > 0);
  if (error && !data)
    return (
      <ErrorNote
        title="Could not load the batches"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading batches" />;
  const { nodes: over, pageInfo } = data.over;
  if (queue.length + over.length === 0 && after === null) {
    return (
      <EmptyNote
        title="There is no batch yet"
        message={
          viewer.canGenerate
            ? 'A batch makes something of every knee of a cohort: a synthetic MRI volume, a restored film, a film at another grade, a finer series. Choose the knees, or open a saved cohort, and start one there.'
            : `A batch makes something of every knee of a cohort: a synthetic MRI volume, a restored film, a film at another grade, a finer series. Starting one needs the role OPERATOR; yours is ${viewer.role}.`
        }
      >
        <ButtonLink kind={viewer.canGenerate ? 'main' : 'plain'} to="/cohorts">
          Choose knees
        </ButtonLink>
      </EmptyNote>
    );
  }
  return (
    <Page
      title="Batches"
      asked={{ document: BATCHES, variables: { after } }}
      actions={
        viewer.canGenerate && (
          <ButtonLink kind="main" to="/cohorts/saved">
            Start from a cohort …
          </ButtonLink>
        )
      }
    >
      {error && <p role="status">{sentence(error)}</p>}
      <section className={styles.part} aria-labelledby="queue">
        <h2 id="queue">In the queue</h2>
        {queue.length === 0 ? <p className={styles.none}>Nothing is waiting.</p> : <Rows batches={queue} />}
      </section>
      {over.length > 0 && (
        <section className={styles.part} aria-labelledby="over">
          <h2 id="over">Over</h2>
          <Rows batches={over} />
        </section>
      )}
      <div className={styles.pages}>
        {after !== null && <Button onClick={() => setAfter(null)}>Newest</Button>}
        {pageInfo.hasNextPage && <Button onClick={() => setAfter(pageInfo.endCursor)}>Older</Button>}
      </div>
    </Page>
  );
}

function Rows({ batches }: { batches: readonly BatchSummary[] }) {
  return (
    <ul className={styles.rows}>
      {batches.map((batch) => (
        <Row key={batch.id} batch={batch} />
      ))}
    </ul>
  );
}

function Row({ batch }: { batch: BatchSummary }) {
  const { id, name, state, message, priority, counters, bundle, cohorts, requestedBy, createdAt } = batch;
  const parts = PARTS.filter(({ counter }) => counter !== 'waiting' && counter !== 'running' && counters[counter] > 0);
  return (
    <li className={styles.row}>
      <div className={styles.title}>
        <Link to={`/batches/${id}`}>{name}</Link>
        <StateBadge state={state} />
        {priority !== 0 && <span>priority {priority}</span>}
      </div>
      <div className={styles.progress}>
        <BatchBar counters={counters} />
        <p>
          <strong>
            {count(ended(counters))} of {count(counters.total)}
          </strong>
          {parts.map(({ counter, label }) => (
            <span key={counter}>
              {count(counters[counter])} {label}
            </span>
          ))}
          {paceWords(batch).map((words) => (
            <span key={words}>{words}</span>
          ))}
        </p>
        {message && <p>{message}</p>}
      </div>
      <p className={styles.facts}>
        <span>
          {bundle.name}@{bundle.version}
        </span>
        {cohorts.map((cohort) => (
          <Link key={cohort.id} to={`/cohorts/saved/${cohort.id}`}>
            {cohort.name} v{cohort.version}
          </Link>
        ))}
        <span>
          {moment(createdAt)}
          {requestedBy && `, ${requestedBy}`}
        </span>
      </p>
    </li>
  );
}

/** What runs first, then by priority, then who came first. */
function byTurn(a: BatchSummary, b: BatchSummary): number {
  const order = ['RUNNING', 'QUEUED', 'PAUSED'];
  return (
    order.indexOf(a.state) - order.indexOf(b.state) ||
    b.priority - a.priority ||
    Date.parse(a.createdAt) - Date.parse(b.createdAt)
  );
}
