import { join } from 'node:path';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import type { Side } from '../domain/participants.js';
import { compareVersions } from '../domain/versions.js';
import { Bundle, Generation, GenerationSlice, MriSeries } from '../entities/index.js';
import { asItLies, encodeSlice, storedPixels, syntheticLabel } from '../imaging/generated-volume.js';
import {
  type GeneratedSlice,
  type InferenceHost,
  InferenceProcessDied,
  type KneeDetector,
  openDetector,
  type VolumeScorer,
  type VolumeSummary,
} from '../inference/index.js';
import { type BlobStore, storeAsset } from '../storage/index.js';
import { loadInputs } from './inputs.js';
import { CancelRequested, Lease, StaleAttempt, WorkerStopping } from './lease.js';
import { StepAnnouncer } from './progress.js';
import { afterCrash } from './reconciler.js';
import { advance, type Change } from './transitions.js';
import { assembleVolume, finite } from './volume.js';

export interface RunContext {
  dataSource: DataSource;
  store: BlobStore;
  host: InferenceHost;
  /** Where this machine keeps the bundles, as `<name>/<version>`; absent: where they were registered. */
  modelsDir?: string | undefined;
  /** Name of this worker, for the row. */
  worker: string;
  logger: Logger;
  /** Told of the lease, so that a cancellation or the worker's end can stop it. */
  onLease(lease: Lease): void;
}

/** What may stop a generation without anything being wrong with the platform. */
const EXPECTED = [UserError, StaleAttempt, CancelRequested, WorkerStopping];

/**
 * Carries a waiting generation through one attempt: claim, compute the slices that are missing, assemble, finish. Whatever
 * happens is settled in its row and its log; an id that is not waiting any more is passed over.
 *
 * @returns the attempt to queue again, when it ended in state QUEUED
 * @throws when not even that can be written, which the reconciler will find
 */
export async function runGeneration(context: RunContext, id: string): Promise<{ attempt: number } | undefined> {
  const { dataSource, logger } = context;
  const found = await dataSource.manager.findOneBy(Generation, { id });
  if (found?.state !== 'QUEUED') return undefined;
  const claimed = await advance(
    dataSource.manager,
    { ...found, state: 'QUEUED' },
    { to: 'RUNNING', set: { worker: context.worker } },
  );
  if (claimed === undefined) return undefined;
  const generation = await dataSource.manager.findOneByOrFail(Generation, { id });
  const attempt = found.attempt + 1;
  const lease = new Lease(dataSource, id, attempt, logger);
  context.onLease(lease);
  try {
    await generate(context, generation, lease);
    logger.info({ generation: id, attempt }, 'a generation is finished');
    return undefined;
  } catch (error) {
    const reason: unknown = lease.signal.aborted ? lease.signal.reason : error;
    const change = settlement(reason, generation, attempt);
    const level = EXPECTED.some((kind) => reason instanceof kind) ? 'info' : 'error';
    logger[level]({ err: reason, generation: id, attempt, to: change?.to }, 'a generation was stopped');
    if (!change) return undefined;
    const seen = { id, state: 'RUNNING', attempt } as const;
    const settled = await advance(dataSource.manager, seen, change);
    return settled !== undefined && change.to === 'QUEUED' ? { attempt } : undefined;
  } finally {
    await lease.release();
  }
}

async function generate(context: RunContext, generation: Generation, lease: Lease): Promise<void> {
  const { dataSource, store, host, logger } = context;
  const bundle = await dataSource.manager.findOneByOrFail(Bundle, { id: generation.bundleId });
  const bundleDir = await loadBundle(context, bundle);
  // A square that is known needs no localiser.
  const detector = generation.box === null ? await loadDetector(context) : undefined;
  const inputs = await loadInputs(dataSource, store, generation, { detector, logger });
  // Kept, so that a later attempt cuts the same square, whatever localiser it has.
  if (generation.box === null) await lease.write({ set: { box: inputs.box } });
  const finished = await finishedSlices(dataSource, generation.id);
  lease.signal.throwIfAborted();

  let evaluations = generation.denoiserEvaluations ?? 0;
  let stepsPerSlice = 0;
  const announcer = new StepAnnouncer(generation.sliceCount, finished, (payload) =>
    lease.write({ events: [{ type: 'STEP_PROGRESS', payload }] }).catch((error: Error) => lease.end(error)),
  );
  const { xray } = inputs;
  const { sliceCount, steps, eta, sampler, seed, noise, features: grades } = generation;
  const request = { bundleDir, xray, grades, sliceCount, steps, eta, sampler, seed, noise, skip: [...finished] };
  const summary = await host.generate(request, {
    signal: lease.signal,
    onStep(progress) {
      stepsPerSlice = progress.steps;
      announcer.onStep(progress);
    },
    async onSlice(slice) {
      finished.add(slice.index);
      evaluations += stepsPerSlice;
      const saved = { slice, completed: finished.size, evaluations };
      await saveSlice({ ...context, generation, bundle, lease, ...inputs }, saved);
    },
  });
  lease.signal.throwIfAborted();
  await finish(context, { generation, bundle, lease, side: inputs.side, evaluations, summary });
}

/**
 * Folder of the bundle on this machine, loaded and checked to be the model that was registered.
 *
 * @throws UserError BUNDLE_REFUSED, UNAVAILABLE
 */
async function loadBundle(
  { host, modelsDir }: RunContext,
  { name, version, sha256, directory }: Bundle,
): Promise<string> {
  const dir = modelsDir === undefined ? directory : join(modelsDir, name, version);
  const loaded = await host.describe(dir);
  if (loaded.sha256 !== sha256) {
    throw new UserError(
      'BUNDLE_REFUSED',
      `The bundle in ${dir} is not the ${name} ${version} that was registered: its files have changed; give it a new version.`,
    );
  }
  return dir;
}

/** The newest localiser that is registered; undefined where there is none. */
async function loadDetector({ dataSource, host, modelsDir }: RunContext): Promise<KneeDetector | undefined> {
  const localisers = await dataSource.manager.findBy(Bundle, { task: 'knee-localisation', state: 'READY' });
  const newest = localisers.sort((a, b) => compareVersions(a.version, b.version)).at(-1);
  if (!newest) return undefined;
  const { name, version, directory } = newest;
  return openDetector(host, modelsDir === undefined ? directory : join(modelsDir, name, version));
}

async function finishedSlices(dataSource: DataSource, generationId: string): Promise<Set<number>> {
  const slices = await dataSource.manager.find(GenerationSlice, { where: { generationId }, select: { index: true } });
  return new Set(slices.map(({ index }) => index));
}

interface SliceContext {
  dataSource: DataSource;
  store: BlobStore;
  generation: Generation;
  bundle: Bundle;
  lease: Lease;
  side: Side;
  scorer: VolumeScorer | undefined;
}

/** Stores a slice as seen on the patient's own side: the blob, then its row and the event that announces it at once. */
async function saveSlice(
  { dataSource, store, generation, bundle, lease, side, scorer }: SliceContext,
  { slice, completed, evaluations }: { slice: GeneratedSlice; completed: number; evaluations: number },
): Promise<void> {
  const { index, depth, image } = slice;
  const seen = asItLies(image, side);
  const scores = scorer?.score(index, seen);
  const psnr = scores ? finite(scores.psnr) : null;
  const ssim = scores ? finite(scores.ssim) : null;
  const rssim = scores ? finite(scores.rssim) : null;
  const png = encodeSlice(storedPixels(seen), syntheticLabel(bundle));
  const { id: assetId } = await storeAsset(dataSource.manager, store, png, 'image/png');
  const row = { index, depth, psnr, ssim, rssim, assetId };
  const payload = { slice: row, completed, total: generation.sliceCount };
  await lease.write(
    { events: [{ type: 'SLICE_COMPLETED', payload }], set: { denoiserEvaluations: evaluations } },
    async (manager) => void (await manager.insert(GenerationSlice, { generationId: generation.id, ...row })),
  );
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
  { dataSource, store }: RunContext,
  { generation, bundle, lease, side, evaluations, summary }: Finish,
): Promise<void> {
  const { asset, series, ...scores } = await assembleVolume(dataSource, store, generation, bundle, side);
  lease.signal.throwIfAborted();
  const durationMs = await elapsed(dataSource, generation.id);
  const { device } = summary;
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
        set: { ...scores, durationMs, denoiserEvaluations: evaluations, device },
      },
    );
    if (written === undefined)
      throw new StaleAttempt(`Attempt ${lease.attempt} of generation ${generationId} is over.`);
  });
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
 * it at once; a crash is tried again up to the limit; an orderly stop does not count towards it.
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
  if (error instanceof UserError) return { to: 'FAILED', message: error.message };
  if (error instanceof InferenceProcessDied)
    return afterCrash(attempt, attemptLimit, 'The inference process ended unexpectedly');
  return afterCrash(attempt, attemptLimit, "An unexpected error, which the worker's log describes, stopped it");
}
