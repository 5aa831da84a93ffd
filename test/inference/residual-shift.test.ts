import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../src/domain/package.js';
import { anySchedule } from '../../src/inference/manifest-parts.js';
import { planResidualShift, type ResidualShift, shifts } from '../../src/inference/residual-shift.js';

interface Golden {
  schedule: ResidualShift;
  etas: number[];
  startNoise: number;
  /** Rows: timestep, shares of x_t and of x_0, deviation. */
  runs: { steps: number; rows: number[][] }[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/residual-shift.json'), 'utf8')) as Golden;

describe("ResShift's schedule, against its formulas in Python", () => {
  it('shifts the residual as the paper has it', () => {
    [...shifts(golden.schedule)].forEach((eta, index) => expect(eta).toBeCloseTo(golden.etas[index]!, 12));
  });

  it.each(golden.runs)('samples in $steps steps', ({ steps, rows }) => {
    const plan = planResidualShift(golden.schedule, steps);
    expect(plan.start.condition).toBe(1);
    expect(plan.start.noise).toBeCloseTo(golden.startNoise, 12);
    const found = plan.steps.map(({ timestep, sample, prediction, noise }) => [timestep, sample, prediction, noise]);
    expect(found).toHaveLength(rows.length);
    found.flat().forEach((value, index) => expect(value).toBeCloseTo(rows.flat()[index]!, 12));
  });

  it('ends at the clean image, without noise', () => {
    expect(planResidualShift(golden.schedule, 4).steps.at(-1)).toMatchObject({ sample: 0, prediction: 1, noise: 0 });
  });

  it('refuses steps that it does not have', () => {
    expect(() => planResidualShift(golden.schedule, 16)).toThrow(
      'steps is 16; it must be a whole number from 1 to 15.',
    );
  });
});

describe('a schedule in a manifest', () => {
  const shift = { kind: 'residual-shift', ...golden.schedule };

  it('is told by its kind; without one it is that of format 1', () => {
    expect(anySchedule.parse(shift)).toEqual(shift);
    const diffusion = { trainSteps: 10, betaSchedule: 'linear', betaStart: 0.1, betaEnd: 0.2 };
    const grid = { spacing: 'trailing', finalAlpha: 'one', predictionType: 'epsilon' };
    expect(anySchedule.parse({ ...diffusion, ...grid })).not.toHaveProperty('kind');
    expect(() => anySchedule.parse({ ...shift, kind: 'flow' })).toThrow(z.ZodError);
  });

  it('must shift the residual further at the end than at the start', () => {
    const result = anySchedule.safeParse({ ...shift, lastShift: 0.001 });
    expect(result.error?.issues[0]).toMatchObject({ path: ['lastShift'], message: 'is not larger than firstShift' });
  });
});
