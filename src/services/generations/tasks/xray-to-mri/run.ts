import type { DataSource } from 'typeorm';
import type { Side } from '../../../../domain/participants.js';
import {
  type Bundle,
  type Generation,
  GenerationOutput,
  GenerationSlice,
  MriSeries,
} from '../../../../entities/index.js';
import { asItLies, encodeSlice, storedPixels, syntheticLabel } from '../../../../imaging/generated-volume.js';
import {
  type GeneratedSlice,
  type KneeDetector,
  openDetector,
  type VolumeSummary,
  xraySize,
} from '../../../../inference/index.js';
import { type VolumeScorer } from '../../../../metrics/index.js';
import type { SlotResources } from '../../../../scheduling/index.js';
import { storeAsset } from '../../../../storage/index.js';
import { manifestOf } from '../../../bundles/index.js';
import { elapsed } from '../../elapsed.js';
import { newestKneeDetector } from '../../knee-detector.js';
import type { GenerationCompletion, TaskAttempt } from '../task.js';
import { loadInputs } from './inputs.js';
import { withSummary } from './provenance.js';
import { settingsOf } from './settings.js';
import { StepAnnouncer } from './steps.js';
import { assembleVolume, finite } from './volume.js';

/** One attempt: computes the slices that are missing, and assembles the volume. */
export async function generateVolume(context: TaskAttempt): Promise<GenerationCompletion> {
  const { dataSource, store, slot, logger, telemetry, generation, bundleDir, lease } = context;
  const { bundle } = generation;
  const settings = settingsOf(generation);
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
  const announcer = new StepAnnouncer(settings.sliceCount, finished, (payload) => {
    slot.fraction = payload.fraction;
    return lease.write({ events: [{ type: 'STEP_PROGRESS', payload }] }).catch((error: Error) => lease.end(error));
  });
  const { xray } = inputs;
  const request = { bundleDir, xray, grades: generation.features, ...settings, skip: [...finished] };
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
      await saveSlice({ ...context, bundle, total: settings.sliceCount, ...inputs }, saved);
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

interface SliceContext extends TaskAttempt {
  bundle: Bundle;
  total: number;
  side: Side;
  scorer: VolumeScorer | undefined;
}

/** Stores a slice as seen on the patient's own side: the blob, then its row and the event that announces it at once. */
async function saveSlice(
  { dataSource, telemetry, store, generation, bundle, lease, total, side, scorer }: SliceContext,
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
    const payload = { slice: row, completed, total };
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
  { dataSource, store, telemetry }: TaskAttempt,
  { generation, bundle, side, evaluations, summary }: Computed,
): Promise<GenerationCompletion> {
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
      await manager.insert(GenerationOutput, { generationId, kind: 'VOLUME', assetId: asset.id });
      const payload = { ...scores, mriSeriesId: row.id, durationMs, denoiserEvaluations: evaluations, device };
      return {
        events: [{ type: 'COMPLETED', payload }],
        set: { ...scores, durationMs, denoiserEvaluations: evaluations, device, origin },
      };
    },
  };
}
