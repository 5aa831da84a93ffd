import { useState } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { useMutation, useQuery } from 'urql';
import { Badge } from '../../components/badge.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Page } from '../../components/page.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { kneeName } from '../../lib/words.ts';
import { GENERATE } from '../generate/queries.ts';
import { type Generation, GENERATION } from '../generations/queries.ts';
import { COMPARTMENTS, type Compartment, KL_GRADES, severity } from './sets.ts';
import { Strip } from './strip.tsx';
import styles from './severity.module.css';

/** Slices of each run: enough to leaf from back to front, and five runs cost about what one whole volume costs. */
const SLICES = 9;

/** One film at one seed with the grades of Kellgren-Lawrence 0 to 4. The address holds the runs, so that a link shows them. */
export function SeverityView() {
  const { id = '' } = useParams();
  const [{ data, error }, again] = useQuery({ query: GENERATION, variables: { id } });
  if (error) return <ErrorNote title="Could not load the generation" message={sentence(error)} onRetry={again} />;
  if (!data) return <Waiting label="Loading the generation" />;
  const { generation } = data;
  if (!generation?.sliceCount) {
    return (
      <EmptyNote
        title={generation ? 'This generation makes no volume' : 'There is no such generation'}
        message="Grades change MRI volumes that are generated from a radiograph."
      >
        <ButtonLink to="/generations">All generations</ButtonLink>
      </EmptyNote>
    );
  }
  return <Severity generation={generation} />;
}

function Severity({ generation }: { generation: Generation }) {
  const [params, setParams] = useSearchParams();
  const [compartment, setCompartment] = useState<Compartment>('medial');
  const [{ fetching, error }, generate] = useMutation(GENERATE);
  const runs = params.get('runs')?.split(',') ?? [];
  const { exam, upload, side, box, bundle, seed, steps, sampler, eta, noise, gradeGuidance } = generation;
  /** Asks for the run of a grade; `instead` is one that ended without its slices. */
  const draw = async (kl: number, ill: Compartment, instead?: string) => {
    const { data } = await generate({
      input: {
        ...(exam ? { examId: exam.id } : { uploadId: upload?.id, side }),
        bundle: `${bundle.name}@${bundle.version}`,
        sliceCount: SLICES,
        // The same run but for the grades: whatever else differed would be laid to them.
        ...{ seed, steps, sampler, eta, gradeGuidance, noise: noise ?? undefined },
        box: box && { left: box.left, top: box.top, side: box.side },
        features: severity(kl, ill),
        // Asked again, the strip is the one that is there.
        clientKey: `severity ${generation.id} ${ill} ${kl}${instead === undefined ? '' : ` instead of ${instead}`}`,
      },
    });
    return data?.generateMri.generation.id;
  };
  const show = (ids: readonly string[]) => setParams({ runs: ids.join(',') }, { replace: true });
  const start = async () => {
    const ids: string[] = [];
    for (const kl of KL_GRADES) {
      const id = await draw(kl, compartment);
      if (id === undefined) return;
      ids.push(id);
    }
    show(ids);
  };
  const redraw = async (place: number, ill: Compartment) => {
    const id = await draw(KL_GRADES[place]!, ill, runs[place]);
    if (id !== undefined) show(runs.with(place, id));
  };
  return (
    <Page
      title="Severity, KL 0 to 4"
      up={{ to: `/generations/${generation.id}`, label: kneeName(generation) }}
      lead={
        <Badge tone="warn" title="Made by a model; not an image of a person">
          synthetic
        </Badge>
      }
      actions={
        <>
          <label className={styles.choice}>
            Ill compartment
            <select value={compartment} onChange={({ target }) => setCompartment(target.value as Compartment)}>
              {COMPARTMENTS.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <Button kind="main" disabled={fetching} onClick={() => void start()}>
            {fetching ? 'Asking …' : 'Draw the five grades'}
          </Button>
        </>
      }
    >
      {error && <InlineError message={sentence(error)} />}
      <Card
        title="One film, one seed, five grades"
        note="Each with the findings that belong to its grade: osteophytes, narrowing, sclerosis and attrition of one compartment. What a model trained on phantoms draws says nothing about a patient."
      >
        {runs.length === KL_GRADES.length ? (
          <Strip ids={runs} slices={SLICES} onRedraw={(place, ill) => void redraw(place, ill ?? compartment)} />
        ) : (
          <p>
            Nothing is drawn yet. Five runs of {SLICES} slices are asked for, with {bundle.name}@{bundle.version} and
            seed {seed}; together they take about as long as one whole volume.
          </p>
        )}
      </Card>
    </Page>
  );
}
