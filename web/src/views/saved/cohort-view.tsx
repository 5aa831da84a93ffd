import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Badge } from '../../components/badge.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Columns, Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { printFilter } from '../../lib/filters.ts';
import { count, counted, moment } from '../../lib/words.ts';
import { StartBatch } from '../batches/start-batch.tsx';
import { ExportDialog } from '../cohorts/export-dialog.tsx';
import { ChangeCohort } from './change-cohort.tsx';
import { COHORT, type CohortDetail, DELETE_COHORT, SHARE_COHORT } from './queries.ts';
import { VISIBILITY } from './visibility.ts';
import styles from './saved.module.css';

/** One saved cohort: what it holds and how it came about; its address is its link. */
export function CohortView() {
  const { id = '' } = useParams();
  const { viewer } = useSession();
  const [{ data, error }, again] = useQuery({ query: COHORT, variables: { id } });
  const [open, setOpen] = useState<'batch' | 'change' | 'export' | 'delete'>();
  if (error)
    return (
      <ErrorNote
        title="Could not load the cohort"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the cohort" />;
  const { cohort } = data;
  if (!cohort) {
    return (
      <EmptyNote title="There is no such cohort" message="It was deleted, or is not shared with you.">
        <ButtonLink to="/cohorts/saved">Saved cohorts</ButtonLink>
      </EmptyNote>
    );
  }
  const where = { inCohort: { eq: cohort.id } };
  return (
    <Page
      title={cohort.name}
      up={{ to: '/cohorts/saved', label: 'Saved cohorts' }}
      lead={
        <>
          {cohort.description && <p className={styles.description}>{cohort.description}</p>}
          <Badge>{cohort.kind === 'STATIC' ? 'frozen' : 'live'}</Badge>
          <span>
            {cohort.counts.exams === null ? '–' : counted(cohort.counts.exams, 'knee exam')} of{' '}
            {cohort.counts.participants === null ? '–' : counted(cohort.counts.participants, 'participant')} · version{' '}
            {cohort.version} · {cohort.owner ?? 'no owner'} · {moment(cohort.updatedAt)}
          </span>
        </>
      }
      asked={{ document: COHORT, variables: { id }, verb: { cohort: id } }}
      actions={
        <>
          {cohort.canChange && (
            <Button kind="danger" onClick={() => setOpen('delete')}>
              Delete …
            </Button>
          )}
          {cohort.canChange && <Button onClick={() => setOpen('change')}>Change …</Button>}
          <Button onClick={() => setOpen('export')}>Export …</Button>
          {viewer.canGenerate && <Button onClick={() => setOpen('batch')}>Start a batch …</Button>}
          {viewer.canGenerate && <ButtonLink to={`/evaluations/new?cohort=${cohort.id}`}>Evaluate …</ButtonLink>}
          <ButtonLink kind="main" to={`/cohorts?where=${encodeURIComponent(JSON.stringify(where))}`}>
            Explore
          </ButtonLink>
        </>
      }
    >
      {cohort.problem && <InlineError message={cohort.problem} />}
      <Columns>
        <Card title="How it was chosen">
          {cohort.filter ? (
            <pre className={styles.filter}>{printFilter(cohort.filter)}</pre>
          ) : (
            <p>Its exams were named one by one.</p>
          )}
          {cohort.attrition && <Attrition attrition={cohort.attrition} />}
        </Card>
        <Card title="Sharing">
          <Sharing cohort={cohort} />
        </Card>
        <Card title="Versions">
          <ul className={styles.steps}>
            {cohort.versions.nodes.map(({ version, createdAt, createdBy, note, counts }) => (
              <li key={version}>
                <strong>
                  Version {version}: {counts.exams === null ? '–' : counted(counts.exams, 'exam')}
                </strong>
                <span>
                  {moment(createdAt)}, {createdBy ?? 'unknown'}
                  {note && `: ${note}`}
                </span>
              </li>
            ))}
          </ul>
        </Card>
      </Columns>
      {open === 'export' && (
        <ExportDialog
          where={undefined}
          cohortId={cohort.id}
          exams={cohort.counts.exams ?? undefined}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === 'batch' && (
        <StartBatch of={{ cohortId: cohort.id }} name={cohort.name} onClose={() => setOpen(undefined)} />
      )}
      {open === 'change' && <ChangeCohort cohort={cohort} onClose={() => setOpen(undefined)} />}
      {open === 'delete' && <DeleteDialog cohort={cohort} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function Attrition({ attrition: { start, steps } }: { attrition: NonNullable<CohortDetail['attrition']> }) {
  const all = start.exams ?? 0;
  const rows = [{ criterion: 'all knee exams', remaining: start, removed: null }, ...steps];
  return (
    <>
      <h3>What each criterion left</h3>
      <ol className={styles.steps}>
        {rows.map(({ criterion, remaining, removed }, index) => (
          <li key={index}>
            {criterion}: {count(remaining.exams)}
            <div className={styles.bar} style={{ width: `${(100 * (remaining.exams ?? 0)) / Math.max(all, 1)}%` }} />
            {removed && <span>removed {count(removed.exams)}</span>}
          </li>
        ))}
      </ol>
    </>
  );
}

function Sharing({ cohort: { id, visibility, canChange } }: { cohort: CohortDetail }) {
  const [{ error }, share] = useMutation(SHARE_COHORT);
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.share}>
      {canChange && (
        <Field label="Who may read it">
          {(ids) => (
            <select
              {...ids}
              className={inputClass}
              value={visibility}
              onChange={({ target }) => void share({ id, visibility: target.value as CohortDetail['visibility'] })}
            >
              {Object.entries(VISIBILITY).map(([name, words]) => (
                <option key={name} value={name}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {error && <InlineError message={sentence(error)} />}
      <div className={styles.actions}>
        <Button onClick={() => void navigator.clipboard.writeText(location.href).then(() => setCopied(true))}>
          {copied ? 'Link copied' : 'Copy link'}
        </Button>
        {visibility === 'PRIVATE' && <span>Nobody else can open the link while it is private.</span>}
      </div>
    </div>
  );
}

function DeleteDialog({ cohort: { id, name }, onClose }: { cohort: CohortDetail; onClose: () => void }) {
  const [{ error, fetching }, remove] = useMutation(DELETE_COHORT);
  const navigate = useNavigate();
  const confirm = async () => {
    const { data } = await remove({ id });
    if (data) await navigate('/cohorts/saved');
  };
  return (
    <Dialog title={`Delete "${name}"?`} onClose={onClose}>
      <div className={styles.share}>
        <p>All of its versions go with it. The knees and their images stay.</p>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.actions}>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" disabled={fetching} onClick={() => void confirm()}>
            Delete
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
