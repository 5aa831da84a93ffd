import { useRef } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { useSession } from '../../app/session-context.tsx';
import { Badge } from '../../components/badge.tsx';
import { ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { taskName } from '../../lib/words.ts';
import { BatchActions } from './batch-actions.tsx';
import { BatchFacts } from './batch-facts.tsx';
import { BatchProgress } from './batch-progress.tsx';
import { PARTS } from './batch-bar.tsx';
import { BATCH } from './queries.ts';
import { Failures } from './failures.tsx';
import { Members } from './members.tsx';
import { isOver, useBatch } from './use-batch.ts';
import styles from './batch-view.module.css';

/** A batch from its first result to its archive; its address works at any time. */
export function BatchView() {
  const { id = '' } = useParams();
  const { viewer } = useSession();
  const { batch, error, connection, refresh } = useBatch(id);
  const [params, setParams] = useSearchParams();
  const exams = useRef<HTMLDivElement>(null);
  if (error && !batch)
    return <ErrorNote title="Could not load the batch" message={sentence(error)} onRetry={refresh} />;
  if (batch === undefined) return <Waiting label="Loading the batch" />;
  if (batch === null) {
    return (
      <EmptyNote title="There is no such batch" message="It was deleted, or the link is from another database.">
        <ButtonLink to="/batches">All batches</ButtonLink>
      </EmptyNote>
    );
  }
  const { name, state, message, priority, counters } = batch;
  const shown = PARTS.find((part) => part.state === params.get('exams'))?.state;
  const show = (members: string | undefined) => {
    setParams(members ? { exams: members } : {}, { replace: true, preventScrollReset: true });
    if (members) exams.current?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <Page
      title={name}
      up={{ to: '/batches', label: 'Batches' }}
      lead={
        <>
          <StateBadge state={state} />
          {priority !== 0 && <Badge>priority {priority}</Badge>}
          <Badge tone="warn" title="Made by a model; not images of persons">
            synthetic: {taskName(batch.task)}
          </Badge>
        </>
      }
      asked={{ document: BATCH, variables: { id } }}
      actions={<BatchActions batch={batch} />}
    >
      {message && (
        <p role="status" className={state === 'FAILED' || state === 'PAUSED' ? styles.warning : styles.message}>
          {message}
        </p>
      )}
      <BatchProgress batch={batch} connection={connection} shown={shown} onShow={show} />
      {!viewer.canGenerate && !isOver(state) && (
        <p className={styles.message}>
          Your role {viewer.role} can watch this batch and download what it makes. Pausing and canceling need the role
          OPERATOR.
        </p>
      )}
      <div className={styles.columns}>
        {counters.failed + counters.impossible > 0 && <Failures batch={batch} />}
        <Card title="Request">
          <BatchFacts batch={batch} />
        </Card>
      </div>
      <div ref={exams}>
        <Members key={shown} batch={batch} shown={shown} onShow={show} />
      </div>
    </Page>
  );
}
