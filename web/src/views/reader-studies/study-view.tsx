import { useParams } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { usePoll } from '../../lib/use-poll.ts';
import { moment } from '../../lib/words.ts';
import { CLOSE, STUDY, type Study } from './queries.ts';
import { ResultsCard } from './results.tsx';
import styles from './study.module.css';

/** How often a study is asked for while its pictures are drawn. */
const POLL_MS = 1_000;

/** A reader study: what is asked, how far the viewer is, and what came of it, to those who may know. */
export function StudyView() {
  const { id = '' } = useParams();
  const query = useQuery({ query: STUDY, variables: { id }, requestPolicy: 'cache-and-network' });
  const [{ data, error }, again] = query;
  const study = data?.readerStudy;
  usePoll(query, POLL_MS, study?.state === 'PREPARING');
  if (error && !data)
    return (
      <ErrorNote
        title="Could not load the reader study"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the reader study" />;
  if (!study) {
    return (
      <EmptyNote title="There is no such reader study" message="The link may be from another database.">
        <ButtonLink to="/reader-studies">All reader studies</ButtonLink>
      </EmptyNote>
    );
  }
  const { name, state, createdAt, createdBy, session, results } = study;
  return (
    <Page
      title={name}
      up={{ to: '/reader-studies', label: 'Reader studies' }}
      lead={
        <>
          <StateBadge state={state} />
          <span>
            made {moment(createdAt)}
            {createdBy && ` by ${createdBy}`}
          </span>
        </>
      }
      asked={{ document: STUDY, variables: { id } }}
      actions={<Actions study={study} />}
    >
      {state === 'FAILED' && <InlineError message={study.error ?? 'Its pictures could not be drawn.'} />}
      <Card title="The question">
        <p className={styles.question}>
          {study.pairs} pairs of {study.unit === 'SLICE' ? 'coronal slices' : 'volumes, twelve slices each,'} are shown.
          Both images of a pair are of one knee: one was imported, the other is synthetic. Which one was imported? Knees
          may be phantoms; then the imported image is a drawing as well. Answers cannot be changed, and a session can be
          left and taken up again at any pair.
        </p>
        {state === 'PREPARING' &&
          (study.waitingReason === null ? (
            <Waiting label="Drawing the pictures" />
          ) : (
            <p role="status">{study.waitingReason}</p>
          ))}
      </Card>
      {session?.results && <ResultsCard title="Your answers" results={session.results} />}
      {results && <ResultsCard title="All readers who have finished" results={results} strata />}
      {!results && (
        <p className={styles.soft}>
          Results are shown to readers when they have answered every pair, and to whoever made the study unless they are
          reading it.
        </p>
      )}
    </Page>
  );
}

function Actions({ study: { id, state, session, canClose } }: { study: Study }) {
  const [{ error, fetching }, close] = useMutation(CLOSE);
  return (
    <>
      {error && <InlineError message={sentence(error)} />}
      {canClose && state === 'OPEN' && (
        <Button kind="danger" disabled={fetching} onClick={() => void close({ id })}>
          Close the study
        </Button>
      )}
      {state === 'OPEN' && !session?.finished && (
        <ButtonLink kind="main" to={`/reader-studies/${id}/read`}>
          {session ? `Go on: ${session.answered} of ${session.total} answered` : 'Take part'}
        </ButtonLink>
      )}
    </>
  );
}
