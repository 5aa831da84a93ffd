import { MAX_PIXELS } from '../../../../imaging/refuse.js';
import { checkTarget, checkTurn, checkWhole, MAX_SEED, refuse } from '../../checks.js';
import type { TargetRequest } from '../../request.js';
import type { RestorationParameters, Restorer } from './parameters.js';

/** What is to be done to a film: one of the three. */
export interface RestorationAimRequest {
  denoise?: { sigma?: number | null | undefined; impulses?: number | null | undefined } | null | undefined;
  upscale?: { factor: number } | null | undefined;
  /** Key of an uploaded image, as large as the film, that is not black where the film is to be filled in. */
  inpaint?: { maskUploadId: string } | null | undefined;
}

/** What is to be done to every film of a cohort: no two have one mask. */
export type CohortRestoration = Omit<RestorationAimRequest, 'inpaint'>;

/** How films are to be restored, whatever films. */
export interface RestorationRecipeRequest extends RestorationAimRequest {
  /** `name` or `name@version`; default: the newest restorer that is READY. */
  bundle?: string | null | undefined;
  /** Default: the bundle's. */
  steps?: number | null | undefined;
  /** Draws one likely film; default: the mean of all. */
  seed?: number | null | undefined;
}

/** A wish for one restored film. */
export interface RestorationRequest extends RestorationRecipeRequest, Omit<TargetRequest, 'box'> {
  /** -10 to 11; default 11, before every batch. */
  priority?: number | null | undefined;
  /** The caller's own key: asking twice with one key gives one generation. */
  clientKey?: string | null | undefined;
}

/**
 * Checks everything in a request that can be checked without the database.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function checkRestoration(request: RestorationRequest): void {
  checkTarget(request);
  checkRestorationRecipe(request);
  checkTurn(request);
}

const AIMS = ['denoise', 'upscale', 'inpaint'] as const;

/**
 * @param aims what may be asked for
 * @throws UserError BAD_USER_INPUT where not exactly one thing is asked for, and for a seed that is none
 */
export function checkRestorationRecipe(
  { seed, ...request }: RestorationRecipeRequest,
  aims: readonly (typeof AIMS)[number][] = AIMS,
): void {
  const asked = aims.filter((aim) => request[aim] != null);
  if (asked.length !== 1) {
    const found = asked.length === 0 ? 'none is given' : `${asked.join(' and ')} are given`;
    const last = aims.length - 1;
    refuse(`One of ${aims.slice(0, last).join(', ')} and ${aims[last]} must say what is to be done; ${found}.`);
  }
  checkWhole('seed', seed, { min: 0, max: MAX_SEED });
}

/** Size of a film, pixels; null where nobody knows it yet. */
type Size = RestorationParameters['film'];

/**
 * What a restoration is told, defaults filled in.
 *
 * @throws UserError BAD_USER_INPUT for what the restorer was not trained for, and for a film that would become too large
 */
export function parametersFor(
  { denoise, upscale }: RestorationAimRequest,
  { name, ranges, restoration }: Restorer,
  film: Size,
): RestorationParameters {
  if (denoise) {
    const { sigma = null, impulses } = denoise;
    if (sigma !== null) within('sigma', sigma, ranges.sigma, name);
    within('impulses', impulses ?? 0, [0, restoration.impulses], name);
    return { operation: 'DENOISE', sigma, estimated: sigma === null, impulses: impulses ?? 0, film };
  }
  if (!upscale) return { operation: 'INPAINT', film };
  const { factor } = upscale;
  if (factor <= 1) refuse(`factor is ${factor}; a film is enlarged by more than 1.`);
  within('factor', factor, ranges.scale, name);
  if (film && film.rows * film.columns * factor ** 2 > MAX_PIXELS) {
    refuse(
      `The film has ${film.columns} x ${film.rows} pixels; enlarged ${factor} times it would have more than ${MAX_PIXELS}.`,
    );
  }
  return { operation: 'UPSCALE', factor, film };
}

/** Steps that a restorer is to take. @throws UserError BAD_USER_INPUT for a number that it has not learned */
export function stepsFor({ steps }: RestorationRecipeRequest, { name, restoration }: Restorer): number {
  if (steps == null) return restoration.defaultSteps;
  if (restoration.steps.includes(steps)) return steps;
  return refuse(`steps is ${steps}; ${name} restores in ${restoration.steps.join(', ')} steps.`);
}

function within(what: string, value: number, [least, most]: readonly [number, number], name: string): void {
  if (!(value >= least && value <= most)) {
    refuse(`${what} is ${value}; ${name} was trained for ${least} to ${most}.`);
  }
}
