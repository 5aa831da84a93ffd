import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Side } from '../../domain/participants.js';
import { type Bundle, type Generation, GenerationSlice, MriSeries, queryRows } from '../../entities/index.js';
import { asItLies, encodeSlice, storedPixels, syntheticLabel } from '../../imaging/generated-volume.js';
import {
  type GeneratedSlice,
  type KneeDetector,
  openDetector,
  type VolumeSummary,
  xraySize,
} from '../../inference/index.js';
import { type VolumeScorer } from '../../metrics/index.js';
import type { SlotResources } from '../../scheduling/index.js';
import { type BlobStore, storeAsset } from '../../storage/index.js';
import type { Completion, Lease, RunContext } from '../../work/index.js';
import { manifestOf } from '../bundles/index.js';
import type { GenerationEventBody } from './events.js';
import { loadInputs } from './inputs.js';
import { newestKneeDetector } from './knee-detector.js';
import { withSummary } from './provenance.js';
import { StepAnnouncer } from './steps.js';
import { AttemptTelemetry } from './telemetry.js';
import { assembleVolume, finite } from './volume.js';

type Context = RunContext<Generation, GenerationEventBody, SlotResources>;

type GenerationLease = Lease<Generation, GenerationEventBody>;

interface AttemptContext extends SlotResources {
  dataSource: DataSource;
  logger: Logger;
  telemetry: AttemptTelemetry;
}

/** One attempt: computes the slices that are missing, and assembles the volume. */
export async function runGeneration({
  row,
  lease,
  dataSource,
  resources,
  logger,
  claimSeconds,
  onEnd,
}: Context): Promise<Completion<Generation, GenerationEventBody>> {
  const telemetry = new AttemptTelemetry(row, claimSeconds);
  onEnd((outcome, cause) => telemetry.end(outcome, cause));
  const { traceId } = telemetry;
  if (traceId !== undefined) logger.info({ generation: row.id, traceId }, 'a generation is traced');
  return generate({ ...resources, dataSource, logger, telemetry }, row, lease);
}

async function generate(
  context: AttemptContext,
  generation: Generation,
  lease: GenerationLease,
): Promise<Completion<Generation, GenerationEventBody>> {
  const { dataSource, store, slot, logger, telemetry } = context;
  const { bundle } = generation;
  const bundleDir = await telemetry.part('load', () => slot.load(bundle));
  // A square that is known needs no knee detector.
  const kneeDetector = generation.box === null ? await newestKneeDetector(dataSource.manager) : undefined;
  const detector = kneeDetector && (await openKneeDetector(context, kneeDetector));
  const inputs = await telemetry.part('inputs', () =>
    loadInputs(dataSource, store, generation, { detector, size: xraySize(manifestOf(bundle)), logger }),
  );
  const { box, film, reference } = inputs;
  const origin = { ...generation.origin!, film, reference };
  // Kept, so that a later attempt cuts the same square, whatever knee detector it has.
  if (generation.box === null) {
    origin.kneeDetector = kneeDetector
      ? { name: kneeDetector.name, version: kneeDetector.version, sha256: kneeDetector.sha256 }
      : null;
    await lease.write({ set: { box, origin } });
  }
  const finished = await finishedSlices(dataSource, generation.id);
  lease.signal.throwIfAborted();

  let evaluations = generation.denoiserEvaluations ?? 0;
  let stepsPerSlice = 0;
  const announcer = new StepAnnouncer(generation.sliceCount, finished, (payload) => {
    slot.fraction = payload.fraction;
    return lease.write({ events: [{ type: 'STEP_PROGRESS', payload }] }).catch((error: Error) => lease.end(error));
  });
  const { xray } = inputs;
  const { sliceCount, steps, eta, sampler, seed, noise, features: grades } = generation;
  const request = { bundleDir, xray, grades, sliceCount, steps, eta, sampler, seed, noise, skip: [...finished] };
  const summary = await slot.host.run('xray-to-mri', request, {
    signal: lease.signal,
    onProgress(progress) {
      stepsPerSlice = progress.steps;
      announcer.onProgress(progress);
    },
    onRun: (run) => telemetry.ran(run),
    async onOutput(slice) {
      finished.add(slice.index);
      evaluations += stepsPerSlice;
      const saved = { slice, completed: finished.size, evaluations };
      await saveSlice({ ...context, generation, bundle, lease, ...inputs }, saved);
    },
  });
  lease.signal.throwIfAborted();
  const made = { ...generation, box, origin: withSummary(origin, summary) };
  return assemble(context, { generation: made, bundle, side: inputs.side, evaluations, summary });
}

function openKneeDetector({ slot }: SlotResources, kneeDetector: Bundle): Promise<KneeDetector> {
  return openDetector(slot.host, slot.folderOf(kneeDetector));
}

async function finishedSlices(dataSource: DataSource, generationId: string): Promise<Set<number>> {
  const slices = await dataSource.manager.find(GenerationSlice, { where: { generationId }, select: { index: true } });
  return new Set(slices.map(({ index }) => index));
}

interface SliceContext {
  dataSource: DataSource;
  telemetry: AttemptTelemetry;
  store: BlobStore;
  generation: Generation;
  bundle: Bundle;
  lease: GenerationLease;
  side: Side;
  scorer: VolumeScorer | undefined;
}

/** Stores a slice as seen on the patient's own side: the blob, then its row and the event that announces it at once. */
async function saveSlice(
  { dataSource, telemetry, store, generation, bundle, lease, side, scorer }: SliceContext,
  { slice, completed, evaluations }: { slice: GeneratedSlice; completed: number; evaluations: number },
): Promise<void> {
  const { index, depth, image } = slice;
  const seen = asItLies(image, side);
  const scores = scorer && (await telemetry.part('metrics', () => scorer.score(index, seen)));
  const psnr = scores ? finite(scores.psnr) : null;
  const ssim = scores ? finite(scores.ssim) : null;
  const rssim = scores ? finite(scores.rssim) : null;
  const png = encodeSlice(storedPixels(seen), syntheticLabel(bundle));
  await telemetry.part('store', async () => {
    const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
    const row = { index, depth, psnr, ssim, rssim, assetId };
    const payload = { slice: row, completed, total: generation.sliceCount };
    await lease.write(
      { events: [{ type: 'SLICE_COMPLETED', payload }], set: { denoiserEvaluations: evaluations } },
      async (manager) => void (await manager.insert(GenerationSlice, { generationId: generation.id, ...row })),
    );
  });
}

interface Computed {
  generation: Generation;
  bundle: Bundle;
  side: Side;
  evaluations: number;
  summary: VolumeSummary;
}

/** Assembles the volume; its series, COMPLETED and SUCCEEDED become true in one transaction. */
async function assemble(
  { dataSource, store, telemetry }: AttemptContext,
  { generation, bundle, side, evaluations, summary }: Computed,
): Promise<Completion<Generation, GenerationEventBody>> {
  const { asset, series, ...scores } = await telemetry.part('assemble', () =>
    assembleVolume(dataSource, store, generation, bundle, side),
  );
  const { device } = summary;
  const { examId, id: generationId, origin } = generation;
  return {
    async finish(manager) {
      const durationMs = await elapsed(manager, generationId);
      const row = await manager.save(
        manager.create(MriSeries, {
          ...series,
          examId,
          generationId,
          synthetic: true,
          provenance: 'GENERATED',
          assetId: asset.id,
        }),
      );
      const payload = { ...scores, mriSeriesId: row.id, durationMs, denoiserEvaluations: evaluations, device };
      return {
        events: [{ type: 'COMPLETED', payload }],
        set: { ...scores, durationMs, denoiserEvaluations: evaluations, device, origin },
      };
    },
  };
}

/** Milliseconds since the first start, by the database's clock. */
async function elapsed(manager: EntityManager, id: string): Promise<number> {
  const [row] = await queryRows(
    manager,
    z.object({ ms: z.number() }),
    `SELECT round(1000 * extract(epoch FROM clock_timestamp() - started_at))::integer AS ms FROM generation WHERE id = $1`,
    [id],
  );
  return row!.ms;
}
