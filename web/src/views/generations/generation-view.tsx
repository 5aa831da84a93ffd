import { lazy, Suspense, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useMutation } from 'urql';
import { ImagesOnly } from '../../app/images-only.tsx';
import { useSession } from '../../app/session-context.tsx';
import { Badge, KlBadge } from '../../components/badge.tsx';
import { Button, ButtonLink } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { EmptyNote, ErrorNote, InlineError } from '../../components/notes.tsx';
import { Column, Page } from '../../components/page.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Waiting } from '../../components/waiting.tsx';
import { sentence } from '../../lib/client.ts';
import { featureName, gradeTerm, kneeName, taskName } from '../../lib/words.ts';
import { TagsAndNotes } from '../annotations/tags-and-notes.tsx';
import { framesOf } from '../progress/frames.ts';
import { ProgressedKnee } from '../progress/progressed-knee.tsx';
import { RestoredFilm } from '../restore/restored-film.tsx';
import { Downloads } from './downloads.tsx';
import { Facts } from './facts.tsx';
import { FinerSeries } from './finer-series.tsx';
import { MADE_SERIES, MadeSeries } from './made-series.tsx';
import { Progress } from './progress.tsx';
import { CANCEL, DELETE, type Generation, GENERATION, RETRY } from './queries.ts';
import { SeenRadiograph } from './seen-radiograph.tsx';
import { ScoreCharts } from './score-charts.tsx';
import { sameRun } from './same-run.ts';
import { SliceGrid } from './slice-grid.tsx';
import { isOver, useGeneration } from './use-generation.ts';
import { WhatChanged } from './what-changed.tsx';
import styles from './generation-view.module.css';

const Viewer = lazy(() => import('../viewer/viewer.tsx').then(({ Viewer: component }) => ({ default: component })));

/** A generation from its first step to its volume; its address works at any time. */
export function GenerationView() {
  const { id = '' } = useParams();
  const { canSeeImages } = useSession().viewer;
  const { generation, error, live, slices, connection, refresh } = useGeneration(id);
  if (error && !generation)
    return <ErrorNote title="Could not load the generation" message={sentence(error)} onRetry={refresh} />;
  if (generation === undefined) return <Waiting label="Loading the generation" />;
  if (generation === null) {
    return (
      <EmptyNote title="There is no such generation" message="It was deleted, or the link is from another database.">
        <ButtonLink to="/generations">All generations</ButtonLink>
      </EmptyNote>
    );
  }
  const state = isOver(generation.state) ? generation.state : (live.state ?? generation.state);
  const ordered = [...slices.values()].toSorted((a, b) => a.index - b.index);
  const scored = ordered.some(({ psnr }) => psnr !== null);
  const phantom = generation.radiograph?.provenance === 'PHANTOM';
  const ofPhantom = generation.exam?.mriSeries.some(({ provenance }) => provenance === 'PHANTOM') ?? false;
  const madeSeries = MADE_SERIES[generation.task];
  const made = state === 'SUCCEEDED' && generation.mriSeries?.volume;
  const framed = generation.box ? 'What the model sees is framed' : undefined;
  return (
    <Page
      title={kneeName(generation)}
      up={{ to: '/generations', label: 'Generations' }}
      asked={{ document: GENERATION, variables: { id }, verb: { generation: id } }}
      lead={<Lead generation={generation} state={state} />}
      actions={<Actions generation={generation} state={state} onChange={refresh} />}
    >
      {state === 'FAILED' && <InlineError message={generation.error ?? live.message ?? 'It failed.'} />}
      {!isOver(state) && (
        <Progress generation={generation} state={state} live={live} done={ordered.length} connection={connection} />
      )}
      {canSeeImages && made && generation.featureOverrides.length > 0 && <WhatChanged generation={generation} />}
      {canSeeImages && made && (
        <Suspense fallback={<Waiting label="Loading the viewer" />}>
          <Viewer generation={generation} />
        </Suspense>
      )}
      <div className={styles.columns}>
        <Column>
          {!madeSeries && (
            <Card
              title="Radiograph"
              note={phantom ? ['Of a phantom: synthetic', framed].filter(Boolean).join('. ') : framed}
            >
              <ImagesOnly>
                <SeenRadiograph generation={generation} />
              </ImagesOnly>
            </Card>
          )}
          <Card title="Request and result">
            <Facts generation={generation} />
          </Card>
          <TagsAndNotes id={generation.id} tags={generation.tags} notes={generation.notes} onChange={refresh} />
        </Column>
        <Column>
          {canSeeImages && (
            <>
              <RestoredFilm outputs={generation.outputs} />
              <ProgressedKnee frames={framesOf(generation, live.frames)} outputs={generation.outputs} />
              {generation.task === 'MRI_SUPER_RESOLUTION' && (
                <FinerSeries key={generation.id} generation={generation} />
              )}
              {madeSeries && <MadeSeries title={madeSeries} outputs={generation.outputs} />}
            </>
          )}
          {scored && (
            <Card
              title="Scores"
              note={`Each slice against the ${ofPhantom ? "phantom's own MRI" : 'real MRI'}, posterior to anterior`}
            >
              <ScoreCharts slices={ordered} count={generation.sliceCount ?? 0} />
            </Card>
          )}
          {generation.sliceCount !== null && (
            <Card title="Slices" note={`${ordered.length} of ${generation.sliceCount}, posterior to anterior`}>
              <ImagesOnly>
                <SliceGrid slices={slices} count={generation.sliceCount} step={isOver(state) ? undefined : live.step} />
              </ImagesOnly>
            </Card>
          )}
        </Column>
      </div>
    </Page>
  );
}

interface LeadProps {
  generation: Generation;
  state: Generation['state'];
}

/** What it is, in badges. */
function Lead({ generation: { exam, task, featureOverrides }, state }: LeadProps) {
  return (
    <>
      <StateBadge state={state} />
      {exam && <KlBadge kl={exam.kl} />}
      <Badge tone="warn" title="Made by a model; not an image of a person">
        synthetic, {taskName(task)}
      </Badge>
      {featureOverrides.map(({ feature: code, grade }) => (
        <Badge key={code} tone="accent">
          what if: {featureName(code)} {grade === null ? 'missing' : `${grade} ${gradeTerm(code, grade)}`}
        </Badge>
      ))}
    </>
  );
}

/** What can be done with it, and why something could not. */
function Actions({ generation, state, onChange }: LeadProps & { onChange: () => void }) {
  const { viewer } = useSession();
  const { id, exam, mriSeries, outputs, sliceCount } = generation;
  const [{ error: notCanceled, fetching: canceling }, cancel] = useMutation(CANCEL);
  const [{ error: notRetried, fetching: retrying }, retry] = useMutation(RETRY);
  const [deleting, setDeleting] = useState(false);
  const fault = notCanceled ?? notRetried;
  return (
    <>
      {exam && <ButtonLink to={`/exams/${exam.id}`}>Exam</ButtonLink>}
      {viewer.canGenerate && !isOver(state) && (
        <Button kind="danger" disabled={canceling || generation.cancelRequested} onClick={() => void cancel({ id })}>
          {canceling || generation.cancelRequested ? 'Canceling …' : 'Cancel'}
        </Button>
      )}
      {viewer.canGenerate && (state === 'FAILED' || state === 'CANCELED') && (
        <Button kind="main" disabled={retrying} onClick={() => void retry({ id }).then(onChange)}>
          Retry
        </Button>
      )}
      {viewer.canGenerate && isOver(state) && sliceCount !== null && (
        <ButtonLink to={sameRun(generation, generation.featureOverrides)}>What if …</ButtonLink>
      )}
      {viewer.canGenerate && isOver(state) && sliceCount !== null && (
        <ButtonLink to={`/generations/${id}/severity`}>KL 0 to 4 …</ButtonLink>
      )}
      {viewer.canSeeImages && (mriSeries?.volume || outputs.some(({ kind }) => kind === 'FILM')) && (
        <ButtonLink to={`/generations/${id}/view`}>Open the viewer</ButtonLink>
      )}
      {viewer.canSeeImages && mriSeries?.volume && <Downloads series={mriSeries} />}
      {viewer.canGenerate && isOver(state) && (
        <Button kind="danger" onClick={() => setDeleting(true)}>
          Delete …
        </Button>
      )}
      {fault && <InlineError message={sentence(fault)} />}
      {deleting && <DeleteDialog id={id} onClose={() => setDeleting(false)} />}
    </>
  );
}

function DeleteDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [{ error, fetching }, remove] = useMutation(DELETE);
  const navigate = useNavigate();
  const confirm = async () => {
    const { data } = await remove({ id });
    if (data) await navigate('/generations');
  };
  return (
    <Dialog title="Delete this generation?" onClose={onClose}>
      <div className={styles.delete}>
        <p>
          What it has made and its log go for good, and links to them stop working. Scores in finished evaluations stay.
          The same request makes the same again.
        </p>
        {error && <InlineError message={sentence(error)} />}
        <div className={styles.deleteFoot}>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" disabled={fetching} onClick={() => void confirm()}>
            Delete
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
