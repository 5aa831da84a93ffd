import { UserError } from '../domain/errors.js';
import type { SamplerStep } from './sampler.js';

/**
 * A diffusion that shifts the residual between a degraded image y and the clean x_0 (ResShift, Yue et al. 2023):
 *
 *     x_t = x_0 + eta_t (y - x_0) + kappa sqrt(eta_t) z,    sqrt(eta_t) = sqrt(eta_1) (eta_T / eta_1)^(((t - 1) / (T - 1))^p / 2)
 *
 * so that sampling starts at y, a little noisy, and a few steps are enough. The network gives x_0.
 */
export interface ResidualShift {
  /** Training steps T. */
  trainSteps: number;
  /** eta_1 and eta_T: the share of the residual that is there after the first and after the last step. */
  firstShift: number;
  lastShift: number;
  /** p: above 1 the shift grows late. */
  power: number;
  /** kappa. */
  noiseScale: number;
}

/** A sampling run: how the start is made of y and noise, and its steps, noisiest first. */
export interface ResidualShiftPlan {
  start: { condition: number; noise: number };
  steps: SamplerStep[];
}

/** eta_t for t = 1 to T, at index t - 1. */
export function shifts({ trainSteps, firstShift, lastShift, power }: ResidualShift): Float64Array {
  return Float64Array.from({ length: trainSteps }, (_, index) => {
    const place = trainSteps === 1 ? 1 : (index / (trainSteps - 1)) ** power;
    return firstShift * (lastShift / firstShift) ** place;
  });
}

/**
 * Plans a run of `steps` of the T training steps, evenly spaced and the last one always among them. From eta to the smaller eta'
 * (0 at the end) a step is x' = eta'/eta x + (1 - eta'/eta) x_0 + kappa sqrt(eta'/eta (eta - eta')) z. The start is
 * x_0 + eta_T (y - x_0), of which x_0 is not known and eta_T nearly 1: y.
 *
 * @throws UserError BAD_USER_INPUT for a number of steps that the schedule does not have
 */
export function planResidualShift(schedule: ResidualShift, steps: number): ResidualShiftPlan {
  const { trainSteps, noiseScale } = schedule;
  if (!Number.isInteger(steps) || steps < 1 || steps > trainSteps) {
    throw new UserError('BAD_USER_INPUT', `steps is ${steps}; it must be a whole number from 1 to ${trainSteps}.`);
  }
  const etas = shifts(schedule);
  const times = Array.from({ length: steps }, (_, index) => Math.round((trainSteps * (steps - index)) / steps));
  const plan = times.map((time, index): SamplerStep => {
    const eta = etas[time - 1]!;
    const next = times[index + 1] === undefined ? 0 : etas[times[index + 1]! - 1]!;
    const kept = next / eta;
    return {
      timestep: time - 1,
      sample: kept,
      prediction: 1 - kept,
      history: 0,
      noise: noiseScale * Math.sqrt(kept * (eta - next)),
      estimate: { sample: 0, prediction: 1 },
    };
  });
  return { start: { condition: 1, noise: noiseScale * Math.sqrt(etas[trainSteps - 1]!) }, steps: plan };
}
