import { UserError } from '../../domain/errors.js';
import type { SquareBox } from '../../domain/knee-box.js';
import type { Side } from '../../domain/participants.js';
import type { ApiClient } from '../api-client.js';
import { progressBar } from '../progress.js';

/** The knee that the demo turns into a volume. */
export interface DemoKnee {
  id: string;
  side: Side;
  kl: number | null;
  participant: { oaiId: string };
  radiograph: { image: { url: string } };
  mriSeries: { volume: { url: string } | null }[];
}

type Score = 'psnr' | 'ssim' | 'rssim';

interface SliceScore extends Record<Score, number | null> {
  index: number;
}

interface Totals extends Record<Score, number | null> {
  adjacentCorrelation: number | null;
  durationMs: number;
  denoiserEvaluations: number;
  device: string;
}

/** Scores and files of the finished generation. */
export interface DemoResult extends Totals {
  /** Posterior to anterior. */
  slices: SliceScore[];
  /** The square of the film that the model saw, film pixels. */
  box: SquareBox;
  volumeUrl: string;
}

const KNEE = `query KneeWithFilmAndMri {
  kneeExams(where: { hasRadiograph: true, hasMri: true }, orderBy: [{ field: KL, direction: DESC }], first: 1) {
    nodes { id side kl participant { oaiId } radiograph { image { url } } mriSeries { volume { url } } }
  }
}`;

const GENERATE = `mutation Generate($input: GenerateMriInput!) {
  generateMri(input: $input) { generation { id } }
}`;

const PROGRESS = `subscription Progress($id: ID!, $after: Int) {
  generationProgress(id: $id, after: $after) {
    __typename
    ... on GenerationStateChanged { state message }
    ... on GenerationStepProgress { fraction }
    ... on GenerationSliceCompleted { slice { index psnr ssim rssim } }
    ... on GenerationCompleted {
      psnr ssim rssim adjacentCorrelation durationMs denoiserEvaluations device
      mriSeries { volume { url } generation { box { left top side } } }
    }
  }
}`;

/** What the subscription above selects. */
type ProgressEvent =
  | { __typename: 'GenerationStateChanged'; state: string; message: string | null }
  | { __typename: 'GenerationStepProgress'; fraction: number }
  | { __typename: 'GenerationSliceCompleted'; slice: SliceScore }
  | ({
      __typename: 'GenerationCompleted';
      mriSeries: { volume: { url: string }; generation: { box: SquareBox } };
    } & Totals);

/** The knee with the highest KL grade that has both a film and an MRI to compare with. */
export async function chooseKnee(api: ApiClient): Promise<DemoKnee> {
  const { kneeExams } = await api.request<{ kneeExams: { nodes: DemoKnee[] } }>(KNEE);
  const knee = kneeExams.nodes[0];
  if (!knee) throw new UserError('NOT_FOUND', 'The release has no knee with both a radiograph and an MRI series.');
  return knee;
}

/** Asks for a volume of the knee and follows it to its end by subscription, drawing its progress. */
export async function generateVolume(
  api: ApiClient,
  knee: DemoKnee,
  request: { sliceCount: number; steps?: number | undefined; seed: number },
): Promise<DemoResult> {
  const input = { examId: knee.id, ...request };
  const { generateMri } = await api.request<{ generateMri: { generation: { id: string } } }>(GENERATE, { input });
  const slices: SliceScore[] = [];
  let result: DemoResult | undefined;
  const bar = progressBar('   generating');
  bar.start(100, '% waiting for the worker');
  try {
    const events = api.subscribe<{ generationProgress: ProgressEvent }>(PROGRESS, {
      id: generateMri.generation.id,
      after: 0,
    });
    for await (const { generationProgress: event } of events) {
      switch (event.__typename) {
        case 'GenerationStateChanged':
          if (event.state === 'FAILED') throw new UserError('UNAVAILABLE', `The generation failed: ${event.message}`);
          break;
        case 'GenerationStepProgress':
          bar.update(Math.round(100 * event.fraction), `% ${describe(slices, request.sliceCount)}`);
          break;
        case 'GenerationSliceCompleted':
          slices.push(event.slice);
          break;
        case 'GenerationCompleted':
          result = { ...event, slices, box: event.mriSeries.generation.box, volumeUrl: event.mriSeries.volume.url };
      }
    }
  } finally {
    bar.stop();
  }
  if (!result) throw new UserError('UNAVAILABLE', 'The generation ended without a result.');
  slices.sort((a, b) => a.index - b.index);
  return result;
}

function describe(slices: SliceScore[], total: number): string {
  const last = slices.at(-1);
  const psnr = last?.psnr == null ? '' : `, slice ${last.index}: PSNR ${last.psnr.toFixed(1)} dB`;
  return `${slices.length}/${total} slices${psnr}`;
}
