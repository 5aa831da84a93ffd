import { Link, useParams } from 'react-router';
import { useMutation } from 'urql';
import { useSession } from '../../app/session-context.tsx';
import { Button, ButtonLink, DownloadLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { counted, fileSize, moment } from '../../lib/words.ts';
import { Progress } from './progress.tsx';
import { CANCEL, type Evaluation, EVALUATION } from './queries.ts';
import { ReportView } from './report.tsx';
import { isOver, useEvaluation } from './use-evaluation.ts';
import { wishOf } from './wish.ts';

/** An evaluation from its first volume to its report; its address works at any time. */
export function EvaluationView() {
  const { id = '' } = useParams();
  const { evaluation, error, live, connection, refresh } = useEvaluation(id);
  if (error && !evaluation)
    return <ErrorNote title="Could not load the evaluation" message={sentence(error)} onRetry={refresh} />;
  if (evaluation === undefined) return <Waiting label="Loading the evaluation" />;
  if (evaluation === null) {
    return (
      <EmptyNote title="There is no such evaluation" message="The link may be from another database.">
        <ButtonLink to="/evaluations">All evaluations</ButtonLink>
      </EmptyNote>
    );
  }
  const state = isOver(evaluation.state) ? evaluation.state : (live.state ?? evaluation.state);
  const { name, error: why } = evaluation;
  return (
    <Page
      title={name}
      up={{ to: '/evaluations', label: 'Evaluations' }}
      lead={<Facts evaluation={evaluation} state={state} />}
      asked={{ document: EVALUATION, variables: { id } }}
      actions={<Actions evaluation={evaluation} state={state} />}
    >
      {state === 'FAILED' && <InlineError message={why ?? 'It failed.'} />}
      {!isOver(evaluation.state) && (
        <Progress evaluation={evaluation} state={state} live={live} connection={connection} />
      )}
      {state === 'CANCELED' && (
        <EmptyNote
          title="It was stopped"
          message="The volumes that were made are kept; asking for the same again goes on with them."
        />
      )}
      <ReportView evaluation={evaluation} />
    </Page>
  );
}

interface PartProps {
  evaluation: Evaluation;
  state: Evaluation['state'];
}

function Facts({ evaluation, state }: PartProps) {
  const { createdAt, requestedBy, cohorts, filter, arms } = evaluation;
  const { examCount, participantCount, withoutMri, withoutRadiograph } = evaluation;
  const leftOut = withoutMri + withoutRadiograph;
  return (
    <>
      <StateBadge state={state} />
      <span>
        {counted(arms.length, 'arm')} on {counted(examCount, 'knee')} of {counted(participantCount, 'person', 'people')}
        {leftOut > 0 && `; ${leftOut} left out for want of an MRI series or a radiograph`}
      </span>
      {cohorts.map(({ id, name, version }) => (
        <Link key={id} to={`/cohorts/saved/${id}`}>
          cohort {name} v{version}
        </Link>
      ))}
      {filter && cohorts.length === 0 && (
        <Link to={`/cohorts?where=${encodeURIComponent(JSON.stringify(filter))}`}>the filter</Link>
      )}
      <span>
        asked for {moment(createdAt)}
        {requestedBy && ` by ${requestedBy}`}
      </span>
    </>
  );
}

function Actions({ evaluation, state }: PartProps) {
  const { viewer } = useSession();
  const { id, report, comparisonKey } = evaluation;
  const [{ error, fetching }, cancel] = useMutation(CANCEL);
  return (
    <>
      {error && <InlineError message={sentence(error)} />}
      {report && (
        <>
          <DownloadLink href={report.html.url} name="evaluation-report.html">
            report.html, {fileSize(report.html.bytes)}
          </DownloadLink>
          <DownloadLink href={report.csv.url} name="evaluation-scores.csv">
            CSV, {fileSize(report.csv.bytes)}
          </DownloadLink>
          <ButtonLink to={`/evaluations?comparison=${comparisonKey}`}>On the same knees</ButtonLink>
        </>
      )}
      {viewer.canGenerate && !isOver(state) && (
        <Button kind="danger" disabled={fetching} onClick={() => void cancel({ id })}>
          {fetching ? 'Canceling …' : 'Cancel'}
        </Button>
      )}
      {viewer.canGenerate && isOver(state) && (
        <ButtonLink to={`/evaluations/new?${wishOf(evaluation)}`}>
          {state === 'SUCCEEDED' ? 'Change and ask again' : 'Ask again'}
        </ButtonLink>
      )}
      {viewer.canGenerate && state === 'SUCCEEDED' && (
        <ButtonLink to={`/reader-studies/new?evaluation=${id}`}>Reader study …</ButtonLink>
      )}
    </>
  );
}
