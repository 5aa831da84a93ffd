import { useParams } from 'react-router';
import { useQuery } from 'urql';
import { ButtonLink } from '../../components/button.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { kneeName, visitName } from '../../lib/words.ts';
import { Desk } from './desk.tsx';
import { imagesOf, imagesOfRun } from './images.ts';
import { IMAGES, RUN_IMAGES, type ViewedExam } from './queries.ts';

/** The films and series of an exam's participant, to read. */
export function ViewerPage() {
  const { id = '' } = useParams();
  const [{ data, error, fetching }, again] = useQuery({ query: IMAGES, variables: { id } });
  const exam = data?.node && '__typename' in data.node ? (data.node as ViewedExam) : undefined;
  if (error && !exam)
    return (
      <ErrorNote
        title="Could not load the images"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (fetching && !exam) return <Waiting label="Loading the images" />;
  if (!exam) {
    return (
      <EmptyNote title="There is no such exam" message="The link may be from another database.">
        <ButtonLink to="/cohorts">To the cohorts</ButtonLink>
      </EmptyNote>
    );
  }
  const images = imagesOf(exam);
  const first = images.find(({ examId }) => examId === exam.id) ?? images[0];
  const title = `${exam.side === 'LEFT' ? 'Left' : 'Right'} knee at ${visitName(exam.visit.code).toLowerCase()}`;
  return (
    <Page
      title={title}
      up={{ to: `/exams/${exam.id}`, label: `Exam of participant ${exam.participant.oaiId}` }}
      asked={{ document: IMAGES, variables: { id } }}
    >
      {first ? (
        <Desk key={exam.id} participant={exam.participant.oaiId} images={images} first={first} />
      ) : (
        <EmptyNote
          title="There are no images to show"
          message="Only the tables tell of this participant; no film or series with pixels was imported."
        />
      )}
    </Page>
  );
}

/** The film and the volumes of a generation, to read. */
export function RunViewerPage() {
  const { id = '' } = useParams();
  const [{ data, error, fetching }, again] = useQuery({ query: RUN_IMAGES, variables: { id } });
  const run = data?.generation;
  if (error && !run)
    return (
      <ErrorNote
        title="Could not load the images"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (fetching && !run) return <Waiting label="Loading the images" />;
  if (!run) {
    return (
      <EmptyNote title="There is no such generation" message="It was deleted, or the link is from another database.">
        <ButtonLink to="/generations">All generations</ButtonLink>
      </EmptyNote>
    );
  }
  const images = imagesOfRun(run);
  const first = images.find(({ provenance }) => provenance === 'GENERATED') ?? images[0];
  return (
    <Page
      title={kneeName(run)}
      up={{ to: `/generations/${run.id}`, label: 'Generation' }}
      asked={{ document: RUN_IMAGES, variables: { id } }}
    >
      {first ? (
        <Desk key={run.id} participant={run.exam?.participant.oaiId ?? 'upload'} images={images} first={first} />
      ) : (
        <EmptyNote title="There are no images to show" message="The run has made none yet, and its film is gone." />
      )}
    </Page>
  );
}
