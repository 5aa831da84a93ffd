import { Link } from 'react-router';
import { useQuery } from 'urql';
import { KlBadge } from '../../components/badge.tsx';
import { Film } from '../../components/film.tsx';
import { ErrorNote, InlineError } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { visitName } from '../../lib/words.ts';
import { GenerateForm } from './generate-form.tsx';
import { type Knee, PREPARE } from './queries.ts';
import styles from './generate.module.css';

/** What to make of the radiograph of an exam. */
export function ExamForm({ id, onOther }: { id: string; onOther: () => void }) {
  const [{ data, error }, again] = useQuery({ query: PREPARE, variables: { id } });
  if (error)
    return (
      <ErrorNote
        title="Could not load the exam"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the exam" />;
  const knee = data.node && '__typename' in data.node ? (data.node as Knee) : undefined;
  if (!knee)
    return (
      <ErrorNote title="There is no such exam" message="The link may be from another database." onRetry={onOther} />
    );
  const { radiograph, participant, side, visit, kl, mriSeries } = knee;
  return (
    <GenerateForm
      key={knee.id}
      source={radiograph?.image ? { examId: knee.id } : undefined}
      lead={
        <>
          <Link to={`/exams/${knee.id}`}>Participant {participant.oaiId}</Link>, {side.toLowerCase()} knee,{' '}
          {visitName(visit.code).toLowerCase()} <KlBadge kl={kl} />
        </>
      }
      radiographNote={
        mriSeries.some(({ sliceCount }) => sliceCount !== null)
          ? 'There is a real MRI of this knee: the volume is scored against it.'
          : 'There is no real MRI of this knee, so the volume cannot be scored.'
      }
      radiograph={
        radiograph?.image ? (
          <Film url={radiograph.image.url} alt={`Radiograph, ${radiograph.view}`} className={styles.film} />
        ) : (
          <InlineError message="No radiograph of this knee is stored here; import its images first." />
        )
      }
      grades={knee.grades}
      bundles={data.bundles}
      onOther={onOther}
    />
  );
}
