import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import {
  chiSquareTail,
  cumulativeIncidence,
  type CurvePoint,
  grayTest,
  type GroupedFollowUp,
  kaplanMeier,
  logRank,
} from '../../src/metrics/statistics/index.js';

interface Case {
  name: string;
  followUps: (Omit<GroupedFollowUp, 'cluster'> & { person: number })[];
  groups: number;
  kaplanMeier: CurvePoint[];
  incidence: CurvePoint[];
  competing: CurvePoint[];
  logRank?: { independent: number; clustered: number | number[] };
  gray?: { independent: number; pValue: number; clustered: number | number[] };
}

const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/survival.json'), 'utf8')) as {
  cases: Case[];
  chiSquare: { value: number; degreesOfFreedom: number; pValue: number }[];
};

const subjects = ({ followUps }: Case): GroupedFollowUp[] =>
  followUps.map(({ person, ...rest }) => ({ ...rest, cluster: person }));

/** R keeps 15 digits of what it writes. */
function expectCurve(given: readonly CurvePoint[], expected: readonly CurvePoint[]): void {
  expect(given).toHaveLength(expected.length);
  for (const [index, point] of expected.entries()) {
    const { time, atRisk, events, ...figures } = given[index]!;
    expect({ time, atRisk, events }).toEqual({ time: point.time, atRisk: point.atRisk, events: point.events });
    for (const name of ['estimate', 'standardError', 'lower', 'upper'] as const) {
      if (point[name] === null) expect(figures[name]).toBeNull();
      else expect(figures[name]).toBeCloseTo(point[name], 10);
    }
  }
}

test.each(golden.cases)("the share without event is R's, with its clustered interval: $name", (one) => {
  expectCurve(kaplanMeier(subjects(one), 1), one.kaplanMeier);
});

test.each(golden.cases)("the cumulative incidence of both kinds of event is R's: $name", (one) => {
  expectCurve(cumulativeIncidence(subjects(one), 1), one.incidence);
  expectCurve(cumulativeIncidence(subjects(one), 2), one.competing);
});

const grouped = golden.cases.filter(({ groups }) => groups > 1);

test.each(grouped)("the log-rank test is R's, with clusters and without: $name", (one) => {
  const { independent, clustered } = logRank(subjects(one), 1, one.groups);

  expect(independent!.chiSquare).toBeCloseTo(one.logRank!.independent, 8);
  expect(clustered!.chiSquare).toBeCloseTo(Number(one.logRank!.clustered), 8);
  expect(clustered!.degreesOfFreedom).toBe(one.groups - 1);
});

test.each(grouped)("Gray's test is that of cmprsk, and with clusters that of finegray: $name", (one) => {
  const { independent, clustered } = grayTest(subjects(one), 1, one.groups);

  expect(independent!.chiSquare).toBeCloseTo(one.gray!.independent, 8);
  expect(independent!.pValue).toBeCloseTo(one.gray!.pValue, 10);
  expect(clustered!.chiSquare).toBeCloseTo(Number(one.gray!.clustered), 8);
});

test.each(golden.chiSquare)(
  'chi-square is at least $value with probability $pValue at $degreesOfFreedom degrees of freedom',
  ({ value, degreesOfFreedom, pValue }) => {
    expect(chiSquareTail(value, degreesOfFreedom) / pValue).toBeCloseTo(1, 10);
  },
);

test('where no events compete, the incidence is what the share without event leaves', () => {
  const followUps = subjects(golden.cases[0]!).map((one) => ({ ...one, status: one.status === 1 ? 1 : 0 }));

  const incidence = cumulativeIncidence(followUps, 1);

  for (const [index, { estimate, standardError }] of kaplanMeier(followUps, 1).entries()) {
    expect(estimate + incidence[index]!.estimate).toBeCloseTo(1, 12);
    expect(standardError).toBe(incidence[index]!.standardError);
  }
});

test('groups of which nothing can be told are not compared', () => {
  const censored = [1, 2, 3, 4].map((time) => ({ time, status: 0, cluster: time, group: time % 2 }));

  expect(logRank(censored, 1, 2)).toEqual({ clustered: null, independent: null });
  expect(grayTest(censored, 1, 2)).toEqual({ clustered: null, independent: null });
  expect(kaplanMeier(censored, 1)).toEqual([]);
});
