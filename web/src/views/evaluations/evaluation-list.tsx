import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { count, moment } from '../../lib/words.ts';
import { EVALUATIONS } from './queries.ts';
import { isOver } from './use-evaluation.ts';

/** How often the list is asked for while something of it runs. */
const POLL_MS = 3_000;

/** Every evaluation, the newest first; `?comparison=` only those on the same knees with the same settings. */
export function EvaluationList() {
  const { viewer } = useSession();
  const [params, setParams] = useSearchParams();
  const comparisonKey = params.get('comparison');
  const after = params.get('after');
  const query = useQuery({
    query: EVALUATIONS,
    variables: { comparisonKey, after },
    requestPolicy: 'cache-and-network',
  });
  const [{ data, error }, again] = query;
  const nodes = data?.evaluations.nodes ?? [];
  usePoll(
    query,
    POLL_MS,
    nodes.some(({ state }) => !isOver(state)),
  );
  if (error && !data)
    return (
      <ErrorNote
        title="Could not load the evaluations"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading evaluations" />;
  const start = viewer.canGenerate && (
    <ButtonLink kind="main" to="/evaluations/new">
      Evaluate …
    </ButtonLink>
  );
  if (nodes.length === 0) {
    return (
      <EmptyNote
        title="Nothing was evaluated yet"
        message="An evaluation compares bundles, and ways of running them, on the knees of a cohort that have a real MRI series."
      >
        {start}
      </EmptyNote>
    );
  }
  const { pageInfo } = data.evaluations;
  const turn = (cursor: string | null | undefined) =>
    setParams({ ...(comparisonKey ? { comparison: comparisonKey } : {}), ...(cursor ? { after: cursor } : {}) });
  return (
    <Page
      title="Evaluations"
      lead={
        comparisonKey && (
          <>
            Only evaluations on the same knees with the same settings: their figures can stand side by side.
            <Link to="/evaluations">Show all</Link>
          </>
        )
      }
      asked={{ document: EVALUATIONS, variables: { comparisonKey, after } }}
      actions={start}
    >
      <Table label="Evaluations" columns={['Name', 'State', 'Arms', 'Knees', 'People', 'Asked for', 'By']}>
        {nodes.map((node) => (
          <tr key={node.id}>
            <th scope="row">
              <Link to={`/evaluations/${node.id}`}>{node.name}</Link>
            </th>
            <td>
              <StateBadge state={node.state} />{' '}
              {!isOver(node.state) && `${count(node.counters.done)} of ${count(node.counters.total)} volumes`}
            </td>
            <td>{node.arms.map(({ label }) => label).join('; ')}</td>
            <td>
              {count(node.examCount)}
              {node.phantomCount > 0 && (
                <small>
                  {node.phantomCount === node.examCount ? 'all phantoms' : `${count(node.phantomCount)} phantoms`}
                </small>
              )}
            </td>
            <td>{count(node.participantCount)}</td>
            <td>{moment(node.createdAt)}</td>
            <td>{node.requestedBy ?? '–'}</td>
          </tr>
        ))}
      </Table>
      <div>
        {after !== null && <Button onClick={() => turn(null)}>Newest</Button>}{' '}
        {pageInfo.hasNextPage && <Button onClick={() => turn(pageInfo.endCursor)}>Older</Button>}
      </div>
    </Page>
  );
}
