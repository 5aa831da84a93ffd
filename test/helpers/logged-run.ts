import { randomUUID } from 'node:crypto';
import type { GenerationState } from '../../src/domain/generations.js';
import { encodeId } from '../../src/domain/global-ids.js';
import type { Asset, Generation, MriSeries } from '../../src/entities/index.js';
import { enter, GENERATION, type GenerationEventBody } from '../../src/services/generations/index.js';
import { advance, type Change, type Seen } from '../../src/work/index.js';
import type { TestServer } from './server.js';

export interface LoggedRun {
  id: string;
  seen: Seen<GenerationState>;
  asset: Asset;
  series: MriSeries;
  step(step: number): Promise<void>;
  slice(index: number): Promise<void>;
  succeed(): Promise<number | undefined>;
}

/** A generation that a worker has just taken, with the means to write its log. */
export async function loggedRun({ make, dataSource }: TestServer): Promise<LoggedRun> {
  const { manager } = dataSource;
  const exam = await make.exam(await make.visit(await make.participant()));
  const film = await make.radiograph(exam);
  const bundle = await make.bundle();
  const asset = await make.asset();
  const id = randomUUID();
  const wish = { sliceCount: 2, steps: 4, sampler: 'DDIM', eta: 0, seed: 0, noise: 'SHARED' } as const;
  const queued = await dataSource.transaction((own) =>
    enter(own, {
      id,
      examId: exam.id,
      radiographId: film.id,
      bundleId: bundle.id,
      ...wish,
      features: {},
      featureOverrides: {},
      clientKey: null,
      requestedById: null,
    } satisfies Partial<Generation> as Parameters<typeof enter>[1]),
  );
  const series = await make.series(exam, { generationId: id, sliceCount: 2 });
  await advance(manager, GENERATION, queued, { to: 'RUNNING' });
  const seen: Seen<GenerationState> = { id, state: 'RUNNING', attempt: 1 };
  const write = async (change: Change<Generation, GenerationEventBody>) => {
    const seq = await advance(manager, GENERATION, seen, change);
    if (seq === undefined) throw new Error('The generation has moved on.');
    return seq;
  };
  const log = async (event: GenerationEventBody) => void (await write({ events: [event] }));
  return {
    id: encodeId('Generation', id),
    seen,
    asset,
    series,
    step: (step) =>
      log({ type: 'STEP_PROGRESS', payload: { firstSlice: 0, lastSlice: 1, step, steps: 4, fraction: step / 4 } }),
    slice: (index) =>
      log({
        type: 'SLICE_COMPLETED',
        payload: {
          slice: { index, depth: index, psnr: 21.5, ssim: 0.7, rssim: null, assetId: asset.id },
          completed: index + 1,
          total: 2,
        },
      }),
    succeed: () =>
      write({
        to: 'SUCCEEDED',
        events: [
          {
            type: 'COMPLETED',
            payload: {
              psnr: 21.5,
              ssim: 0.7,
              rssim: null,
              adjacentCorrelation: 0.98,
              mriSeriesId: series.id,
              durationMs: 1200,
              denoiserEvaluations: 40,
              device: 'cpu',
            },
          },
        ],
      }),
  };
}
