import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { cumulativeAlphas, samplingGrid, timestepGrid } from '../../src/inference/schedule.js';
import type { BetaSchedule, Schedule, Spacing } from '../../src/inference/schedule.js';

interface Golden {
  alphas: (Pick<Schedule, 'trainSteps' | 'betaStart' | 'betaEnd'> & {
    betaSchedule: BetaSchedule;
    samples: Record<string, number>;
    sha256: string;
  })[];
  grids: {
    spacing: Spacing;
    trainSteps: number;
    shown: Record<string, number[] | null>;
    refused: number;
    sha256: string;
  }[];
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/schedule.json'), 'utf8')) as Golden;

const schedule: Schedule = {
  trainSteps: 2000,
  betaSchedule: 'scaled_linear',
  betaStart: 0.00085,
  betaEnd: 0.012,
  spacing: 'trailing',
  finalAlpha: 'one',
  predictionType: 'v_prediction',
};

describe('the noise schedule', () => {
  it.each(golden.alphas)(
    'is bit-equal to NumPy: $betaSchedule over $trainSteps steps',
    ({ samples, sha256, ...choice }) => {
      const alphas = cumulativeAlphas(choice);
      for (const [index, value] of Object.entries(samples)) expect(alphas[Number(index)]).toBe(value);
      expect(createHash('sha256').update(new Uint8Array(alphas.buffer)).digest('hex')).toBe(sha256);
    },
  );
});

describe('the timestep grid', () => {
  it.each(golden.grids)('$spacing over $trainSteps equals NumPy for every number of steps', (expected) => {
    const grids = Array.from({ length: expected.trainSteps }, (_, index) => gridOrNull(expected, index + 1));
    for (const [steps, grid] of Object.entries(expected.shown)) expect(grids[Number(steps) - 1]).toEqual(grid);
    expect(grids.filter((grid) => grid === null)).toHaveLength(expected.refused);
    expect(sha256(grids.map((grid) => (grid === null ? 'none' : sha256(JSON.stringify(grid)))).join(''))).toBe(
      expected.sha256,
    );
  });

  it('trailing starts at the noisiest step and ends next to clean', () => {
    const grid = timestepGrid('trailing', 2000, 20);
    expect(grid[0]).toBe(1999);
    expect(grid).toHaveLength(20);
    expect(grid.at(-1)).toBe(99);
  });

  it('ldm drops the noisiest step, and says so by its length', () => {
    const grid = timestepGrid('ldm', 2000, 50);
    expect(grid).toHaveLength(49);
    expect(grid[0]).toBe(1921);
  });

  it.each([0, -1, 1.5, 2001, Number.NaN])('refuses %p steps', (steps) => {
    expect(() => timestepGrid('trailing', 2000, steps)).toThrow(
      `steps is ${steps}; it must be a whole number from 1 to 2000.`,
    );
  });

  it('ends at the final alpha that the bundle names', () => {
    const alphas = cumulativeAlphas(schedule);
    expect(samplingGrid(schedule, 10).at(-1)).toEqual({ timestep: 199, alpha: alphas[199], nextAlpha: 1 });
    expect(samplingGrid({ ...schedule, finalAlpha: 'first' }, 10).at(-1)!.nextAlpha).toBe(alphas[0]);
  });
});

function gridOrNull({ spacing, trainSteps }: { spacing: Spacing; trainSteps: number }, steps: number): number[] | null {
  try {
    return timestepGrid(spacing, trainSteps, steps);
  } catch {
    return null;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
