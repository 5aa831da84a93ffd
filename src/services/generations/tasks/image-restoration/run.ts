import type { GenerationOrigin } from '../../../../domain/origins.js';
import { type Asset, type Generation, GenerationOutput, Radiograph } from '../../../../entities/index.js';
import type { DicomReference } from '../../../../imaging/dicom/series-elements.js';
import { restorePrepared } from '../../../../imaging/restoration/index.js';
import { storeAsset } from '../../../../storage/index.js';
import { manifestOf } from '../../../bundles/index.js';
import { withOutcome } from '../../attempts.js';
import { elapsed } from '../../elapsed.js';
import { filmFile, sourceFilm } from '../../film.js';
import { readMask } from '../../uploaded-mask.js';
import type { GenerationCompletion, TaskAttempt } from '../task.js';
import { openFilm } from './film.js';
import type { FilmWork, MadeFile } from './film-thread.js';
import { parametersIn, type RestorationParameters } from './parameters.js';
import { recipeOf } from './recipe.js';
import { TileAnnouncer } from './tiles.js';
import { inWords, labelOf } from './words.js';

/** One attempt: the film goes through the network tile by tile, and its files are stored. */
export async function restoreRadiograph(attempt: TaskAttempt): Promise<GenerationCompletion> {
  const { slot, telemetry, generation, bundleDir, lease } = attempt;
  const { bundle, steps, seed } = generation;
  const { film, origin } = await telemetry.part('inputs', async () => {
    const inputs = await inputsOf(attempt);
    return { film: await openFilm(inputs.work), origin: inputs.origin };
  });
  try {
    lease.signal.throwIfAborted();
    const { prepared } = film;
    const tiles = new TileAnnouncer(lease, steps, (fraction) => (slot.fraction = fraction));
    let seconds = 0;
    const { restored, summary } = await restorePrepared(slot.host, prepared, {
      ...{ bundleDir, steps, signal: lease.signal },
      ...(seed === null ? {} : { seed }),
      onProgress: (progress) => tiles.onProgress(progress),
      onRun(run) {
        seconds += run.seconds;
        telemetry.ran(run);
      },
    });
    await tiles.written();
    lease.signal.throwIfAborted();
    const { device, durationMs } = summary;
    const timings = { restorer: Math.round(1_000 * seconds), total: Math.round(durationMs) };
    const told = parametersIn(generation);
    const parameters: RestorationParameters = told.operation === 'DENOISE' ? { ...told, sigma: prepared.sigma } : told;
    const made: Generation = { ...generation, parameters, origin: withOutcome(origin, { device, timings }) };
    const files = await telemetry.part('assemble', async () =>
      film.finish({
        restored,
        bundle: { name: bundle.name, version: bundle.version },
        derivation: `${inWords(parameters)}, ${bundle.name} ${bundle.version}`,
        label: labelOf(bundle),
        createdAt: generation.createdAt,
        identity: generation.id,
        provenance: JSON.stringify(recipeOf(made, bundle)),
        sourceImage: await sourceImageOf(attempt),
      }),
    );
    const stored = await telemetry.part('store', () => storeAll(attempt, files));
    return complete(made, stored, { device, evaluations: summary.tiles * summary.steps });
  } finally {
    await film.close();
  }
}

/** The film, and the mask where one says what is hidden. @throws as `filmFile` */
async function inputsOf({ dataSource, store, generation }: TaskAttempt): Promise<{
  work: FilmWork;
  origin: GenerationOrigin;
}> {
  const source = await sourceFilm(dataSource, generation);
  const { bytes, sha256 } = await filmFile(store, source);
  const told = parametersIn(generation);
  const { restoration } = manifestOf(generation.bundle, 'image-restoration');
  const { name, pixelSpacing, barcode } = source;
  const origin = { ...generation.origin!, film: { sha256, barcode }, reference: null };
  const work = { bytes, name, pixelSpacing, window: restoration.window };
  if (told.operation === 'UPSCALE') return { work: { ...work, aim: { kind: 'UPSCALE', scale: told.factor } }, origin };
  if (told.operation === 'DENOISE') {
    const { sigma, estimated, impulses } = told;
    const aim = { kind: 'DENOISE', impulses, ...(estimated || sigma === null ? {} : { sigma }) } as const;
    return { work: { ...work, aim }, origin };
  }
  const { asset, bytes: mask } = await readMask({ dataSource, store, generation }, 'The mask');
  return { work: { ...work, aim: { kind: 'INPAINT', mask } }, origin: { ...origin, mask: asset.sha256 } };
}

/** The film, where it is a DICOM object of the release. */
async function sourceImageOf({ dataSource, generation }: TaskAttempt): Promise<DicomReference | undefined> {
  if (generation.radiographId === null) return undefined;
  const { sopClassUid, sopInstanceUid } = await dataSource.manager.findOneByOrFail(Radiograph, {
    id: generation.radiographId,
  });
  return sopClassUid && sopInstanceUid ? { sopClassUid, sopInstanceUid } : undefined;
}

type StoredFile = Omit<MadeFile, 'bytes' | 'mediaType'> & { asset: Asset };

async function storeAll({ dataSource, store }: TaskAttempt, files: readonly MadeFile[]): Promise<StoredFile[]> {
  const stored: StoredFile[] = [];
  for (const { bytes, mediaType, ...file } of files) {
    stored.push({ ...file, asset: await storeAsset(dataSource.manager, store, Buffer.from(bytes), mediaType) });
  }
  return stored;
}

/** The files' rows, COMPLETED and SUCCEEDED become true in one transaction. */
function complete(
  { id: generationId, parameters, origin }: Generation,
  files: readonly StoredFile[],
  { device, evaluations }: { device: string; evaluations: number },
): GenerationCompletion {
  return {
    async finish(manager) {
      const durationMs = await elapsed(manager, generationId);
      for (const { kind, rows, columns, asset } of files) {
        await manager.insert(GenerationOutput, { generationId, kind, rows, columns, assetId: asset.id });
      }
      const none = { psnr: null, ssim: null, rssim: null, adjacentCorrelation: null, mriSeriesId: null };
      const payload = { ...none, durationMs, denoiserEvaluations: evaluations, device };
      return {
        events: [{ type: 'COMPLETED', payload }],
        set: { parameters, durationMs, denoiserEvaluations: evaluations, device, origin },
      };
    },
  };
}
