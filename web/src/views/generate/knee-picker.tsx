import { useState } from 'react';
import { useQuery } from 'urql';
import { KlBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Field, inputClass } from '../../components/field.tsx';
import { EmptyNote, ErrorNote } from '../../components/notes.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import type { Filter } from '../../lib/filters.ts';
import { useSettled } from '../../lib/use-settled.ts';
import { visitName } from '../../lib/words.ts';
import { KNEES } from './queries.ts';
import styles from './generate.module.css';

/** Knees with a radiograph here, found by participant, grade, or whether there is a real MRI to compare with. */
export function KneePicker({ onPick }: { onPick: (id: string) => void }) {
  const [id, setId] = useState('');
  const [paired, setPaired] = useState(true);
  const [after, setAfter] = useState<string | null>(null);
  const wanted = useSettled(id.trim());
  const where: Filter = {
    ...(paired ? { hasPairedMri: true } : { hasRadiograph: true }),
    ...(wanted === '' ? {} : { participant: { oaiId: { contains: wanted } } }),
  };
  const [{ data, error }, again] = useQuery({ query: KNEES, variables: { where, after } });
  const change = (set: () => void) => {
    setAfter(null);
    set();
  };
  return (
    <div className={styles.picker}>
      <div className={styles.search}>
        <Field label="Participant">
          {(ids) => (
            <input
              {...ids}
              className={inputClass}
              type="search"
              inputMode="numeric"
              placeholder="e.g. 1000001"
              value={id}
              onChange={({ target }) => change(() => setId(target.value))}
            />
          )}
        </Field>
        <label className={styles.check}>
          <input type="checkbox" checked={paired} onChange={({ target }) => change(() => setPaired(target.checked))} />
          only with a real MRI to compare with
        </label>
      </div>
      {error ? (
        <ErrorNote
          title="Could not load the knees"
          message={sentence(error)}
          onRetry={() => again({ requestPolicy: 'network-only' })}
        />
      ) : !data ? (
        <Waiting label="Looking for knees" />
      ) : data.kneeExams.nodes.length === 0 ? (
        <EmptyNote
          title="No such knee has a radiograph here"
          message={'Import a release with images ("osteograph import"), or make a synthetic one ("osteograph synth").'}
        />
      ) : (
        <>
          <ul className={styles.knees}>
            {data.kneeExams.nodes.map(({ id: exam, side, kl, visit, participant, mriSeries }) => (
              <li key={exam}>
                <button type="button" onClick={() => onPick(exam)}>
                  <strong>{participant.oaiId}</strong>
                  <span>
                    {side.toLowerCase()} knee, {visitName(visit.code).toLowerCase()}
                  </span>
                  <span>
                    <KlBadge kl={kl} /> {participant.sex?.toLowerCase()} {visit.age}
                    {mriSeries.some(({ sliceCount }) => sliceCount !== null) && ' · MRI'}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <div className={styles.actions}>
            {after !== null && <Button onClick={() => setAfter(null)}>First page</Button>}
            {data.kneeExams.pageInfo.hasNextPage && (
              <Button onClick={() => setAfter(data.kneeExams.pageInfo.endCursor)}>Next page</Button>
            )}
          </div>
        </>
      )}
    </div>
  );
}
