import { UserError } from '../domain/errors.js';
import { exactCosine } from './exact-cosine.js';

export const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
export type BetaSchedule = (typeof BETA_SCHEDULES)[number];

/** Ways to choose timesteps; `ldm` is the grid of the latent-diffusion code base, which drops its noisiest step. */
export const SPACINGS = ['trailing', 'leading', 'linspace', 'ldm'] as const;
export type Spacing = (typeof SPACINGS)[number];

export const PREDICTION_TYPES = ['v_prediction', 'epsilon', 'sample'] as const;
export type PredictionType = (typeof PREDICTION_TYPES)[number];

/** Everything that fixes a noise schedule and its sampling grid; the words are those of diffusers' scheduler files. */
export interface Schedule {
  /** Number of training timesteps, e.g. 2000. */
  trainSteps: number;
  betaSchedule: BetaSchedule;
  /** First and last beta; `squaredcos_cap_v2` ignores them. */
  betaStart: number;
  betaEnd: number;
  spacing: Spacing;
  /** Cumulative alpha after the last step: 1, or that of the first training timestep. */
  finalAlpha: 'one' | 'first';
  predictionType: PredictionType;
}

/** One evaluation of the denoiser: where it is, and the cumulative alphas before and after. */
export interface GridPoint {
  timestep: number;
  alpha: number;
  nextAlpha: number;
}

/**
 * Cumulative products of 1 - beta for every training timestep, in float64 and bit-equal to NumPy's.
 *
 * `linear` and `scaled_linear` follow numpy.linspace; `squaredcos_cap_v2` is Nichol and Dhariwal's cosine with betas cut at
 * 0.999, as diffusers has it.
 */
export function cumulativeAlphas(
  schedule: Pick<Schedule, 'trainSteps' | 'betaSchedule' | 'betaStart' | 'betaEnd'>,
): Float64Array {
  const betas = trainingBetas(schedule);
  const alphas = new Float64Array(betas.length);
  let product = 1;
  betas.forEach((beta, index) => {
    product *= 1 - beta;
    alphas[index] = product;
  });
  return alphas;
}

/**
 * Training timesteps at which the denoiser runs, noisiest first. `steps` is what was asked for; the grid's own length is the
 * true number of evaluations (shorter by one or more with `ldm`).
 *
 * @throws UserError BAD_USER_INPUT when the grid does not exist for this number of steps
 */
export function timestepGrid(spacing: Spacing, trainSteps: number, steps: number): number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > trainSteps) {
    throw new UserError('BAD_USER_INPUT', `steps is ${steps}; it must be a whole number from 1 to ${trainSteps}.`);
  }
  switch (spacing) {
    case 'trailing':
      return trailingGrid(trainSteps, steps);
    case 'leading':
      return leadingGrid(trainSteps, steps);
    case 'linspace':
      return linspace(0, trainSteps - 1, steps)
        .map(roundHalfToEven)
        .reverse();
    case 'ldm':
      return ldmGrid(trainSteps, steps);
  }
}

/**
 * The whole grid of a sampling run, noisiest first. Each step goes to the next timestep of the grid (diffusers goes to
 * `timestep - floor(trainSteps / steps)`, which is the same wherever `steps` divides `trainSteps`).
 */
export function samplingGrid(schedule: Schedule, steps: number): GridPoint[] {
  const alphas = cumulativeAlphas(schedule);
  const finalAlpha = schedule.finalAlpha === 'one' ? 1 : alphas[0]!;
  const timesteps = timestepGrid(schedule.spacing, schedule.trainSteps, steps);
  return timesteps.map((timestep, index) => {
    const next = timesteps[index + 1];
    return { timestep, alpha: alphas[timestep]!, nextAlpha: next === undefined ? finalAlpha : alphas[next]! };
  });
}

function trainingBetas(schedule: Pick<Schedule, 'trainSteps' | 'betaSchedule' | 'betaStart' | 'betaEnd'>): number[] {
  const { trainSteps, betaStart, betaEnd } = schedule;
  switch (schedule.betaSchedule) {
    case 'linear':
      return linspace(betaStart, betaEnd, trainSteps);
    case 'scaled_linear':
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), trainSteps).map((root) => root * root);
    case 'squaredcos_cap_v2': {
      const alphaBar = (time: number) => exactCosine((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;
      return Array.from({ length: trainSteps }, (_, index) =>
        Math.min(1 - alphaBar((index + 1) / trainSteps) / alphaBar(index / trainSteps), 0.999),
      );
    }
  }
}

/**
 * round(arange(T, 0, -T / S)) - 1: starts at the noisiest timestep, T - 1. Always S long; NumPy's arange rounds up to one
 * more, timestep -1, for some S (61 of 2000).
 */
function trailingGrid(trainSteps: number, steps: number): number[] {
  // numpy.arange adds multiples of (second value - first value), which is not quite the step it was given.
  const stride = trainSteps - trainSteps / steps - trainSteps;
  return Array.from({ length: steps }, (_, index) => roundHalfToEven(trainSteps + index * stride) - 1);
}

/** arange(S) * (T div S), reversed: ends at timestep 0. */
function leadingGrid(trainSteps: number, steps: number): number[] {
  const stride = Math.floor(trainSteps / steps);
  return Array.from({ length: steps }, (_, index) => index * stride).reverse();
}

/**
 * range(0, T, T div S) + 1 without its last element, as CompVis' ddim.py with zero123's `timesteps[:t_start]` runs it: the
 * number of evaluations is whatever is left. Where the original indexes past the schedule, this refuses.
 */
function ldmGrid(trainSteps: number, steps: number): number[] {
  const stride = Math.floor(trainSteps / steps);
  const ascending = Array.from({ length: Math.ceil(trainSteps / stride) }, (_, index) => index * stride + 1);
  if (ascending.at(-1)! >= trainSteps || ascending.length < 2) {
    throw new UserError(
      'BAD_USER_INPUT',
      `steps is ${steps}; the ldm grid of ${trainSteps} training timesteps does not exist for it (it would leave the schedule or be empty).`,
    );
  }
  return ascending.slice(0, -1).reverse();
}

/** numpy.linspace with its end point. */
function linspace(start: number, end: number, count: number): number[] {
  if (count === 1) return [start];
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? end : index * step + start));
}

/** numpy.round: halves go to the even neighbour. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
