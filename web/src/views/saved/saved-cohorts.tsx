import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useQuery } from 'urql';
import { Badge } from '../../components/badge.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { numericClass, Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { count, moment } from '../../lib/words.ts';
import { COHORTS } from './queries.ts';
import { VISIBILITY } from './visibility.ts';
import styles from './saved.module.css';

const COLUMNS = ['Compare', 'Name', 'Contents', 'Exams', 'Participants', 'Readable by', 'Changed', 'Owner'];

/** Cohorts that were saved; two of them can be compared. */
export function SavedCohorts() {
  const [after, setAfter] = useState<string | null>(null);
  const [{ data, error }, again] = useQuery({
    query: COHORTS,
    variables: { after },
    requestPolicy: 'cache-and-network',
  });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const navigate = useNavigate();
  if (error)
    return (
      <ErrorNote
        title="Could not load the cohorts"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading cohorts" />;
  const { nodes, pageInfo } = data.cohorts;
  if (nodes.length === 0 && after === null) {
    return (
      <EmptyNote
        title="No cohort is saved yet"
        message="Choose knees by a filter, then save them under a name: frozen as they are, or live."
      >
        <ButtonLink kind="main" to="/cohorts">
          Choose knees
        </ButtonLink>
      </EmptyNote>
    );
  }
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-2));
  return (
    <Page
      title="Saved cohorts"
      asked={{ document: COHORTS, variables: { after } }}
      actions={
        <>
          <ButtonLink to="/cohorts/exports">Exports</ButtonLink>
          <Button
            kind="main"
            disabled={chosen.length !== 2}
            onClick={() => void navigate(`/cohorts/compare?a=${chosen[0]}&b=${chosen[1]}`)}
          >
            Compare {chosen.length < 2 ? `(choose ${2 - chosen.length} more)` : 'the two'}
          </Button>
        </>
      }
    >
      <Table label="Saved cohorts" columns={COLUMNS} numeric={['Exams', 'Participants']}>
        {nodes.map(({ id, name, description, kind, version, counts, visibility, updatedAt, owner }) => (
          <tr key={id}>
            <td>
              <input
                type="checkbox"
                aria-label={`Compare ${name}`}
                checked={chosen.includes(id)}
                onChange={() => toggle(id)}
              />
            </td>
            <td>
              <Link to={`/cohorts/saved/${id}`}>{name}</Link>
              {description && <small>{description}</small>}
            </td>
            <td>
              <Badge>{kind === 'STATIC' ? 'frozen' : 'live'}</Badge> v{version}
            </td>
            <td className={numericClass}>{count(counts.exams)}</td>
            <td className={numericClass}>{count(counts.participants)}</td>
            <td>{VISIBILITY[visibility]}</td>
            <td>{moment(updatedAt)}</td>
            <td>{owner ?? '–'}</td>
          </tr>
        ))}
      </Table>
      <div className={styles.actions}>
        {after !== null && <Button onClick={() => setAfter(null)}>First page</Button>}
        {pageInfo.hasNextPage && <Button onClick={() => setAfter(pageInfo.endCursor)}>Next page</Button>}
      </div>
    </Page>
  );
}
