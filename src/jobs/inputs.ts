import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import type { SourceFile } from '../domain/origins.js';
import type { SquareBox } from '../domain/knee-box.js';
import type { Side } from '../domain/participants.js';
import { Asset, type Generation, KneeExam, MriSeries, Radiograph } from '../entities/index.js';
import { decodeNifti } from '../imaging/nifti.js';
import { trainedStack } from '../imaging/normalise.js';
import { kneeBox, loadRadiograph, radiographInput } from '../imaging/radiograph/index.js';
import { type KneeDetector, VolumeScorer } from '../inference/index.js';
import { type BlobStore, readAsset } from '../storage/index.js';

/** What a generation is computed from and compared with. */
export interface GenerationInputs {
  side: Side;
  /** The square of the film that the model sees. */
  box: SquareBox;
  /** The film it is cut from. */
  film: SourceFile;
  /** The model's y: 256 x 256 in [-1, 1], looking like a right knee. */
  xray: Float32Array;
  /** Compares with the exam's real series as it is, left knees unmirrored; undefined without one. */
  scorer: VolumeScorer | undefined;
  /** The series that it compares with; null without one. */
  reference: SourceFile | null;
}

/** Series of the contrast that the models are trained on, by its name in OAI and elsewhere. */
const TRAINED_SEQUENCE = /COR.*T1.*FLASH/i;

/**
 * Reads a generation's radiograph and its exam's real series.
 *
 * @throws UserError FILE_REFUSED when the radiograph cannot be used, NOT_FOUND when it has no pixels any more
 */
export async function loadInputs(
  dataSource: DataSource,
  store: BlobStore,
  generation: Generation,
  { detector, logger }: { detector?: KneeDetector | undefined; logger: Logger },
): Promise<GenerationInputs> {
  const exam = await dataSource.manager.findOneByOrFail(KneeExam, { id: generation.examId });
  const { box, film, xray } = await loadXray(dataSource, store, generation, exam.side, detector);
  const real = await loadScorer(dataSource, store, generation).catch((error: unknown) => {
    // A real series that cannot be compared with is no reason not to generate.
    if (!(error instanceof UserError)) throw error;
    logger.warn({ generation: generation.id, reason: error.message }, 'the real series cannot be compared with');
    return undefined;
  });
  const { scorer, reference = null } = real ?? {};
  return { side: exam.side, box, film, xray, scorer, reference };
}

async function loadXray(
  dataSource: DataSource,
  store: BlobStore,
  { radiographId: id, box: given }: Generation,
  side: Side,
  detector: KneeDetector | undefined,
): Promise<Pick<GenerationInputs, 'box' | 'film' | 'xray'>> {
  const radiograph = await dataSource.manager.findOneOrFail(Radiograph, { where: { id }, relations: { asset: true } });
  const name = radiograph.barcode ? `Radiograph ${radiograph.barcode}` : `Radiograph ${id}`;
  if (!radiograph.asset) throw new UserError('NOT_FOUND', `${name} has no pixels any more.`);
  const read = await loadRadiograph({ bytes: await readAsset(store, radiograph.asset), name });
  const spacing = radiograph.pixelSpacing;
  const film = { ...read, pixelSpacing: spacing ? ([spacing, spacing] as const) : read.pixelSpacing };
  const view = radiograph.visitId === null ? undefined : 'BILATERAL';
  const box = await kneeBox(film, { side, box: given ?? undefined, view, detector });
  const { sha256 } = radiograph.asset;
  return { box, film: { sha256, barcode: radiograph.barcode }, xray: radiographInput(film, box, side) };
}

async function loadScorer(
  dataSource: DataSource,
  store: BlobStore,
  { examId, sliceCount, ssimMode }: Generation,
): Promise<{ scorer: VolumeScorer; reference: SourceFile } | undefined> {
  const candidates = await dataSource.manager.find(MriSeries, {
    where: { examId, synthetic: false, plane: 'CORONAL' },
    order: { id: 'ASC' },
  });
  const series = candidates.find(({ sequence, assetId }) => assetId !== null && TRAINED_SEQUENCE.test(sequence));
  if (!series) return undefined;
  const asset = await dataSource.manager.findOneByOrFail(Asset, { id: series.assetId! });
  const name = `MRI series ${series.barcode ?? series.id}`;
  const { volume } = await decodeNifti(await readAsset(store, asset), name);
  const scorer = new VolumeScorer(trainedStack(volume, { sliceCount, name }), ssimMode);
  return { scorer, reference: { sha256: asset.sha256, barcode: series.barcode } };
}
