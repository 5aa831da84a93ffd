import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { Side } from '../../domain/participants.js';
import { type Bundle, Generation, GenerationSlice, MriSeries } from '../../entities/index.js';
import { asItLies, encodeSlice, storedPixels, syntheticLabel } from '../../imaging/generated-volume.js';
import {
  type GeneratedSlice,
  InferenceProcessDied,
  type KneeDetector,
  openDetector,
  type VolumeScorer,
  type VolumeSummary,
} from '../../inference/index.js';
import { type BlobStore, BlobStoreUnavailable, storeAsset } from '../../storage/index.js';
import { loadInputs } from './inputs.js';
import { CancelRequested, Lease, StaleAttempt, WorkerStopping } from './lease.js';
import { newestLocaliser } from './localiser.js';
import { StepAnnouncer } from './progress.js';
import { withAttempt, withSummary } from './provenance.js';
import { afterCrash } from '../../scheduling/reconciler.js';
import { bytesOfGeneration, waitForRoom } from '../../scheduling/room.js';
import type { Slot } from '../../scheduling/slot.js';
import { AttemptTelemetry } from '../../work/telemetry.js';
import { advance, type Change } from './transitions.js';
import { assembleVolume, finite } from './volume.js';

export interface RunContext {
  dataSource: DataSource;
  store: BlobStore;
  /** Where it is computed. */
  slot: Slot;
  /** Name of this worker, for the row. */
  worker: string;
  logger: Logger;
  /** Whether this worker takes nothing new. */
  stopping(): boolean;
  /** Told of the lease, so that a cancellation or the worker's end can stop it. */
  onLease(lease: Lease): void;
}

/** What may stop a generation without anything being wrong with the platform. */
const EXPECTED = [UserError, StaleAttempt, CancelRequested, WorkerStopping];

/**
 * Carries a waiting generation through one attempt: claim, compute the slices that are missing, assemble, finish. Whatever
 * happens is settled in its row and its log; an id that is not waiting any more is passed over.
 *
 * @returns whether it was this worker that claimed it
 * @throws when not even that can be written, which the reconciler will find
 */
export async function runGeneration(context: RunContext, id: string): Promise<boolean> {
  const { dataSource, logger } = context;
  const found = await dataSource.manager.findOneBy(Generation, { id });
  if (found?.state !== 'QUEUED') return false;
  const goOn = async () => !context.stopping() && (await isWaiting(dataSource, id, found.attempt));
  if (!(await waitForRoom(context.store, bytesOfGeneration(found.sliceCount), { goOn, logger }))) return false;
  const attempt = found.attempt + 1;
  const { worker } = context;
  const began = performance.now();
  const claimed = await advance(
    dataSource.manager,
    { ...found, state: 'QUEUED' },
    { to: 'RUNNING', set: { worker, origin: withAttempt(found.origin, attempt, worker) } },
  );
  if (claimed === undefined) return false;
  const generation = await dataSource.manager.findOneOrFail(Generation, { where: { id }, relations: { bundle: true } });
  const telemetry = new AttemptTelemetry(generation, (performance.now() - began) / 1_000);
  const lease = new Lease(dataSource, id, attempt, logger);
  context.onLease(lease);
  try {
    await generate({ ...context, telemetry }, generation, lease);
    telemetry.end('SUCCEEDED');
    logger.info({ generation: id, attempt, traceId: telemetry.traceId }, 'a generation is finished');
  } catch (error) {
    const reason: unknown = lease.signal.aborted ? lease.signal.reason : error;
    const change = settlement(reason, generation, attempt);
    const level = EXPECTED.some((kind) => reason instanceof kind) ? 'info' : 'error';
    const { traceId } = telemetry;
    logger[level]({ err: reason, generation: id, attempt, to: change?.to, traceId }, 'a generation was stopped');
    telemetry.end(change?.to ?? 'STALE', causeOf(reason));
    if (change) await advance(dataSource.manager, { id, state: 'RUNNING', attempt }, change);
  } finally {
    await lease.release();
  }
  return true;
}

async function isWaiting(dataSource: DataSource, id: string, attempt: number): Promise<boolean> {
  return dataSource.manager.existsBy(Generation, { id, state: 'QUEUED', attempt });
}

interface AttemptContext extends RunContext {
  telemetry: AttemptTelemetry;
}

async function generate(context: AttemptContext, generation: Generation, lease: Lease): Promise<void> {
  const { dataSource, store, slot, logger, telemetry } = context;
  await store.requireRoom(bytesOfGeneration(generation.sliceCount));
  const { bundle } = generation;
  const bundleDir = await telemetry.part('load', () => slot.load(bundle));
  // A square that is known needs no localiser.
  const localiser = generation.box === null ? await newestLocaliser(dataSource.manager) : undefined;
  const detector = localiser && (await openLocaliser(context, localiser));
  const inputs = await telemetry.part('inputs', () => loadInputs(dataSource, store, generation, { detector, logger }));
  const { box, film, reference } = inputs;
  const origin = { ...generation.origin!, film, reference };
  // Kept, so that a later attempt cuts the same square, whatever localiser it has.
  if (generation.box === null) {
    origin.localiser = localiser
      ? { name: localiser.name, version: localiser.version, sha256: localiser.sha256 }
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
  const summary = await slot.host.generate(request, {
    signal: lease.signal,
    onStep(progress) {
      stepsPerSlice = progress.steps;
      announcer.onStep(progress);
    },
    onRun: (run) => telemetry.ran(run),
    async onSlice(slice) {
      finished.add(slice.index);
      evaluations += stepsPerSlice;
      const saved = { slice, completed: finished.size, evaluations };
      await saveSlice({ ...context, generation, bundle, lease, ...inputs }, saved);
    },
  });
  lease.signal.throwIfAborted();
  const made = { ...generation, box, origin: withSummary(origin, summary) };
  await finish(context, { generation: made, bundle, lease, side: inputs.side, evaluations, summary });
}

function openLocaliser({ slot }: RunContext, localiser: Bundle): Promise<KneeDetector> {
  return openDetector(slot.host, slot.folderOf(localiser));
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
  lease: Lease;
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

interface Finish {
  generation: Generation;
  bundle: Bundle;
  lease: Lease;
  side: Side;
  evaluations: number;
  summary: VolumeSummary;
}

/** Assembles the volume; its series, COMPLETED and SUCCEEDED become true in one transaction. */
async function finish(
  { dataSource, store, telemetry }: AttemptContext,
  { generation, bundle, lease, side, evaluations, summary }: Finish,
): Promise<void> {
  const { asset, series, ...scores } = await telemetry.part('assemble', () =>
    assembleVolume(dataSource, store, generation, bundle, side),
  );
  lease.signal.throwIfAborted();
  const durationMs = await elapsed(dataSource, generation.id);
  const { device } = summary;
  const { origin } = generation;
  await dataSource.transaction(async (manager) => {
    const { examId, id: generationId } = generation;
    const row = await manager.save(
      manager.create(MriSeries, { ...series, examId, generationId, synthetic: true, assetId: asset.id }),
    );
    const payload = { ...scores, mriSeriesId: row.id, durationMs, denoiserEvaluations: evaluations, device };
    const written = await advance(
      manager,
      { id: generationId, state: 'RUNNING', attempt: lease.attempt },
      {
        to: 'SUCCEEDED',
        events: [{ type: 'COMPLETED', payload }],
        set: { ...scores, durationMs, denoiserEvaluations: evaluations, device, origin },
      },
    );
    if (written === undefined)
      throw new StaleAttempt(`Attempt ${lease.attempt} of generation ${generationId} is over.`);
  });
}

/** Why an attempt ended early, in one of a few words. */
function causeOf(reason: unknown): string {
  if (reason instanceof StaleAttempt) return 'lease_lost';
  if (reason instanceof CancelRequested) return 'cancel_requested';
  if (reason instanceof WorkerStopping) return 'worker_stopping';
  if (reason instanceof InferenceProcessDied) return 'inference_process_died';
  return reason instanceof UserError ? reason.code.toLowerCase() : 'unexpected';
}

/** Milliseconds since the first start, by the database's clock. */
async function elapsed(dataSource: DataSource, id: string): Promise<number> {
  const [row] = (await dataSource.query(
    `SELECT round(1000 * extract(epoch FROM clock_timestamp() - started_at))::integer AS ms FROM generation WHERE id = $1`,
    [id],
  )) as { ms: number }[];
  return row!.ms;
}

/**
 * What an error means for the generation; undefined when it is not this worker's any more. A fault that the user can mend fails
 * it at once; a crash is tried again up to the limit; neither an orderly stop nor a blob store that is down counts towards it.
 */
function settlement(error: unknown, { attemptLimit }: Generation, attempt: number): Change | undefined {
  if (error instanceof StaleAttempt) return undefined;
  if (error instanceof CancelRequested) return { to: 'CANCELED' };
  if (error instanceof WorkerStopping) {
    return {
      to: 'QUEUED',
      message: 'Its worker is shutting down; it will be continued.',
      set: { attemptLimit: attemptLimit + 1 },
    };
  }
  if (error instanceof BlobStoreUnavailable) {
    return {
      to: 'QUEUED',
      message: 'The blob store cannot be used at the moment; it will be continued.',
      set: { attemptLimit: attemptLimit + 1 },
    };
  }
  if (error instanceof UserError) return { to: 'FAILED', message: error.message };
  if (error instanceof InferenceProcessDied)
    return afterCrash(attempt, attemptLimit, 'The inference process ended unexpectedly');
  return afterCrash(attempt, attemptLimit, "An unexpected error, which the worker's log describes, stopped it");
}
