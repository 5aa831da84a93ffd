import { applyStep, planSampler, SAMPLERS } from '../../src/inference/sampler.js';
import { PREDICTION_TYPES, samplingGrid } from '../../src/inference/schedule.js';
import type { PredictionType, Schedule } from '../../src/inference/schedule.js';

const schedule: Schedule = {
  trainSteps: 2000,
  betaSchedule: 'linear',
  betaStart: 1e-4,
  betaEnd: 2e-2,
  spacing: 'trailing',
  finalAlpha: 'one',
  predictionType: 'v_prediction',
};

const clean = 0.7;
const noise = -1.3;

describe.each(SAMPLERS)('%s', (sampler) => {
  it.each(PREDICTION_TYPES)('follows the exact path of a perfect %s network to the clean latent', (predictionType) => {
    const grid = samplingGrid(schedule, 12);
    const plan = planSampler(sampler, grid, predictionType, 0);
    const latents = new Float32Array([noisy(grid[0]!.alpha)]);
    const history = new Float32Array(1);
    plan.forEach((step, index) => {
      const prediction = new Float32Array([perfectPrediction(grid[index]!.alpha, predictionType)]);
      applyStep(step, latents, prediction, history, undefined);
      expect(latents[0]).toBeCloseTo(noisy(grid[index]!.nextAlpha), 3);
      expect(history[0]).toBeCloseTo(clean, 3);
    });
    expect(latents[0]).toBeCloseTo(clean, 3);
  });

  it('has one step per grid point, also on the grid of the old latent-diffusion code', () => {
    const grid = samplingGrid({ ...schedule, spacing: 'ldm', finalAlpha: 'first' }, 50);
    expect(planSampler(sampler, grid, 'epsilon', 0)).toHaveLength(49);
  });
});

describe('DDIM with eta', () => {
  it('keeps the variance of the schedule: signal, direction and injected noise add up', () => {
    const grid = samplingGrid(schedule, 10);
    planSampler('DDIM', grid, 'epsilon', 0.5).forEach((step, index) => {
      const { alpha, nextAlpha } = grid[index]!;
      // With epsilon prediction x = signal * clean + spread * e: what is left of e, squared, plus sigma squared.
      const left = step.sample * Math.sqrt(1 - alpha) + step.prediction;
      expect(left ** 2 + step.noise ** 2).toBeCloseTo(1 - nextAlpha, 10);
    });
  });

  it('injects nothing after the last step', () => {
    expect(planSampler('DDIM', samplingGrid(schedule, 10), 'v_prediction', 1).at(-1)!.noise).toBe(0);
  });
});

describe('faults', () => {
  it.each([-0.1, 1.1, Number.NaN])('an eta of %p is refused', (eta) => {
    expect(() => planSampler('DDIM', samplingGrid(schedule, 4), 'epsilon', eta)).toThrow(
      'it must be a number from 0 to 1',
    );
  });

  it('DPM-Solver++ refuses an eta', () => {
    expect(() => planSampler('DPMPP_2M', samplingGrid(schedule, 4), 'epsilon', 0.5)).toThrow('accepts 0 only');
  });
});

function noisy(alpha: number): number {
  return Math.sqrt(alpha) * clean + Math.sqrt(1 - alpha) * noise;
}

function perfectPrediction(alpha: number, predictionType: PredictionType): number {
  switch (predictionType) {
    case 'v_prediction':
      return Math.sqrt(alpha) * noise - Math.sqrt(1 - alpha) * clean;
    case 'epsilon':
      return noise;
    case 'sample':
      return clean;
  }
}
