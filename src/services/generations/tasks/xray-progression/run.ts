import type { EntityManager } from 'typeorm';
import type { GenerationOrigin } from '../../../../domain/origins.js';
import type { OutputKind } from '../../../../domain/generation-outputs.js';
import { type Asset, Bundle, type Generation, GenerationOutput } from '../../../../entities/index.js';
import { encodePng } from '../../../../imaging/png.js';
import {
  frameGreys,
  previewFrame,
  type ProgressionFrame,
  progressionFrames,
  type TracedKnee,
  traceKnee,
} from '../../../../imaging/progression/index.js';
import { greyFactor } from '../../../../imaging/radiograph/index.js';
import { openDetector, openGrader } from '../../../../inference/index.js';
import { storeAsset } from '../../../../storage/index.js';
import { UserError } from '../../../../domain/errors.js';
import { manifestOf } from '../../../bundles/index.js';
import { withOutcome } from '../../attempts.js';
import { elapsed } from '../../elapsed.js';
import { readSourceFilm, sourceFilm } from '../../film.js';
import { newestKneeDetector } from '../../knee-detector.js';
import type { GenerationCompletion, TaskAttempt } from '../task.js';
import { filesOf, labelOf, type MadeFile } from './files.js';
import { type MeasuredFrame, parametersIn, type ProgressionParameters } from './parameters.js';

/** One attempt: each frame is stored and announced as it is made, then the files of all of them. */
export async function generateProgression(attempt: TaskAttempt): Promise<GenerationCompletion> {
  const { slot, telemetry, generation, bundleDir, lease } = attempt;
  const { bundle } = generation;
  const began = performance.now();
  const opened = await telemetry.part('inputs', () => openKnee(attempt));
  const { knee, grader, factor, origin } = opened;
  const told: ProgressionParameters = { ...opened.told, ownKl: opened.told.ownKl ?? knee.kl };
  const announced = await announcedFrames(attempt);
  const frames: ProgressionFrame[] = [];
  const wish = {
    ...{ wished: told.targetKl, affected: told.compartment, frames: told.frameCount },
    own: told.ownKl ?? undefined,
  };
  let seconds = 0;
  let device = 'cpu';
  const made = progressionFrames(slot.host, knee, wish, {
    ...{ bundleDir, grader, settings: manifestOf(bundle, 'xray-progression').progression, signal: lease.signal },
    onRun(run) {
      seconds += run.seconds;
      device = run.device;
      telemetry.ran(run);
    },
  });
  for await (const frame of made) {
    lease.signal.throwIfAborted();
    frames.push(frame);
    if (!announced.has(frame.index)) await announce(attempt, knee, frame, factor);
    slot.fraction = frames.length / told.frameCount;
  }
  const timings = { remodeller: Math.round(1_000 * seconds), total: Math.round(performance.now() - began) };
  const parameters: ProgressionParameters = { ...told, frames: frames.map(measured) };
  const finished: Generation = {
    ...generation,
    ...{ parameters, box: knee.box, origin: withOutcome(origin, { device, timings }) },
  };
  const files = await telemetry.part('assemble', () => filesOf(attempt, finished, knee, frames, factor));
  lease.signal.throwIfAborted();
  const stored = await telemetry.part('store', () => storeAll(attempt, files));
  return complete(finished, stored, { device, evaluations: frames.length - 1 });
}

/** The knee as it lies on its film, and who grades it. @throws UserError for what is no knee, or cannot be traced */
async function openKnee({ dataSource: { manager }, store, slot, generation, ...attempt }: TaskAttempt) {
  const told = parametersIn(generation);
  const source = await sourceFilm({ manager } as TaskAttempt['dataSource'], generation);
  const { film, sha256 } = await readSourceFilm(store, source);
  if (source.side === null) throw new Error(`${source.name} does not say which knee is meant.`);
  const [reader] = await manager.findBy(Bundle, { sha256: told.grader.sha256, state: 'READY' });
  if (!reader) {
    const { name, version } = told.grader;
    throw new UserError(
      'NOT_FOUND',
      `The grader ${name} ${version}, which this progression was entered with, is not ready any more.`,
    );
  }
  const found = generation.box === null ? await newestKneeDetector(manager) : undefined;
  const detector = found && (await openDetector(slot.host, slot.folderOf(found)));
  const grader = await openGrader(slot.host, slot.folderOf(reader));
  const { window } = manifestOf(generation.bundle, 'xray-progression').progression;
  const knee = await traceKnee(
    { film, side: source.side, box: generation.box ?? undefined, view: source.view, detector, grader },
    window,
  );
  const origin: GenerationOrigin = {
    ...generation.origin!,
    ...{ film: { sha256, barcode: source.barcode }, reference: null },
    ...(generation.box === null
      ? { kneeDetector: found ? { name: found.name, version: found.version, sha256: found.sha256 } : null }
      : {}),
  };
  // Kept, so that a later attempt cuts the same square, whatever knee detector it has.
  if (generation.box === null) await attempt.lease.write({ set: { box: knee.box, origin } });
  return { told, knee, grader, origin, factor: greyFactor(film) };
}

async function announcedFrames({ dataSource, generation }: TaskAttempt): Promise<ReadonlySet<number>> {
  const rows = await dataSource.manager.findBy(GenerationOutput, { generationId: generation.id, kind: 'FRAME' });
  return new Set(rows.map(({ index }) => index));
}

/** Stores a frame and what shows it; their rows and the event become true at once. */
async function announce(
  attempt: TaskAttempt,
  knee: TracedKnee,
  frame: ProgressionFrame,
  factor: number,
): Promise<void> {
  const { generation, lease, telemetry } = attempt;
  const { side } = knee.box;
  const { index } = frame;
  // The first frame is the film itself, which was seen.
  const label = index === 0 ? 'The film itself' : labelOf(generation.bundle);
  const preview = previewFrame(knee, frame.pixels, label);
  const greys = { rows: side, columns: side, data: frameGreys(frame.pixels, factor) };
  const looks = { mediaType: 'image/png', rows: preview.side, columns: preview.side, index };
  const files: MadeFile[] = [
    { ...looks, kind: 'FRAME', bytes: encodePng(greys, { Comment: label }), rows: side, columns: side },
    { ...looks, kind: 'AFTER', bytes: preview.frame },
    { ...looks, kind: 'DIFFERENCE', bytes: preview.difference },
  ];
  await telemetry.part('store', async () => {
    const stored = await storeAll(attempt, files);
    const { medial: _, lateral: __, ...told } = measured(frame);
    const payload = {
      ...told,
      total: parametersIn(generation).frameCount,
      kind: 'FRAME' as const,
      assetId: stored[1]!.asset.id,
    };
    await lease.write({ events: [{ type: 'FRAME_COMPLETED', payload }] }, (manager) =>
      insertAll(manager, generation.id, stored),
    );
  });
}

function measured({ index, position, kl, jsw, space, expectedKl, leastDeterminant }: ProgressionFrame): MeasuredFrame {
  return { index, position, kl, jsw, medial: space.medial, lateral: space.lateral, expectedKl, leastDeterminant };
}

interface StoredFile extends Pick<MadeFile, 'index' | 'rows' | 'columns'> {
  kind: OutputKind;
  asset: Asset;
}

async function storeAll({ dataSource, store }: TaskAttempt, files: readonly MadeFile[]): Promise<StoredFile[]> {
  const stored: StoredFile[] = [];
  for (const { bytes, mediaType, ...file } of files) {
    stored.push({ ...file, asset: await storeAsset(dataSource.manager, store, Buffer.from(bytes), mediaType) });
  }
  return stored;
}

async function insertAll(manager: EntityManager, generationId: string, files: readonly StoredFile[]): Promise<void> {
  for (const { kind, index, rows, columns, asset } of files) {
    await manager.insert(GenerationOutput, { generationId, kind, index, rows, columns, assetId: asset.id });
  }
}

/** The files' rows, COMPLETED and SUCCEEDED become true in one transaction. */
function complete(
  { id, parameters, origin, box }: Generation,
  files: readonly StoredFile[],
  { device, evaluations }: { device: string; evaluations: number },
): GenerationCompletion {
  return {
    async finish(manager) {
      const durationMs = await elapsed(manager, id);
      await insertAll(manager, id, files);
      const none = { psnr: null, ssim: null, rssim: null, adjacentCorrelation: null, mriSeriesId: null };
      const payload = { ...none, durationMs, denoiserEvaluations: evaluations, device };
      return {
        events: [{ type: 'COMPLETED', payload }],
        set: { parameters, box, durationMs, denoiserEvaluations: evaluations, device, origin },
      };
    },
  };
}
