import type { EntityManager } from 'typeorm';
import { UserError } from '../../../../domain/errors.js';
import { SINGLE_PRIORITY } from '../../../../domain/batches.js';
import {
  faultOfPlaces,
  type HiddenBox,
  type HiddenPlaces,
  type HiddenSpan,
  lostSlices,
  sliceWithoutContext,
} from '../../../../domain/hidden-places.js';
import { type Generation, GenerationOutput, MriSeries, UploadedMask } from '../../../../entities/index.js';
import { assertOnGrid } from '../../../../imaging/inpainting/index.js';
import type { BundleManifest } from '../../../../inference/index.js';
import type { Principal } from '../../../../policy/index.js';
import type { BlobStore } from '../../../../storage/index.js';
import { chooseReadyBundle, manifestOf } from '../../../bundles/index.js';
import { readStoredHead } from '../../../files/index.js';
import { checkTurn, refuse } from '../../checks.js';
import { type GenerationServices, requestOf, type Wish } from '../../requests.js';
import { findMask, findMaskVolume } from '../../uploaded-mask.js';
import { checkSpacing, type FoundSeries, findSeries, seriesKey } from '../../source-series.js';
import type { InpaintingParameters } from './parameters.js';

/** An uploaded image as large as the slices, and in which of them it hides what is not black in it. */
export interface MaskRequest extends HiddenSpan {
  /** Key of the upload. */
  maskUploadId: string;
}

/** A wish for a series with hidden places filled in. */
export interface InpaintingRequest {
  /** An MRI series of an exam, with pixels. */
  seriesId: number;
  /** Slices that are filled in whole. */
  slices?: readonly number[] | null | undefined;
  boxes?: readonly HiddenBox[] | null | undefined;
  masks?: readonly MaskRequest[] | null | undefined;
  /** Key of an uploaded volume on the grid of the series, above 0 where it is to be filled in. */
  maskUploadId?: string | null | undefined;
  /** Default: the bundle's. */
  steps?: number | null | undefined;
  /** `name` or `name@version`; default: the newest that is READY. */
  bundle?: string | null | undefined;
  /** -10 to 11; default 11, before every batch. */
  priority?: number | null | undefined;
  /** The caller's own key: asking twice with one key gives one generation. */
  clientKey?: string | null | undefined;
}

/** What asking for it needs: a volume is compared with the series in the store. */
export interface InpaintingServices extends GenerationServices {
  store: BlobStore;
}

/**
 * Enters the inpainting of a series and queues it. Asking again with the same client key gives the generation there is.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; FILE_REFUSED for a volume that is not on the grid of the series; CONFLICT when the client key was used for another request
 */
export async function requestInpainting(
  services: InpaintingServices,
  actor: Pick<Principal, 'tokenId'>,
  request: InpaintingRequest,
): Promise<Generation> {
  checkTurn(request);
  const compared = await compareGrids(services, request);
  return requestOf(services, actor, request, {
    action: 'inpaintSeries',
    resolve: (manager) => wishOf(manager, compared, actor, request),
  });
}

async function wishOf(
  manager: EntityManager,
  compared: ComparedGrids | null,
  { tokenId }: Pick<Principal, 'tokenId'>,
  request: InpaintingRequest,
): Promise<Wish> {
  const series = await findSeries(manager, request.seriesId, 'filled in');
  const bundle = await chooseReadyBundle(manager, request.bundle, 'mri-inpainting');
  const manifest = manifestOf(bundle, 'mri-inpainting');
  checkSpacing(series, manifest);
  const found = parametersFor(request, series, manifest.inpainting.neighbours);
  const masks = await findMasks(manager, tokenId, request.masks ?? [], found.series);
  const spans = masks.map(({ firstSlice, lastSlice, asset }) => ({ firstSlice, lastSlice, sha256: asset.sha256 }));
  const volume = await findVolume(manager, compared, tokenId, request.maskUploadId ?? null, series);
  // Left out where nothing was given: what was made before there were masks keeps its key.
  const given = {
    ...(masks.length > 0 ? { masks: spans } : {}),
    ...(volume ? { mask: { sha256: volume.asset.sha256 } } : {}),
  };
  const parameters = { ...found, ...given };
  const steps = stepsFor(request, manifest);
  const told = { task: 'mri-inpainting', parameters, steps, bundleId: bundle.id } as const;
  const key = await seriesKey(manager, { ...told, assetId: series.assetId });
  return {
    wanted: {
      ...{ examId: series.examId, radiographId: null, sourceSeriesId: series.id },
      ...{ ...told, seed: null, eta: 0, key },
      priority: request.priority ?? SINGLE_PRIORITY,
    },
    async entered(generationId) {
      for (const [index, { rows, columns, assetId }] of [...masks, ...(volume ? [volume] : [])].entries()) {
        await manager.insert(GenerationOutput, { generationId, kind: 'MASK', index, rows, columns, assetId });
      }
    },
  };
}

async function findMasks(
  manager: EntityManager,
  tokenId: number | null,
  masks: readonly MaskRequest[],
  size: InpaintingParameters['series'],
) {
  const found = [];
  for (const { maskUploadId, firstSlice, lastSlice } of masks) {
    const { rows, columns, assetId, asset } = await findMask(manager, tokenId, maskUploadId, { name: 'a slice', size });
    found.push({ rows, columns, assetId, asset, firstSlice, lastSlice });
  }
  return found;
}

/** Two files whose grids were compared, and why the one does not go with the other. */
interface ComparedGrids {
  maskAssetId: number;
  seriesAssetId: number;
  fault: UserError | null;
}

/** Compares the grids of a mask and its series before the transaction, which would hold a connection for as long as the store takes. */
async function compareGrids(
  { dataSource: { manager }, store }: InpaintingServices,
  { seriesId, maskUploadId }: InpaintingRequest,
): Promise<ComparedGrids | null> {
  if (maskUploadId == null) return null;
  const relations = { asset: true };
  const mask = await manager.findOne(UploadedMask, { where: { id: maskUploadId }, relations });
  const series = await manager.findOne(MriSeries, { where: { id: seriesId }, relations });
  // What is not there is refused in the transaction, unless a client key tells what was made of it.
  if (!mask || !series?.asset) return null;
  const told = { maskAssetId: mask.assetId, seriesAssetId: series.asset.id };
  try {
    const head = await readStoredHead(store, mask.asset, 'The mask');
    assertOnGrid(head, await readStoredHead(store, series.asset, 'The volume of the series'));
    return { ...told, fault: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...told, fault: error };
  }
}

/** @throws UserError NOT_FOUND; FILE_REFUSED for a mask of another size or place than the series; CONFLICT when either was replaced since they were compared */
async function findVolume(
  manager: EntityManager,
  compared: ComparedGrids | null,
  tokenId: number | null,
  id: string | null,
  series: FoundSeries,
): Promise<UploadedMask | null> {
  if (id === null) return null;
  const mask = await findMaskVolume(manager, tokenId, id);
  if (compared?.maskAssetId !== mask.assetId || compared.seriesAssetId !== series.assetId) {
    throw new UserError('CONFLICT', 'The mask or the series was replaced while they were compared; ask again.');
  }
  if (compared.fault) throw compared.fault;
  return mask;
}

/** @throws UserError BAD_USER_INPUT for places that do not lie in the series or leave nothing to go by, as far as its size is known */
function parametersFor(
  request: InpaintingRequest,
  { rows, columns, sliceCount }: MriSeries,
  reach: number,
): InpaintingParameters {
  const slices = [...new Set(request.slices ?? [])].sort((a, b) => a - b);
  const mask = request.maskUploadId == null ? undefined : {};
  const places: HiddenPlaces = { slices, boxes: request.boxes ?? [], masks: request.masks ?? [], mask };
  const known = rows !== null && columns !== null && sliceCount !== null;
  const size = known ? { rows, columns, slices: sliceCount } : null;
  const fault = faultOfPlaces(places, size ?? { rows: Infinity, columns: Infinity, slices: Infinity });
  if (fault !== null) refuse(fault);
  const alone = size && sliceWithoutContext(lostSlices(places, size), reach);
  if (alone !== null) {
    refuse(
      `Nothing is left to fill slice ${alone} in from: it is hidden whole, and so are those up to ${reach} away on either side.`,
    );
  }
  return { slices, boxes: places.boxes.map((box) => ({ ...box })), series: size };
}

function stepsFor(
  { steps }: InpaintingRequest,
  { name, inpainting }: Pick<BundleManifest<'mri-inpainting'>, 'name' | 'inpainting'>,
): number {
  if (steps == null) return inpainting.defaultSteps;
  if (inpainting.steps.includes(steps)) return steps;
  return refuse(`steps is ${steps}; ${name} works in ${inpainting.steps.join(', ')} steps.`);
}
