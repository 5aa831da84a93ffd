import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../../../../domain/errors.js';
import type { SourceFile } from '../../../../domain/origins.js';
import type { SquareBox } from '../../../../domain/knee-box.js';
import type { Side } from '../../../../domain/participants.js';
import { Asset, type Generation, MriSeries, STANDING } from '../../../../entities/index.js';
import { decodeNifti } from '../../../../imaging/nifti.js';
import { trainedStack } from '../../../../imaging/normalise.js';
import { kneeBox, radiographInput } from '../../../../imaging/radiograph/index.js';
import type { KneeDetector, XraySize } from '../../../../inference/index.js';
import { VolumeScorer } from '../../../../metrics/index.js';
import { type BlobStore, BlobStoreUnavailable, readAsset } from '../../../../storage/index.js';
import { readSourceFilm, type SourceFilm, sourceFilm } from '../../film.js';
import { settingsOf } from './settings.js';

/** What a generation is computed from and compared with. */
export interface GenerationInputs {
  side: Side;
  /** The square of the film that the model sees. */
  box: SquareBox;
  /** The film it is cut from. */
  film: SourceFile;
  /** The model's y in the size that it takes, in [-1, 1], looking like a right knee. */
  xray: Float32Array;
  /** Compares with the exam's real series as it is, left knees unmirrored; undefined without one, or without an exam. */
  scorer: VolumeScorer | undefined;
  /** The series that it compares with; null without one. */
  reference: SourceFile | null;
}

/** Series of the contrast that the models are trained on, by its name in OAI and elsewhere. */
const TRAINED_SEQUENCE = /COR.*T1.*FLASH/i;

/**
 * Reads a generation's radiograph, and its exam's real series where it has an exam.
 *
 * @throws UserError FILE_REFUSED when the radiograph cannot be used, NOT_FOUND when it has no pixels any more
 */
export async function loadInputs(
  dataSource: DataSource,
  store: BlobStore,
  generation: Generation,
  { detector, size, logger }: { detector?: KneeDetector | undefined; size: XraySize; logger: Logger },
): Promise<GenerationInputs> {
  const source = await sourceFilm(dataSource, generation);
  const { side, box, film, xray } = await loadXray(store, generation, source, { detector, size });
  const real = await loadScorer(dataSource, store, generation).catch((error: unknown) => {
    // A real series that cannot be compared with is no reason not to generate.
    if (!(error instanceof UserError) || error instanceof BlobStoreUnavailable) throw error;
    logger.warn({ generation: generation.id, reason: error.message }, 'the real series cannot be compared with');
    return undefined;
  });
  const { scorer, reference = null } = real ?? {};
  return { side, box, film, xray, scorer, reference };
}

async function loadXray(
  store: BlobStore,
  { box: given }: Generation,
  source: SourceFilm,
  { detector, size }: { detector: KneeDetector | undefined; size: XraySize },
): Promise<Pick<GenerationInputs, 'side' | 'box' | 'film' | 'xray'>> {
  const { side, barcode, view, name } = source;
  if (side === null) throw new Error(`${name} does not say which knee the volume is of.`);
  const { film, sha256 } = await readSourceFilm(store, source);
  const box = await kneeBox(film, { side, box: given ?? undefined, view, detector, reframe: true });
  return { side, box, film: { sha256, barcode }, xray: radiographInput(film, box, side, size) };
}

async function loadScorer(
  dataSource: DataSource,
  store: BlobStore,
  generation: Generation,
): Promise<{ scorer: VolumeScorer; reference: SourceFile } | undefined> {
  const { examId, ssimMode } = generation;
  if (examId === null) return undefined;
  const candidates = await dataSource.manager.find(MriSeries, {
    where: { examId, synthetic: false, plane: 'CORONAL', dropped: STANDING },
    order: { id: 'ASC' },
  });
  const series = candidates.find(({ sequence, assetId }) => assetId !== null && TRAINED_SEQUENCE.test(sequence));
  if (!series) return undefined;
  const asset = await dataSource.manager.findOneByOrFail(Asset, { id: series.assetId! });
  const name = `MRI series ${series.barcode ?? series.id}`;
  const { volume } = await decodeNifti(await readAsset(store, asset, name), name);
  const scorer = new VolumeScorer(
    trainedStack(volume, { sliceCount: settingsOf(generation).sliceCount, name }),
    ssimMode,
  );
  return { scorer, reference: { sha256: asset.sha256, barcode: series.barcode } };
}
