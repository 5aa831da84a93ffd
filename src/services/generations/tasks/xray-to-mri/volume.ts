import type { DataSource } from 'typeorm';
import type { Side } from '../../../../domain/participants.js';
import {
  type Asset,
  type Bundle,
  type Generation,
  GenerationSlice,
  type MriSeries,
} from '../../../../entities/index.js';
import { generatedSlice, generatedVolume, syntheticLabel } from '../../../../imaging/generated-volume.js';
import { encodeNifti } from '../../../../imaging/nifti.js';
import { MODEL_SIZE, MODEL_SPACING_MM } from '../../../../imaging/normalise.js';
import { decodePng, type GreyPng } from '../../../../imaging/png.js';
import { adjacentCorrelation, quartiles } from '../../../../metrics/index.js';
import { type BlobStore, readAsset, storeAsset } from '../../../../storage/index.js';
import { recipeOf } from './provenance.js';
import { settingsOf } from './settings.js';

/** What a whole volume adds up to. */
export interface AssembledVolume {
  /** The NIfTI file. */
  asset: Asset;
  /** Columns of its {@link MriSeries} that describe the stack. */
  series: Pick<
    MriSeries,
    'sequence' | 'plane' | 'sliceCount' | 'rows' | 'columns' | 'pixelSpacing' | 'sliceSpacing' | 'direction'
  >;
  /** Medians over the slices; null where no slice has the score. */
  psnr: number | null;
  ssim: number | null;
  rssim: number | null;
  /** Mean Pearson correlation of neighbouring slices; null when no slice has any contrast. */
  adjacentCorrelation: number | null;
}

/**
 * Puts the stored slices of a generation together. Everything is taken from what is stored, so that it does not matter which
 * attempts the slices come from.
 */
export async function assembleVolume(
  dataSource: DataSource,
  store: BlobStore,
  generation: Generation,
  bundle: Bundle,
  side: Side,
): Promise<AssembledVolume> {
  const slices = await dataSource.manager.find(GenerationSlice, {
    where: { generationId: generation.id },
    order: { index: 'ASC' },
    relations: { asset: true },
  });
  const { sliceCount } = settingsOf(generation);
  if (slices.length !== sliceCount) {
    throw new Error(`Generation ${generation.id} has ${slices.length} of its ${sliceCount} slices.`);
  }
  const stored: GreyPng['data'][] = [];
  for (const [place, { asset }] of slices.entries()) {
    stored.push(decodePng(await readAsset(store, asset, `slice ${place}`), `Slice ${place}`).data);
  }
  const volume = generatedVolume(stored);
  const recipe = JSON.stringify(recipeOf(generation, bundle), inOrder);
  const nifti = await encodeNifti(volume, syntheticLabel(bundle), recipe);
  const median = (score: 'psnr' | 'ssim' | 'rssim') =>
    finite(quartiles(slices.flatMap((slice) => slice[score] ?? [])).median);
  return {
    asset: await storeAsset(dataSource.manager, store, nifti, 'application/gzip'),
    series: {
      sequence: `SYNTHETIC_COR_T1_3D_FLASH_${side}`,
      plane: 'CORONAL',
      sliceCount,
      rows: MODEL_SIZE,
      columns: MODEL_SIZE,
      pixelSpacing: MODEL_SPACING_MM,
      sliceSpacing: volume.spacing[2],
      direction: 'posterior to anterior',
    },
    psnr: median('psnr'),
    ssim: median('ssim'),
    rssim: median('rssim'),
    adjacentCorrelation: finite(adjacentCorrelation(stored.map(generatedSlice))),
  };
}

/** A replacer that puts keys in order: PostgreSQL gives those of a stored object in another order than that they were made in. */
function inOrder(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Scores of identical or constant images are not finite; neither JSON nor a median can hold them. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
