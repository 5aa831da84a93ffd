import { UserError } from '../domain/errors.js';
import type { GridPoint, PredictionType } from './schedule.js';

/** DDIM (Song et al. 2021, Eq. 12; the paper's Eq. 9 at eta 0) and DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2). */
export const SAMPLERS = ['DDIM', 'DPMPP_2M'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * One sampler step as a linear map, with float64 coefficients that depend on the grid alone:
 *
 *     clean  = estimate.sample * x + estimate.prediction * p
 *     x_next = sample * x + prediction * p + history * clean_before + noise * z
 *
 * where p is the denoiser's output for x, `clean` the estimate of the noiseless latent, `clean_before` that of the step
 * before, and z standard normal noise.
 */
export interface SamplerStep {
  timestep: number;
  sample: number;
  prediction: number;
  history: number;
  noise: number;
  estimate: { sample: number; prediction: number };
}

/**
 * The coefficients of every step of a run.
 *
 * @param eta 0 = deterministic, 1 = as noisy as DDPM; DPM-Solver++(2M) is deterministic and takes 0 only
 * @throws UserError BAD_USER_INPUT for an eta outside 0-1, one the sampler cannot use, or a grid with an infinite coefficient
 */
export function planSampler(
  name: SamplerName,
  grid: readonly GridPoint[],
  predictionType: PredictionType,
  eta: number,
): SamplerStep[] {
  if (!(eta >= 0 && eta <= 1)) {
    throw new UserError('BAD_USER_INPUT', `eta is ${eta}; it must be a number from 0 to 1.`);
  }
  if (name === 'DPMPP_2M' && eta !== 0) {
    throw new UserError('BAD_USER_INPUT', `eta is ${eta}; the sampler DPMPP_2M is deterministic and accepts 0 only.`);
  }
  const plan =
    name === 'DDIM'
      ? grid.map((point) => ddimStep(point, predictionType, eta))
      : grid.map((point, index) => solverStep(grid, point, index, predictionType));
  for (const step of plan) {
    if (![step.sample, step.prediction, step.history, step.noise].every(Number.isFinite)) {
      throw new UserError(
        'BAD_USER_INPUT',
        `The sampler ${name} has no finite step at timestep ${step.timestep} of this schedule with prediction type ${predictionType}.`,
      );
    }
  }
  return plan;
}

/** Applies one step in place to `latents`; `clean`, present when the plan has history, is replaced by this step's estimate. */
export function applyStep(
  step: SamplerStep,
  latents: Float32Array,
  prediction: Float32Array,
  clean: Float32Array | undefined,
  noise: Float32Array | undefined,
): void {
  for (let k = 0; k < latents.length; k++) {
    const x = latents[k]!;
    const p = prediction[k]!;
    let next = step.sample * x + step.prediction * p;
    if (clean) {
      next += step.history * clean[k]!;
      clean[k] = step.estimate.sample * x + step.estimate.prediction * p;
    }
    if (noise) next += step.noise * noise[k]!;
    latents[k] = next;
  }
}

/** How the noiseless latent and the noise are read off the network's output: both linear in (x, p). */
function readings(alpha: number, predictionType: PredictionType) {
  const signal = Math.sqrt(alpha);
  const spread = Math.sqrt(1 - alpha);
  switch (predictionType) {
    case 'v_prediction':
      return { clean: { sample: signal, prediction: -spread }, noise: { sample: spread, prediction: signal } };
    case 'epsilon':
      return { clean: { sample: 1 / signal, prediction: -spread / signal }, noise: { sample: 0, prediction: 1 } };
    case 'sample':
      return { clean: { sample: 0, prediction: 1 }, noise: { sample: 1 / spread, prediction: -signal / spread } };
  }
}

function ddimStep({ timestep, alpha, nextAlpha }: GridPoint, predictionType: PredictionType, eta: number): SamplerStep {
  const { clean, noise } = readings(alpha, predictionType);
  const sigma = eta * Math.sqrt((1 - nextAlpha) / (1 - alpha)) * Math.sqrt(1 - alpha / nextAlpha);
  const signal = Math.sqrt(nextAlpha);
  const direction = Math.sqrt(1 - nextAlpha - sigma * sigma);
  return {
    timestep,
    sample: signal * clean.sample + direction * noise.sample,
    prediction: signal * clean.prediction + direction * noise.prediction,
    history: 0,
    noise: sigma,
    estimate: clean,
  };
}

/**
 * DPM-Solver++(2M): second order from the second step on, first order at the first and the last (with final alpha 1 the last
 * half-log-SNR is infinite, and its step is the clean estimate itself).
 */
function solverStep(
  grid: readonly GridPoint[],
  { timestep, alpha, nextAlpha }: GridPoint,
  index: number,
  predictionType: PredictionType,
): SamplerStep {
  const { clean } = readings(alpha, predictionType);
  const ratio = Math.sqrt((1 - nextAlpha) / (1 - alpha));
  const gain = Math.sqrt(nextAlpha) * (1 - Math.exp(halfLogSnr(alpha) - halfLogSnr(nextAlpha)));
  const before = grid[index - 1];
  const secondOrder = before !== undefined && index < grid.length - 1;
  const extrapolation = secondOrder
    ? (halfLogSnr(nextAlpha) - halfLogSnr(alpha)) / (halfLogSnr(alpha) - halfLogSnr(before.alpha)) / 2
    : 0;
  return {
    timestep,
    sample: ratio + gain * (1 + extrapolation) * clean.sample,
    prediction: gain * (1 + extrapolation) * clean.prediction,
    history: -gain * extrapolation,
    noise: 0,
    estimate: clean,
  };
}

function halfLogSnr(alpha: number): number {
  return Math.log(alpha / (1 - alpha)) / 2;
}
