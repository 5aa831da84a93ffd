import { useSearchParams } from 'react-router';
import { useQuery } from 'urql';
import { ErrorNote } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { GenerateForm } from './generate-form.tsx';
import { KneePicker } from './knee-picker.tsx';
import { type Knee, PREPARE } from './queries.ts';

/** `/generate` lets choose a knee, `/generate?exam=<id>` what to make of it. */
export function GenerateView() {
  const [params, setParams] = useSearchParams();
  const exam = params.get('exam');
  const [{ data, error }, again] = useQuery({ query: PREPARE, variables: { id: exam ?? '' }, pause: exam === null });
  if (exam === null) return <KneePicker onPick={(id) => setParams({ ...Object.fromEntries(params), exam: id })} />;
  if (error)
    return (
      <ErrorNote
        title="The exam did not come"
        message={sentence(error)}
        onRetry={() => again({ requestPolicy: 'network-only' })}
      />
    );
  if (!data) return <Waiting label="Loading the exam" />;
  const knee = data.node && '__typename' in data.node ? (data.node as Knee) : undefined;
  if (!knee)
    return (
      <ErrorNote
        title="There is no such exam"
        message="The link may be from another database."
        onRetry={() => setParams({})}
      />
    );
  return <GenerateForm key={knee.id} knee={knee} bundles={data.bundles} onOther={() => setParams({})} />;
}
