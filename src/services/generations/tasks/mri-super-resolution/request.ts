import type { BundleManifest, SuperResolver } from '../../../../inference/index.js';
import { MAX_PIXELS } from '../../../../imaging/refuse.js';
import {
  type GradientsDigest,
  gradientsIn,
  MAX_THINNED_VOXELS,
  THROUGH_PLANE,
} from '../../../../imaging/superres/index.js';
import { refuse } from '../../checks.js';
import type { SuperResolutionParameters } from './parameters.js';

/** How series are to be made finer, whatever series. */
export interface SuperResolutionWish {
  scale: number;
  /** How many slices are made of each first; default: none are. */
  throughPlane?: number | null | undefined;
  /** Default: the student. */
  network?: SuperResolver | null | undefined;
  /** Default: no. */
  bias?: boolean | null | undefined;
  /** Text of a file with the coefficients of the scanner's gradient coils; default: no unwarping. */
  coefficients?: string | null | undefined;
}

/** A wish as it is compared and audited: of the coefficients, what tells them apart. */
export type RecordedWish<Wish extends SuperResolutionWish> = Omit<Wish, 'coefficients'> & {
  coefficients?: GradientsDigest;
};

/** @throws UserError FILE_REFUSED for a text that is no file of coefficients */
export function recorded<Wish extends SuperResolutionWish>(wish: Wish): RecordedWish<Wish> {
  const { coefficients, ...others } = wish;
  return coefficients == null ? others : { ...others, coefficients: gradientsIn(coefficients, COEFFICIENTS).digest };
}

/** What messages call coefficients: nothing says what their file was called. */
const COEFFICIENTS = 'coefficients';

type Manifest = Pick<BundleManifest<'mri-super-resolution'>, 'name' | 'ranges' | 'superResolution'>;

/** Most voxels of a finer series: it is read and written slice by slice, but served as one file. */
const MAX_VOXELS = 8 * MAX_PIXELS;

/** Most voxels of a series that is to become finer, and why no more, as the end of a sentence about the series. */
export function limitOf({ scale, throughPlane }: Pick<SuperResolutionParameters, 'scale' | 'throughPlane'>): {
  voxels: number;
  reason: string;
} {
  const served = Math.floor(MAX_VOXELS / (scale ** 2 * (throughPlane ?? 1)));
  return throughPlane !== undefined && served > MAX_THINNED_VOXELS
    ? { voxels: MAX_THINNED_VOXELS, reason: `slices are made thinner of series of at most ${MAX_THINNED_VOXELS}` }
    : { voxels: served, reason: `the finer series would have more than ${MAX_VOXELS}` };
}

/** @throws UserError FILE_REFUSED for coefficients; BAD_USER_INPUT for a scale that the bundle was not trained for, and other numbers of slices than twice as many */
export function told(
  { scale, throughPlane, network, bias, coefficients }: SuperResolutionWish,
  { name, ranges }: Manifest,
): Omit<SuperResolutionParameters, 'series'> {
  const [least, most] = ranges.scale;
  if (!(scale >= least && scale <= most)) refuse(`scale is ${scale}; ${name} was trained for ${least} to ${most}.`);
  if (throughPlane != null && throughPlane !== THROUGH_PLANE) {
    refuse(`throughPlane is ${throughPlane}; it takes ${THROUGH_PLANE}, or is left out.`);
  }
  // Left out where it is not asked for: what was made before there was a choice keeps its key.
  const slices = throughPlane == null ? {} : ({ throughPlane: THROUGH_PLANE } as const);
  return { scale, ...slices, network: network ?? 'student', bias: bias ?? false, ...unwarpingOf(coefficients) };
}

/** @throws UserError FILE_REFUSED */
function unwarpingOf(text: string | null | undefined): Pick<SuperResolutionParameters, 'coefficients'> {
  if (text == null) return {};
  const { gradients, digest } = gradientsIn(text, COEFFICIENTS);
  const { scanner, radiusMm, coils } = gradients;
  return { coefficients: { scanner, radiusMm, coils, sha256: digest.sha256 } };
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
