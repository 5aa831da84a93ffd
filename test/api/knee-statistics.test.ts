import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

type Summary = Record<string, number>;
type Share = { key: string[] } & Record<'exams' | 'count' | 'cases' | 'people' | 'share' | 'lower' | 'upper', number>;
type PairOfKnees = [string, string, string, string, number?];

/** What pandas, statsmodels and scipy say of the same release. */
const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/knee-statistics.json'), 'utf8')) as {
  exams: Record<string, number>;
  pain: Record<'MALE' | 'FEMALE', Summary>;
  painMissingAtFrom: number;
  slope: Summary;
  klChange: Record<string, number>;
  klUnknown: number;
  painBands: number[];
  medialNarrower: number;
  narrowed: number;
  fiveTimes: number;
  transitions: [number | null, number | null, number][];
  prevalence: Share[];
  prevalenceBySide: Share[];
  correlation: Summary;
  correlationOfChanges: Summary;
  samePerson: PairOfKnees[];
  nearest: { cases: number; controls: number; before: number; after: number; pairs: PairOfKnees[] };
  steepest: [string, string][];
};

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  const visits = ['V00', 'V01', 'V03', 'V06'] as const;
  await importSyntheticTables(api.dataSource, { participants: 150, seed: 12, visits });
});

afterAll(() => api.close());

/** The one field of an answer. */
async function told<T>(query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await api.ask<Record<string, T>>(query, variables);
  expect(errors).toBeUndefined();
  return Object.values(data!)[0]!;
}

async function count(where: object): Promise<number> {
  const query = 'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }';
  return (await told<{ totalCount: number }>(query, { where })).totalCount;
}

const FROM_V00 = '{ from: V00, to: V06 }';
const FIGURES = 'exams count missing mean standardDeviation lowerQuartile median upperQuartile';
const near = (summary: Summary, digits = 5) =>
  Object.fromEntries(
    Object.entries(summary).map(([name, value]) => [
      name,
      Number.isInteger(value) ? value : (expect.closeTo(value, digits) as number),
    ]),
  );
const knee = ({ side, participant }: { side: string; participant: { oaiId: string } }) => [participant.oaiId, side[0]!];

test('the release has the exams that pandas finds', async () => {
  for (const [visit, exams] of Object.entries(golden.exams)) {
    expect(await count({ visit: { eq: `V${visit}` } })).toBe(exams);
  }
});

test('statistics of a change are those of pandas, and every knee without one has its reason', async () => {
  const groups = await told<({ values: { value: 'MALE' | 'FEMALE' }[] } & Summary)[]>(
    `{ kneeExamStatistics(ofNumber: { variable: "WOMKP", change: ${FROM_V00} }, by: [SEX]) { values { value } ${FIGURES} } }`,
  );
  const [whole] = await told<{ missing: number; missingReasons: { reason: string; exams: number }[] }[]>(
    `{ kneeExamStatistics(ofNumber: { variable: "womacPain", change: ${FROM_V00} }) { missing missingReasons { reason exams } } }`,
  );

  expect(groups.map(({ values, ...figures }) => [values[0]!.value, figures])).toEqual([
    ['MALE', near(golden.pain.MALE)],
    ['FEMALE', near(golden.pain.FEMALE)],
  ]);
  const reasons = Object.fromEntries(whole!.missingReasons.map(({ reason, exams }) => [reason, exams]));
  expect(whole!.missing).toBe(golden.pain.MALE['missing']! + golden.pain.FEMALE['missing']!);
  expect(whole!.missingReasons.reduce((sum, { exams }) => sum + exams, 0)).toBe(whole!.missing);
  expect(reasons['MISSING_AT_FROM'] ?? 0).toBe(golden.painMissingAtFrom);
});

test('slopes per year are those of numpy, by the dates of the visits', async () => {
  const [all] = await told<Summary[]>(
    `{ kneeExamStatistics(ofNumber: { variable: "MCMJSW", slope: ${FROM_V00} }) { ${FIGURES} } }`,
  );
  expect(all).toEqual(near(golden.slope));
  const steepest = await told<{ nodes: Parameters<typeof knee>[0][] }>(
    `{ kneeExams(where: { visit: { eq: V00 } }, first: 5, orderBy: [{ number: { variable: "MCMJSW", slope: ${FROM_V00} } }]) {
      nodes { side participant { oaiId } }
    } }`,
  );
  expect(steepest.nodes.map(knee)).toEqual(golden.steepest);
});

test('facets count changes by value and by bands as pandas does', async () => {
  const facets = `query ($numbers: [BandedNumberInput!]) {
    kneeExamFacets(where: { visit: { eq: V00 } }, numbers: $numbers) { exams values { variable value facet } }
  }`;
  type Bucket = { exams: number; values: { variable: string; value: string | null; facet: null }[] };
  const change = { from: 'V00', to: 'V06' };

  const byValue = await told<Bucket[]>(facets, { numbers: [{ variable: 'XRKL', change }] });
  const byBand = await told<Bucket[]>(facets, { numbers: [{ variable: 'WOMKP', change, edges: [-2, 0, 2] }] });

  const { null: unknown, ...known } = Object.fromEntries(
    byValue.map(({ exams, values }) => [String(values[0]!.value), exams]),
  );
  expect(known).toEqual(golden.klChange);
  expect(unknown ?? 0).toBe(golden.klUnknown);
  expect(byValue[0]!.values[0]).toMatchObject({ variable: 'XRKL V00-V06', facet: null });
  expect(byBand.slice(0, 4).map(({ exams, values }) => [values[0]!.value, exams])).toEqual(
    ['below -2', '-2 to below 0', '0 to below 2', '2 and above'].map((band, index) => [band, golden.painBands[index]]),
  );
});

test('filters compare two columns, and count the exams of a participant', async () => {
  const visit = { eq: 'V06' };
  const narrower = { left: 'XRJSM', is: 'GT', right: 'XRJSL' };
  expect(await count({ visit, comparisons: [narrower] })).toBe(golden.medialNarrower);
  expect(await count({ visit, comparisons: [{ left: 'MCMJSW', is: 'LTE', right: 'V00MCMJSW', plus: -0.5 }] })).toBe(
    golden.narrowed,
  );
  const people = await told<{ totalCount: number }>(
    '{ participants(where: { exams: { count: { where: { kl: { gte: 2 } }, gte: 5 } } }) { totalCount } }',
  );
  expect(people.totalCount).toBe(golden.fiveTimes);
});

test('transitions are of any grade', async () => {
  const cells = await told<{ kind: string; from: number; to: number; knees: number }[]>(
    '{ gradeTransitions(feature: XRJSM, from: V00, to: V06) { kind from to knees } }',
  );
  expect(
    cells.flatMap(({ kind, from, to, knees }) => (kind === 'CELL' && to !== null ? [[from, to, knees]] : [])),
  ).toEqual(golden.transitions);
});

test.each([
  ['[SEX]', () => golden.prevalence],
  ['[SEX, SIDE]', () => golden.prevalenceBySide],
])('the prevalence by %s has the interval of statsmodels', async (by, expected) => {
  const rows = await told<({ values: { value: string }[]; missing: number } & Omit<Share, 'key'>)[]>(
    `{ kneePrevalence(where: { visit: { eq: V00 } }, having: { kl: { gte: 2 } }, by: ${by}) {
      values { value } exams count cases people missing share lower upper
    } }`,
  );

  const byKey = new Map(rows.map(({ values, ...row }) => [values.map(({ value }) => value).join(), row]));
  expect(byKey.size).toBe(expected().length);
  for (const { key, ...share } of expected()) {
    const names = key.map((one) => ({ R: 'RIGHT', L: 'LEFT' })[one] ?? one).join();
    const { missing, ...row } = byKey.get(names)!;
    expect(row).toEqual(near(share, 8));
    expect(missing).toBe(share.exams - share.count);
  }
});

test('correlations are those of scipy', async () => {
  const query = `query ($x: KneeNumberInput!, $y: KneeNumberInput!) {
    kneeCorrelation(where: { visit: { eq: V00 } }, x: $x, y: $y) {
      count missing pearson { coefficient lower upper } spearman { coefficient lower upper }
    }
  }`;
  type Row = { count: number; missing: number } & Record<'pearson' | 'spearman', Summary>;
  const change = { from: 'V00', to: 'V06' };
  for (const [numbers, expected] of [
    [{ x: { variable: 'WOMKP' }, y: { variable: 'MCMJSW' } }, golden.correlation],
    [{ x: { variable: 'WOMKP', change }, y: { variable: 'MCMJSW', change } }, golden.correlationOfChanges],
  ] as const) {
    const [{ count: known, missing, ...rest }] = (await told<Row[]>(query, numbers)) as [Row];
    expect({ count: known, missing }).toEqual({ count: expected['count'], missing: expected['missing'] });
    for (const kind of ['pearson', 'spearman'] as const) {
      const { coefficient, lower, upper } = rest[kind] as Record<'coefficient' | 'lower' | 'upper', number>;
      expect(coefficient).toBeCloseTo(expected[kind]!, 8);
      expect(lower).toBeLessThan(coefficient);
      expect(upper).toBeGreaterThan(coefficient);
    }
  }
});

const PAIRING = {
  ...{ cases: { visit: { eq: 'V00' }, kl: { gte: 2 } }, controls: { visit: { eq: 'V00' }, kl: { lte: 1 } } },
};
const PAIRS = `query ($pairing: KneePairsInput!, $after: String) {
  kneePairs(pairing: $pairing) {
    cases controls unpaired { reason cases } balance { number before { difference } after { difference } }
    pairs(first: 20, after: $after) {
      totalCount
      nodes { number distance case { side participant { oaiId } } control { side participant { oaiId } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;
interface Pairs {
  cases: number;
  controls: number;
  unpaired: { reason: string; cases: number }[];
  balance: { number: string; before: { difference: number }; after: { difference: number } }[];
  pairs: {
    totalCount: number;
    nodes: {
      number: number;
      distance: number | null;
      case: Parameters<typeof knee>[0];
      control: Parameters<typeof knee>[0];
    }[];
    pageInfo: { hasNextPage: boolean; endCursor: string };
  };
}

/** All pages. */
async function allPairs(pairing: object): Promise<Pairs> {
  let page = await told<Pairs>(PAIRS, { pairing });
  const whole = page;
  while (page.pairs.pageInfo.hasNextPage) {
    page = await told<Pairs>(PAIRS, { pairing, after: page.pairs.pageInfo.endCursor });
    whole.pairs.nodes.push(...page.pairs.nodes);
  }
  return whole;
}

test('the two knees of a person are paired where they differ', async () => {
  const { pairs, unpaired, cases } = await allPairs({ of: 'SAME_PERSON', ...PAIRING });

  expect(pairs.nodes.map((pair) => [...knee(pair.case), ...knee(pair.control)])).toEqual(golden.samePerson);
  expect(pairs.totalCount).toBe(golden.samePerson.length);
  expect(unpaired).toEqual([{ reason: 'NO_CONTROL', cases: cases - pairs.totalCount }]);
});

const NEAREST = {
  ...{ of: 'NEAREST', ...PAIRING, exactly: ['VISIT', 'SEX'] },
  nearest: [{ variable: 'AGE', caliper: 3 }, { variable: 'BMI' }],
};

test('the nearest by age, sex and body mass index are those that pandas finds', async () => {
  const { pairs, cases, controls, balance, unpaired } = await allPairs(NEAREST);

  expect({ cases, controls }).toEqual({ cases: golden.nearest.cases, controls: golden.nearest.controls });
  expect(pairs.nodes.map((pair) => [...knee(pair.case), ...knee(pair.control), pair.distance])).toEqual(
    golden.nearest.pairs.map(([...knees]) => [...knees.slice(0, 4), expect.closeTo(knees[4]!, 5) as number]),
  );
  expect(pairs.nodes.map(({ number }) => number)).toEqual(pairs.nodes.map((_, index) => index + 1));
  expect(balance[1]).toEqual({
    number: 'BMI',
    before: { difference: expect.closeTo(golden.nearest.before, 5) as number },
    after: { difference: expect.closeTo(golden.nearest.after, 5) as number },
  });
  expect(unpaired.reduce((sum, one) => sum + one.cases, 0)).toBe(cases - pairs.totalCount);
});

test('an export of pairs has both exams of each, and the distance', async () => {
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      format: 'NDJSON',
      columns: ['xrkl'],
      numbers: [{ variable: 'WOMKP', change: { from: 'V00', to: 'V06' } }],
      pairs: NEAREST,
    }),
  });
  const text = await response.text();
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string | number | null>);

  const byPair = Map.groupBy(rows, (row) => row['pair'] as number);
  expect(byPair.size).toBe(golden.nearest.pairs.length);
  for (const [index, [caseId, caseSide, controlId, controlSide, distance]] of golden.nearest.pairs.entries()) {
    const row = (role: string) => byPair.get(index + 1)!.find((one) => one['pair_role'] === role)!;
    expect([row('case')['oai_id'], String(row('case')['side'])[0]]).toEqual([caseId, caseSide]);
    expect([row('control')['oai_id'], String(row('control')['side'])[0]]).toEqual([controlId, controlSide]);
    expect(row('case')['pair_distance']).toBeCloseTo(distance!, 5);
  }
  const known = rows.filter((row) => row['WOMKP_change_v00_v06'] !== null);
  expect(known.length).toBeGreaterThan(10);
  expect(
    rows.every((row) => (row['WOMKP_change_v00_v06'] === null) === (row['WOMKP_change_v00_v06_missing'] !== null)),
  ).toBe(true);
});
