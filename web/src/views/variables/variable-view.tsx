import { useState } from 'react';
import { useParams } from 'react-router';
import { useQuery } from 'urql';
import { Badge } from '../../components/badge.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Columns, Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { printFilter } from '../../lib/filters.ts';
import { moment } from '../../lib/words.ts';
import { ChangeVariable, DeleteVariable } from './change-variable.tsx';
import { DERIVED_VARIABLE, type DerivedVariableDetail } from './queries.ts';
import styles from './variables.module.css';

type Defined = Pick<DerivedVariableDetail['versions']['nodes'][number], 'where' | 'bands'>;

/** One derived variable: how it is defined, and how it was before. */
export function VariableView() {
  const { name = '' } = useParams();
  const [{ data, error }, again] = useQuery({ query: DERIVED_VARIABLE, variables: { name } });
  const [open, setOpen] = useState<'change' | 'delete'>();
  if (error)
    return (
      <ErrorNote
        title="Could not load the variable"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the variable" />;
  const { derivedVariable: variable } = data;
  if (!variable) {
    return (
      <EmptyNote title="There is no such variable" message="It was deleted, or its name is mistyped.">
        <ButtonLink to="/cohorts/variables">Derived variables</ButtonLink>
      </EmptyNote>
    );
  }
  const [newest, ...older] = variable.versions.nodes;
  const close = () => setOpen(undefined);
  return (
    <Page
      title={variable.label}
      up={{ to: '/cohorts/variables', label: 'Derived variables' }}
      lead={
        <>
          {variable.description && <p>{variable.description}</p>}
          <Badge>{variable.kind === 'BOOLEAN' ? 'yes or no' : 'bands'}</Badge>
          <span>
            <code>{variable.name}</code> · version {variable.version} · {variable.owner ?? 'no owner'} ·{' '}
            {moment(variable.updatedAt)}
          </span>
        </>
      }
      asked={{ document: DERIVED_VARIABLE, variables: { name } }}
      actions={
        <>
          {variable.canChange && (
            <Button kind="danger" onClick={() => setOpen('delete')}>
              Delete …
            </Button>
          )}
          {variable.canChange && <Button onClick={() => setOpen('change')}>Change …</Button>}
          <ButtonLink kind="main" to={`/cohorts?by=${variable.name}`}>
            Count knees by it
          </ButtonLink>
        </>
      }
    >
      {variable.problem && <InlineError message={variable.problem} />}
      <Columns>
        <Card title="Definition">
          <Definition {...variable} />
        </Card>
        <Card title="Versions">
          <ul className={styles.steps}>
            {[newest!, ...older].map(({ version, createdAt, createdBy, note, ...definition }) => (
              <li key={version}>
                <strong>Version {version}</strong>
                <span>
                  {moment(createdAt)}, {createdBy ?? 'unknown'}
                  {note && `: ${note}`}
                </span>
                {version !== newest!.version && <Definition {...definition} />}
              </li>
            ))}
          </ul>
        </Card>
      </Columns>
      {open === 'change' && <ChangeVariable variable={variable} onClose={close} />}
      {open === 'delete' && <DeleteVariable variable={variable} onClose={close} />}
    </Page>
  );
}

function Definition({ where, bands }: Defined) {
  if (where) return <pre className={styles.filter}>{printFilter(where)}</pre>;
  return (
    <ol className={styles.steps}>
      {bands.map(({ code, label, where: of }) => (
        <li key={code}>
          <strong>
            {code} {label}
          </strong>
          <pre className={styles.filter}>{Object.keys(of).length > 0 ? printFilter(of) : 'all that are left'}</pre>
        </li>
      ))}
    </ol>
  );
}
