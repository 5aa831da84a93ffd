import { useParams } from 'react-router';
import { useQuery } from 'urql';
import { type Variable, variables } from 'virtual:variables';
import { ImagesOnly } from '../../app/images-only.tsx';
import { useSession } from '../../app/session-context.tsx';
import { Badge, KlBadge } from '../../components/badge.tsx';
import { ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Column, Columns, Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { variableText } from '../../lib/variable-text.ts';
import { decimal, gradeTerm, sideName, visitName } from '../../lib/words.ts';
import { TagsAndNotes } from '../annotations/tags-and-notes.tsx';
import { ProgressButton } from '../progress/progress-button.tsx';
import { RestoreButton } from '../restore/restore-button.tsx';
import { AutomaticReading } from './automatic-reading.tsx';
import { ExamRuns } from './exam-runs.tsx';
import { GradeTable } from './grade-table.tsx';
import { type Exam, EXAM } from './queries.ts';
import { Radiograph } from './radiograph.tsx';
import { Series } from './series.tsx';
import { TimeLine } from './time-line.tsx';
import styles from './exam-view.module.css';

const SCORES = variables.filter(({ group }) => group === 'scores');
const HISTORY = variables.filter(({ group }) => group === 'history');

/** One knee at one visit: where it stands in time, its grades, its images, what was generated from it. */
export function ExamView() {
  const { id = '' } = useParams();
  const { viewer } = useSession();
  const [{ data, error, fetching }, again] = useQuery({ query: EXAM, variables: { id } });
  const exam = data?.node && '__typename' in data.node ? (data.node as Exam) : undefined;
  if (error)
    return (
      <ErrorNote
        title="Could not load the exam"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (fetching && !exam) return <Waiting label="Loading the exam" />;
  if (!exam) {
    return (
      <EmptyNote title="There is no such exam" message="The link may be from another database.">
        <ButtonLink to="/cohorts">To the cohorts</ButtonLink>
      </EmptyNote>
    );
  }
  const { participant, visit } = exam;
  const hasFilm = exam.radiographs.some(({ image }) => image !== null);
  const film = filmOf(exam);
  const hasImages = viewer.canSeeImages && (hasFilm || exam.mriSeries.some(({ volume }) => volume !== null));
  return (
    <Page
      title={`${sideName(exam.side) === 'left' ? 'Left' : 'Right'} knee at ${visitName(visit.code).toLowerCase()}`}
      up={{
        to: `/cohorts?where=${encodeURIComponent(JSON.stringify({ participant: { oaiId: { eq: participant.oaiId } } }))}`,
        label: `Participant ${participant.oaiId}`,
      }}
      lead={
        <>
          <KlBadge kl={exam.kl} />
          {participant.phantom && (
            <Badge tone="warn" title="A participant of the synthetic release, not a real person">
              phantom: synthetic data
            </Badge>
          )}
          <span>
            {[
              participant.sex?.toLowerCase(),
              visit.age === null ? null : `${visit.age} years`,
              visit.bmi === null ? null : `BMI ${decimal(visit.bmi, 1)}`,
              participant.cohort && `${participant.cohort.toLowerCase()} sub-cohort`,
              visit.date,
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </>
      }
      asked={{ document: EXAM, variables: { id } }}
      actions={
        <>
          {hasImages && <ButtonLink to={`/exams/${exam.id}/view`}>Open the viewer</ButtonLink>}
          {viewer.canGenerate && hasFilm && (
            <>
              {film && <RestoreButton source={{ examId: exam.id, radiographId: film.id }} film={film} />}
              <ProgressButton source={{ examId: exam.id }} ownKl={exam.kl} />
              <ButtonLink kind="main" to={`/generate?exam=${exam.id}`}>
                Generate an MRI …
              </ButtonLink>
            </>
          )}
        </>
      }
    >
      <TimeLine exam={exam} />
      <Columns>
        <Column>
          <Card title="Radiograph">
            {exam.radiographs.length === 0 ? (
              <p className={styles.none}>No film of this visit is known.</p>
            ) : (
              <ImagesOnly>
                {exam.radiographs.map((film) => (
                  <Radiograph key={film.id} film={film} exam={exam} />
                ))}
              </ImagesOnly>
            )}
          </Card>
          <Card title="MRI series" note="Real series, and what was generated">
            {exam.mriSeries.length === 0 ? (
              <p className={styles.none}>No series of this knee is known.</p>
            ) : (
              <ImagesOnly>
                <ul className={styles.series}>
                  {exam.mriSeries.map((series) => (
                    <Series key={series.id} series={series} examId={exam.id} />
                  ))}
                </ul>
              </ImagesOnly>
            )}
          </Card>
          <ExamRuns exam={exam} />
        </Column>
        <Column>
          <Card
            title="Grades"
            note={
              exam.kl === null ? 'No KL grade of the preferred reading' : `KL ${exam.kl}: ${gradeTerm('XRKL', exam.kl)}`
            }
          >
            <GradeTable exam={exam} />
          </Card>
          <TagsAndNotes
            id={exam.id}
            tags={exam.tags}
            notes={exam.notes}
            onChange={() => again({ requestPolicy: 'network-only' })}
          />
          <AutomaticReading exam={exam} onRead={() => again({ requestPolicy: 'network-only' })} />
          <Card title="Questionnaires">
            <dl className={styles.scores}>
              {SCORES.map((variable) => (
                <Answer key={variable.code} variable={variable} exam={exam} />
              ))}
              {/* Asked once, at the screening. */}
              {visit.code === 'V00' &&
                HISTORY.map((variable) => <Answer key={variable.code} variable={variable} exam={exam} />)}
            </dl>
          </Card>
        </Column>
      </Columns>
    </Page>
  );
}

function Answer({ variable, exam }: { variable: Variable; exam: Exam }) {
  return (
    <div>
      <dt title={variable.description}>{variable.label}</dt>
      <dd>
        {variableText(variable, exam)} <small>{variable.range?.join(' to ')}</small>
      </dd>
    </div>
  );
}

/** The film that is restored: the knee's own, else the one that shows both. */
function filmOf({ radiographs }: Exam) {
  const films = radiographs.flatMap(({ id, image, bilateral, rows, columns }) =>
    image && rows && columns ? [{ id, url: image.url, bilateral, rows, columns }] : [],
  );
  return films.find(({ bilateral }) => !bilateral) ?? films[0];
}
