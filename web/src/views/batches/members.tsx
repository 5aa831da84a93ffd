import { useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';
import { KlBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { ErrorNote } from '../../components/notes.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { counted, decimal, duration, kneeName } from '../../lib/words.ts';
import { PARTS } from './batch-bar.tsx';
import { type Batch, MEMBERS, type MemberState } from './queries.ts';
import { isOver } from './use-batch.ts';
import styles from './members.module.css';

const PAGE = 25;

const POLL_MS = 3000;

interface MembersProps {
  batch: Batch;
  /** Only exams in this state. */
  shown: MemberState | undefined;
  onShow: (state: MemberState | undefined) => void;
}

/** The exams of a batch in the order in which they are made, a page at a time. */
export function Members({ batch: { id, state }, shown, onShow }: MembersProps) {
  const [after, setAfter] = useState<string | null>(null);
  const members = useQuery({
    query: MEMBERS,
    variables: { id, states: shown ? [shown] : null, first: PAGE, after },
    requestPolicy: 'cache-and-network',
  });
  const [{ data, error }, again] = members;
  usePoll(members, POLL_MS, !isOver(state));
  const page = data?.batch?.members;
  return (
    <Card
      title="Exams"
      note={page && counted(page.totalCount ?? 0, 'exam')}
      actions={
        <select
          aria-label="Show exams that are"
          className={styles.filter}
          value={shown ?? ''}
          onChange={({ target }) => onShow((target.value || undefined) as MemberState | undefined)}
        >
          <option value="">all</option>
          {PARTS.map((part) => (
            <option key={part.state} value={part.state}>
              {part.label}
            </option>
          ))}
        </select>
      }
    >
      {error && !page ? (
        <ErrorNote
          title="Could not load the exams"
          message={sentence(error)}
          onRetry={() => again({ requestPolicy: 'network-only' })}
        />
      ) : !page ? (
        <Waiting label="Loading exams" />
      ) : page.nodes.length === 0 ? (
        <p>None of its exams is in this state at the moment.</p>
      ) : (
        <Table plain label="Exams of the batch" columns={['#', 'State', 'Knee', 'Result', 'PSNR', 'SSIM', 'Time']}>
          {page.nodes.map(({ position, state: at, reason, exam, generation }) => (
            <tr key={position}>
              <td>{position}</td>
              <td>
                <StateBadge state={at} />
              </td>
              <td>
                {exam ? (
                  <>
                    <Link to={`/exams/${exam.id}`}>{kneeName({ side: exam.side, exam })}</Link> <KlBadge kl={exam.kl} />
                  </>
                ) : (
                  'is no longer in the database'
                )}
                {(reason ?? generation?.error) && <small>{reason ?? generation?.error}</small>}
              </td>
              <td>{generation ? <Link to={`/generations/${generation.id}`}>Generation</Link> : '–'}</td>
              <td>{decimal(generation?.psnr, 1)}</td>
              <td>{decimal(generation?.ssim, 3)}</td>
              <td>{duration(generation?.durationMs)}</td>
            </tr>
          ))}
        </Table>
      )}
      <div className={styles.pages}>
        {after !== null && <Button onClick={() => setAfter(null)}>First page</Button>}
        {page?.pageInfo.hasNextPage && <Button onClick={() => setAfter(page.pageInfo.endCursor)}>Next page</Button>}
      </div>
    </Card>
  );
}
