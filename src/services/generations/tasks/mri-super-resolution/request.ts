import type { BundleManifest, SuperResolver } from '../../../../inference/index.js';
import { MAX_PIXELS } from '../../../../imaging/refuse.js';
import { refuse } from '../../checks.js';
import type { SuperResolutionParameters } from './parameters.js';

/** How series are to be made finer, whatever series. */
export interface SuperResolutionWish {
  scale: number;
  /** Default: the student. */
  network?: SuperResolver | null | undefined;
  /** Default: no. */
  bias?: boolean | null | undefined;
}

type Manifest = Pick<BundleManifest<'mri-super-resolution'>, 'name' | 'ranges' | 'superResolution'>;

/** Most voxels of a finer series: it is read and written slice by slice, but served as one file. */
export const MAX_VOXELS = 8 * MAX_PIXELS;

/** @throws UserError BAD_USER_INPUT for a scale that the bundle was not trained for */
export function told(
  { scale, network, bias }: SuperResolutionWish,
  { name, ranges }: Manifest,
): Omit<SuperResolutionParameters, 'series'> {
  const [least, most] = ranges.scale;
  if (!(scale >= least && scale <= most)) refuse(`scale is ${scale}; ${name} was trained for ${least} to ${most}.`);
  return { scale, network: network ?? 'student', bias: bias ?? false };
}

/** @throws UserError BAD_USER_INPUT for a number of steps that the network does not work in */
export function stepsFor(
  steps: number | null | undefined,
  network: SuperResolver,
  { name, superResolution }: Manifest,
): number {
  const { steps: accepted, defaultSteps } = superResolution[network];
  if (steps == null) return defaultSteps;
  if (accepted.includes(steps)) return steps;
  return refuse(`steps is ${steps}; the ${network} of ${name} works in ${accepted.join(', ')} steps.`);
}
