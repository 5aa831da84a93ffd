import { useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';
import { Button, ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { moment } from '../../lib/words.ts';
import { DefineVariable } from './define-variable.tsx';
import { DERIVED_VARIABLES } from './queries.ts';
import styles from './variables.module.css';

const COLUMNS = ['Name', 'Label', 'Says', 'Version', 'Changed', 'Owner'];

/** Variables that users have derived, which stand wherever a variable does. */
export function VariableList() {
  const [after, setAfter] = useState<string | null>(null);
  const [defining, setDefining] = useState(false);
  const [{ data, error }, again] = useQuery({
    query: DERIVED_VARIABLES,
    variables: { after },
    requestPolicy: 'cache-and-network',
  });
  if (error)
    return (
      <ErrorNote
        title="Could not load the variables"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading variables" />;
  const { nodes, pageInfo } = data.derivedVariables;
  const define = (
    <>
      <Button kind="main" onClick={() => setDefining(true)}>
        Define a variable …
      </Button>
      {defining && <DefineVariable where={undefined} onClose={() => setDefining(false)} />}
    </>
  );
  if (nodes.length === 0 && after === null) {
    return (
      <EmptyNote
        title="No variable is derived yet"
        message="Define one by a filter, such as symptomatic OA, and use it in filters, charts, statistics and exports."
      >
        {define}
        <ButtonLink to="/cohorts">Begin with a filter</ButtonLink>
      </EmptyNote>
    );
  }
  return (
    <Page
      title="Derived variables"
      up={{ to: '/cohorts', label: 'Cohorts' }}
      asked={{ document: DERIVED_VARIABLES, variables: { after } }}
      actions={define}
    >
      <Table label="Derived variables" columns={COLUMNS}>
        {nodes.map(({ id, name, label, kind, version, updatedAt, owner }) => (
          <tr key={id}>
            <td>
              <Link to={`/cohorts/variables/${name}`}>{name}</Link>
            </td>
            <td>{label}</td>
            <td>{kind === 'BOOLEAN' ? 'yes or no' : 'bands'}</td>
            <td>v{version}</td>
            <td>{moment(updatedAt)}</td>
            <td>{owner ?? '–'}</td>
          </tr>
        ))}
      </Table>
      <div className={styles.foot}>
        {after !== null && <Button onClick={() => setAfter(null)}>First page</Button>}
        {pageInfo.hasNextPage && <Button onClick={() => setAfter(pageInfo.endCursor)}>Next page</Button>}
      </div>
    </Page>
  );
}
