import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import {
  bootstrapMedian,
  holm,
  median,
  quantile,
  wilcoxonSignedRank,
  wilson,
} from '../../src/metrics/statistics/index.js';

interface Interval {
  lower: number;
  upper: number;
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/statistics.json'), 'utf8')) as {
  wilcoxon: { name: string; differences: number[]; statistic: number; pValue: number }[];
  holm: { pValues: number[]; adjusted: number[] }[];
  wilson: ({ successes: number; trials: number } & Interval)[];
  bootstrap: ({ groups: number[][]; seed: number; resamples: number; confidence: number } & Interval)[];
  scipyBootstrap: { values: number[] } & Interval;
  quantiles: { values: number[]; share: number; value: number }[];
};

test.each(golden.wilcoxon)('the signed-rank test is that of scipy: $name', ({ differences, statistic, pValue }) => {
  const test = wilcoxonSignedRank(differences);

  expect(test.statistic).toBeCloseTo(statistic, 10);
  expect(test.pValue / pValue).toBeCloseTo(1, 10);
  expect(test.method).toBe(test.pairs <= 50 ? 'EXACT' : 'NORMAL');
});

test('the signed-rank test does not care which way the differences are taken', () => {
  const differences = [0.3, -0.1, 0.7, 0.2, -0.4, 0.9];

  expect(wilcoxonSignedRank(differences.map((value) => -value))).toEqual(wilcoxonSignedRank(differences));
});

test('pairs that do not differ decide nothing', () => {
  expect(wilcoxonSignedRank([0, 0, 0])).toMatchObject({ pairs: 0, zeros: 3, pValue: 1 });
  expect(wilcoxonSignedRank([])).toMatchObject({ pairs: 0, pValue: 1 });
  expect(wilcoxonSignedRank([1, 2, 0]).pValue).toBe(wilcoxonSignedRank([1, 2]).pValue);
});

test('six pairs that all agree are the fewest that reach 0.05', () => {
  expect(wilcoxonSignedRank([1, 2, 3, 4, 5]).pValue).toBe(2 / 32);
  expect(wilcoxonSignedRank([1, 2, 3, 4, 5, 6]).pValue).toBe(2 / 64);
});

test.each(golden.holm)('Holm corrects $pValues by his definition', ({ pValues, adjusted }) => {
  holm(pValues).forEach((value, index) => expect(value).toBeCloseTo(adjusted[index]!, 14));
});

test.each(golden.wilson)('the Wilson interval of $successes of $trials is that of scipy', (expected) => {
  const { lower, upper } = wilson(expected.successes, expected.trials);

  expect(lower).toBeCloseTo(expected.lower, 12);
  expect(upper).toBeCloseTo(expected.upper, 12);
});

test.each(golden.bootstrap)(
  'the bootstrap draws what numpy draws with seed $seed',
  ({ groups, lower, upper, ...how }) => {
    const interval = bootstrapMedian(groups, how);

    expect(interval.lower).toBeCloseTo(lower, 12);
    expect(interval.upper).toBeCloseTo(upper, 12);
  },
);

test('the bootstrap agrees with that of scipy as far as chance allows', () => {
  const { values, lower, upper } = golden.scipyBootstrap;
  const interval = bootstrapMedian(
    values.map((value) => [value]),
    { resamples: 20_000 },
  );

  expect(Math.abs(interval.lower - lower)).toBeLessThan(0.05);
  expect(Math.abs(interval.upper - upper)).toBeLessThan(0.05);
});

test('one person makes no interval, however many knees they have', () => {
  expect(bootstrapMedian([[1, 2, 3], []])).toEqual({ lower: NaN, upper: NaN });
});

test.each(golden.quantiles)('quantile $share is that of numpy', ({ values, share, value }) => {
  expect(quantile(values, share)).toBeCloseTo(value, 12);
});

test('the median of nothing is no number', () => {
  expect(median([])).toBeNaN();
  expect(median([3, 1, 2])).toBe(2);
});
