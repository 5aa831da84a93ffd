import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Asset, type Generation, GenerationOutput } from '../../entities/index.js';
import {
  DICOM_FOLDER,
  type MadeHeader,
  openSeries,
  type OpenSeries,
  type WrittenSlice,
} from '../../imaging/series/index.js';
import type { InferenceHost, RunHooks } from '../../inference/index.js';
import { storeAsset } from '../../storage/index.js';
import { zipPieces } from '../files/index.js';
import { withOutcome } from './attempts.js';
import { elapsed } from './elapsed.js';
import { type SourceSeries, sourceSeries } from './source-series.js';
import type { GenerationCompletion, Recorded, TaskAttempt } from './tasks/task.js';

/** How the slices of a plan are asked for. */
export interface SliceOptions extends Pick<RunHooks<unknown, unknown>, 'signal' | 'onRun'> {
  host: InferenceHost;
  bundleDir: string;
}

/** A slice, and how it was made; null for one that was taken as it is. */
export interface AttemptSlice extends WrittenSlice {
  made: { device: string; steps: number; tiles: number } | null;
}

/** A piece of the series that the network has finished. */
interface FinishedPiece {
  index: number;
  total: number;
  made: AttemptSlice['made'];
}

/** What the network makes of a whole series before its slices. */
interface SeriesPreparation<Plan> {
  /** How large a part of all work it is, 0 to 1. */
  share: number;
  /** `onPlane` is to be waited for after each plane across the slices. */
  prepare(plan: Plan, options: SliceOptions & { onPlane(plane: FinishedPiece): Promise<void> }): Promise<Plan>;
}

/** What a task makes of a series, slice by slice. */
export interface SeriesMaking<Plan> {
  /** Looks through the series. @throws UserError for what cannot be made of it */
  plan(series: OpenSeries): Promise<Plan>;
  /** What the network makes of the whole series before its slices; null where that is nothing. */
  preparation: SeriesPreparation<Plan> | null;
  slices(plan: Plan, options: SliceOptions): AsyncIterable<AttemptSlice>;
  write(
    plan: Plan,
    slices: AsyncIterable<WrittenSlice>,
    out: string,
    header: Omit<MadeHeader, 'kind'> & { comment: string },
  ): Promise<void>;
  /** Name of the NIfTI file that `write` writes. */
  nifti: string;
  /** What telemetry calls the network. */
  graph: string;
  /** What was done, in words. */
  derivation(plan: Plan): string;
  /** Text that every file carries. */
  label: string;
  /** Size of the made slices, and how many they are. */
  size(plan: Plan): { rows: number; columns: number; slices: number };
  recipe(generation: Generation): Recorded;
}

/** One attempt: the series goes through the network slice by slice, and its files are stored. */
export async function makeSeries<Plan>(
  attempt: TaskAttempt,
  making: SeriesMaking<Plan>,
): Promise<GenerationCompletion> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-made-'));
  try {
    const source = await attempt.telemetry.part('inputs', () => sourceSeries(attempt));
    const path = join(folder, 'series.nii.gz');
    await writeFile(path, source.bytes);
    const series = await openSeries(path);
    try {
      const plan = await making.plan({ ...series, name: source.name });
      return await make(attempt, making, plan, source, join(folder, 'made'));
    } finally {
      await series.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function make<Plan>(
  { slot, telemetry, generation, bundleDir, lease, dataSource, store }: TaskAttempt,
  making: SeriesMaking<Plan>,
  looked: Plan,
  { origin, patient, sequence }: SourceSeries,
  out: string,
): Promise<GenerationCompletion> {
  const { bundle } = generation;
  const { preparation } = making;
  const steps = preparation ? 2 : 1;
  const began = performance.now();
  let [seconds, evaluations, device] = [0, 0, ''];
  const options: SliceOptions = {
    ...{ host: slot.host, bundleDir, signal: lease.signal },
    onRun(run) {
      seconds += run.seconds;
      telemetry.ran(run);
    },
  };
  const count = ({ made }: Pick<FinishedPiece, 'made'>) => {
    if (!made) return;
    device = made.device;
    evaluations += made.tiles * made.steps;
  };
  /** Hands the lease what a step has come to, of whose part of all work `fraction` is done. */
  const announce = async ({ index, total }: Omit<FinishedPiece, 'made'>, step: number, fraction: number) => {
    lease.signal.throwIfAborted();
    slot.fraction = fraction;
    const payload = { index, total, step, steps, fraction };
    await lease.write({ events: [{ type: 'TILE_COMPLETED', payload }] });
  };
  const share = preparation?.share ?? 0;
  const onPlane = (plane: FinishedPiece) => {
    count(plane);
    return announce(plane, 1, (share * (plane.index + 1)) / plane.total);
  };
  const plan = preparation ? await preparation.prepare(looked, { ...options, onPlane }) : looked;
  const { rows, columns, slices: total } = making.size(plan);
  /** Each slice is announced once it is written. */
  async function* announced() {
    for await (const slice of making.slices(plan, options)) {
      count(slice);
      yield slice;
      const { index } = slice;
      await announce({ index, total }, steps, share + ((1 - share) * (index + 1)) / total);
    }
  }
  const outcome = () => {
    const timings = { [making.graph]: Math.round(1_000 * seconds), total: Math.round(performance.now() - began) };
    return withOutcome(origin, { device, timings });
  };
  await making.write(plan, announced(), out, {
    ...{ bundle: { name: bundle.name, version: bundle.version }, label: making.label },
    derivation: making.derivation(plan),
    identity: ['generation', generation.id],
    createdAt: generation.createdAt,
    comment: JSON.stringify(making.recipe({ ...generation, origin })),
    kept: { PatientID: patient, PatientName: patient, SeriesDescription: sequence, BodyPartExamined: 'KNEE' },
  });
  const made: Generation = { ...generation, origin: outcome() };
  const { manager } = dataSource;
  const files = await telemetry.part('store', async () => [
    {
      kind: 'VOLUME' as const,
      asset: await storeAsset(manager, store, createReadStream(join(out, making.nifti)), 'application/gzip'),
    },
    {
      kind: 'DICOM' as const,
      asset: await storeAsset(manager, store, Readable.from(zipPieces(dicomFiles(out, generation))), 'application/zip'),
    },
  ]);
  return complete(made, files, { rows, columns, device, evaluations });
}

async function* dicomFiles(out: string, { createdAt }: Generation) {
  for (const name of (await readdir(join(out, DICOM_FOLDER))).sort()) {
    yield { path: name, bytes: await readFile(join(out, DICOM_FOLDER, name)), modified: createdAt };
  }
}

/** The files' rows, COMPLETED and SUCCEEDED become true in one transaction. */
function complete(
  { id: generationId, origin }: Generation,
  files: readonly { kind: 'VOLUME' | 'DICOM'; asset: Asset }[],
  { rows, columns, device, evaluations }: { rows: number; columns: number; device: string; evaluations: number },
): GenerationCompletion {
  return {
    async finish(manager) {
      const durationMs = await elapsed(manager, generationId);
      for (const { kind, asset } of files) {
        await manager.insert(GenerationOutput, { generationId, kind, rows, columns, assetId: asset.id });
      }
      const none = { psnr: null, ssim: null, rssim: null, adjacentCorrelation: null, mriSeriesId: null };
      const payload = { ...none, durationMs, denoiserEvaluations: evaluations, device };
      return {
        events: [{ type: 'COMPLETED', payload }],
        set: { durationMs, denoiserEvaluations: evaluations, device, origin },
      };
    },
  };
}
