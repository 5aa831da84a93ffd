import type { EntityManager } from 'typeorm';
import { SINGLE_PRIORITY } from '../../../../domain/batches.js';
import type { Generation, MriSeries } from '../../../../entities/index.js';
import type { BundleManifest } from '../../../../inference/index.js';
import type { Principal } from '../../../../policy/index.js';
import { chooseReadyBundle, manifestOf } from '../../../bundles/index.js';
import { checkTurn, refuse } from '../../checks.js';
import { type GenerationServices, requestOf, type Wish } from '../../requests.js';
import { checkSpacing, findSeries, seriesKey } from '../../source-series.js';
import type { SuperResolutionParameters } from './parameters.js';
import { limitOf, recorded, stepsFor, type SuperResolutionWish, told } from './request.js';

/** A wish for one finer series. */
export interface SuperResolutionRequest extends SuperResolutionWish {
  /** An MRI series of an exam, with pixels. */
  seriesId: number;
  /** Default: the network's. */
  steps?: number | null | undefined;
  /** `name` or `name@version`; default: the newest that is READY. */
  bundle?: string | null | undefined;
  /** -10 to 11; default 11, before every batch. */
  priority?: number | null | undefined;
  /** The caller's own key: asking twice with one key gives one generation. */
  clientKey?: string | null | undefined;
}

/**
 * Enters the super-resolution of a series and queues it. Asking again with the same client key gives the generation there is.
 *
 * @throws UserError BAD_USER_INPUT, NOT_FOUND, BUNDLE_REFUSED; CONFLICT when the client key was used for another request
 */
export async function requestSuperResolution(
  services: GenerationServices,
  actor: Pick<Principal, 'tokenId'>,
  request: SuperResolutionRequest,
): Promise<Generation> {
  checkTurn(request);
  return requestOf(services, actor, recorded(request), {
    action: 'superResolveSeries',
    resolve: (manager) => wishOf(manager, request),
  });
}

async function wishOf(manager: EntityManager, request: SuperResolutionRequest): Promise<Wish> {
  const series = await findSeries(manager, request.seriesId, 'brought to a finer grid');
  const bundle = await chooseReadyBundle(manager, request.bundle, 'mri-super-resolution');
  const manifest = manifestOf(bundle, 'mri-super-resolution');
  const parameters = parametersFor(request, manifest, series);
  const steps = stepsFor(request.steps, parameters.network, manifest);
  const wanted = { task: 'mri-super-resolution', parameters, steps, bundleId: bundle.id } as const;
  const key = await seriesKey(manager, { ...wanted, assetId: series.assetId });
  return {
    wanted: {
      ...{ examId: series.examId, radiographId: null, sourceSeriesId: series.id },
      ...{ ...wanted, seed: null, eta: 0, key },
      priority: request.priority ?? SINGLE_PRIORITY,
    },
  };
}

/** @throws UserError BAD_USER_INPUT for what the bundle was not trained for, and for a series that would become too large */
function parametersFor(
  request: SuperResolutionRequest,
  manifest: Pick<BundleManifest<'mri-super-resolution'>, 'name' | 'ranges' | 'superResolution'>,
  series: MriSeries,
): SuperResolutionParameters {
  const parameters = told(request, manifest);
  checkSpacing(series, manifest);
  const { rows, columns, sliceCount } = series;
  if (rows === null || columns === null || sliceCount === null) return { ...parameters, series: null };
  const { voxels, reason } = limitOf(parameters);
  if (rows * columns * sliceCount > voxels) {
    refuse(`The series has ${columns} x ${rows} x ${sliceCount} voxels; ${reason}.`);
  }
  return { ...parameters, series: { rows, columns, slices: sliceCount } };
}
