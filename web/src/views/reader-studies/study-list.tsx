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
import { moment } from '../../lib/words.ts';
import { STUDIES, type Study } from './queries.ts';

/** Every reader study, the newest first. */
export function StudyList() {
  const { viewer } = useSession();
  const [params, setParams] = useSearchParams();
  const after = params.get('after');
  const [{ data, error }, again] = useQuery({
    query: STUDIES,
    variables: { after },
    requestPolicy: 'cache-and-network',
  });
  if (error)
    return (
      <ErrorNote
        title="Could not load the reader studies"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading reader studies" />;
  const { nodes, pageInfo } = data.readerStudies;
  const make = viewer.canGenerate && (
    <ButtonLink kind="main" to="/reader-studies/new">
      New study …
    </ButtonLink>
  );
  if (nodes.length === 0) {
    return (
      <EmptyNote
        title="There is no reader study yet"
        message="Two images of one knee, one imported and one generated: can people tell which is which? A study is made from a finished evaluation."
      >
        {make}
      </EmptyNote>
    );
  }
  return (
    <Page title="Reader studies" asked={{ document: STUDIES, variables: { after } }} actions={make}>
      <Table label="Reader studies" columns={['Name', 'State', 'Pairs', 'You', 'Made', 'By']}>
        {nodes.map(({ id, name, state, unit, pairs, session, createdAt, createdBy }) => (
          <tr key={id}>
            <th scope="row">
              <Link to={`/reader-studies/${id}`}>{name}</Link>
            </th>
            <td>
              <StateBadge state={state} />
            </td>
            <td>
              {pairs} {unit === 'SLICE' ? 'of slices' : 'of volumes'}
            </td>
            <td>{progressText(session)}</td>
            <td>{moment(createdAt)}</td>
            <td>{createdBy ?? '–'}</td>
          </tr>
        ))}
      </Table>
      <div>
        {after !== null && <Button onClick={() => setParams({})}>Newest</Button>}{' '}
        {pageInfo.hasNextPage && <Button onClick={() => setParams({ after: pageInfo.endCursor! })}>Older</Button>}
      </div>
    </Page>
  );
}

function progressText(session: Pick<NonNullable<Study['session']>, 'answered' | 'total' | 'finished'> | null): string {
  if (!session) return 'not begun';
  return session.finished ? 'finished' : `${session.answered} of ${session.total} answered`;
}
