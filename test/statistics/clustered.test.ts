import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import {
  type Candidate,
  clusteredShare,
  nearestPairs,
  type NearestPair,
  type PairedNumbers,
  pearson,
  type Scale,
  spearman,
} from '../../src/metrics/statistics/index.js';

interface Estimate {
  coefficient: number;
  standardError: number;
  lower: number;
  upper: number;
}

interface ShareCase {
  name: string;
  cluster: number[];
  held: number[];
  share: number;
  standardError?: number;
  lower: number;
  upper: number;
  designEffect?: number;
}

interface CorrelationCase {
  name: string;
  cluster: number[];
  x: number[];
  y: number[];
  pearson: Estimate;
  spearman: Estimate;
  bootstrap: { pearson: number; spearman: number };
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/clustered.json'), 'utf8')) as {
  shares: ShareCase[];
  correlations: CorrelationCase[];
  pairs: { name: string; cases: Candidate[]; controls: Candidate[]; scales: Scale[]; pairs: NearestPair[] }[];
};

function sumsOf({ cluster, held }: Pick<ShareCase, 'cluster' | 'held'>) {
  const people = Map.groupBy(held.keys(), (place) => cluster[place]!);
  const counts = [...people.values()].map((places) => ({
    n: places.length,
    s: places.filter((place) => held[place] === 1).length,
  }));
  const sum = (of: (one: { n: number; s: number }) => number) => counts.reduce((total, one) => total + of(one), 0);
  return {
    ...{ clusters: people.size, trials: held.length, successes: sum(({ s }) => s) },
    ...{ trials2: sum(({ n }) => n * n), products: sum(({ n, s }) => n * s), successes2: sum(({ s }) => s * s) },
  };
}

const near = (value: number | undefined): unknown => (value === undefined ? null : expect.closeTo(value, 10));
const nearEstimate = ({ coefficient, standardError, lower, upper }: Estimate) => ({
  ...{ coefficient: near(coefficient), standardError: near(standardError), lower: near(lower), upper: near(upper) },
});
const pairsOf = ({ cluster, x, y }: CorrelationCase): PairedNumbers[] =>
  x.map((value, place) => ({ x: value, y: y[place]!, cluster: cluster[place]! }));

test.each(golden.shares)("a share has the interval of statsmodels' GEE, or Wilson's: $name", (one) => {
  const { share, standardError, lower, upper, designEffect } = one;

  const told = clusteredShare(sumsOf(one));

  // GEE iterates to its share; the others are within rounding.
  expect(told).toEqual({
    ...{ share: near(share), standardError: near(standardError), lower: near(lower), upper: near(upper) },
    designEffect: designEffect === undefined ? null : (expect.closeTo(designEffect, 8) as number),
  });
});

test('people who are all alike leave no error, and none that rounding makes', () => {
  const held = [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const cluster = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1];

  const { share, standardError, lower, upper } = clusteredShare(sumsOf({ cluster, held }));

  expect([share, standardError]).toEqual([1 / 7, 0]);
  for (const end of [lower, upper]) expect(end).toBeCloseTo(1 / 7, 12);
});

test('of one person, and of nobody, no interval is told', () => {
  const none = { standardError: null, lower: null, upper: null, designEffect: null };

  expect(clusteredShare(sumsOf({ cluster: [0, 0], held: [0, 1] }))).toEqual({ share: 0.5, ...none });
  expect(clusteredShare(sumsOf({ cluster: [], held: [] }))).toEqual({ share: null, ...none });
});

test.each(golden.correlations)(
  "correlations are scipy's, their errors the derivatives by people's weights: $name",
  (one) => {
    const pairs = pairsOf(one);

    expect(pearson(pairs)).toEqual(nearEstimate(one.pearson));
    expect(spearman(pairs)).toEqual(nearEstimate(one.spearman));
  },
);

test.each(golden.correlations)('a bootstrap of people finds the same errors, within its noise: $name', (one) => {
  const pairs = pairsOf(one);

  for (const [told, drawn] of [
    [pearson(pairs).standardError!, one.bootstrap.pearson],
    [spearman(pairs).standardError!, one.bootstrap.spearman],
  ] as const) {
    expect(Math.abs(told / drawn - 1)).toBeLessThan(0.1);
  }
});

test('numbers that cannot be correlated have no coefficient, and a perfect correlation has no error', () => {
  const none = { standardError: null, lower: null, upper: null };
  const line = [1, 2, 3, 4].map((x) => ({ x, y: 3 - 2 * x, cluster: x }));

  expect(pearson(line)).toEqual({ coefficient: -1, ...none });
  expect(spearman(line)).toEqual({ coefficient: -1, ...none });
  expect(pearson(line.slice(0, 2))).toEqual({ coefficient: null, ...none });
  expect(spearman(line.map((one) => ({ ...one, y: 5 })))).toEqual({ coefficient: null, ...none });
  // The mean of three times 1.4 is not 1.4 in double precision.
  expect(pearson(line.slice(1).map((one) => ({ ...one, x: 1.4 })))).toEqual({ coefficient: null, ...none });
  expect(pearson([1, 2, 4].map((x) => ({ x, y: x * x, cluster: 7 })))).toMatchObject(none);
});

test.each(golden.pairs)(
  'each case gets the control that numpy finds for it: $name',
  ({ cases, controls, scales, pairs }) => {
    const found = [...nearestPairs(cases, controls, scales)].filter((pair) => pair !== null);

    expect(found).toEqual(pairs.map((pair) => ({ ...pair, distance: near(pair.distance) })));
    const people = found.flatMap((pair) => [cases[pair.case]!.cluster, controls[pair.control]!.cluster]);
    expect(new Set(people).size).toBe(people.length);
  },
);

test('of two controls that are equally near, the first is taken', () => {
  const at = (cluster: number, value: number): Candidate => ({ cluster, stratum: '', values: [value] });

  expect([...nearestPairs([at(1, 5)], [at(2, 7), at(3, 3), at(4, 7)], [{ deviation: 2, caliper: null }])]).toEqual([
    { case: 0, control: 0, distance: 1 },
  ]);
});
