import { AGE_BANDS, BMI_BANDS } from '../../src/domain/bands.js';
import type { VisitCode } from '../../src/domain/visits.js';
import { FACET_NAMES } from '../../src/services/aggregates/index.js';
import { randomNumbers } from '../helpers/factories.js';
import { insertPeople, type Knee, type Person } from '../helpers/knees.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

interface Bucket {
  values: { facet: string; value: string | null; total: boolean; suppressed: boolean }[];
  exams: number;
  participants: number | null;
}

/** One knee at one visit, with its values by facet. */
interface Known {
  person: number;
  of: Record<string, string | null>;
}

let api: TestServer;
let knees: Known[];

beforeAll(async () => {
  api = await startTestServer();
  const people = makePeople(120);
  await insertPeople(api.dataSource, people);
  knees = flatten(people);
});

afterAll(() => api.close());

const FACETS = `query ($where: KneeExamFilter, $by: [KneeExamFacet!]!, $totals: Boolean! = false) {
  kneeExamFacets(where: $where, by: $by, totals: $totals) {
    values { facet value total suppressed } exams participants
  }
}`;

async function facets(variables: object): Promise<Bucket[]> {
  const { data, errors } = await api.ask<{ kneeExamFacets: Bucket[] }>(FACETS, variables);
  expect(errors).toBeUndefined();
  return data!.kneeExamFacets;
}

const GROUPINGS = [
  ['KL'],
  ['XRKL'],
  ['VISIT'],
  ['SIDE'],
  ['SEX'],
  ['RACE'],
  ['COHORT'],
  ['SITE'],
  ['AGE_BAND'],
  ['BMI_BAND'],
  ['XRJSM'],
  ['KL', 'SIDE'],
  ['KL', 'SIDE', 'VISIT'],
  ['SEX', 'AGE_BAND', 'BMI_BAND', 'KL'],
];

test.each(GROUPINGS.map((by) => [by]))(
  '%s: buckets hold the exams and the people that a count by hand finds',
  async (by) => {
    expect(simple(await facets({ by }))).toEqual(expected(knees, by));
  },
);

test.each(GROUPINGS.map((by) => [by]))('%s: totals count each person once', async (by) => {
  const totals = subsets(by).flatMap((kept) =>
    expected(
      knees.map((knee) => ({
        ...knee,
        of: { ...knee.of, ...Object.fromEntries(by.filter((facet) => !kept.includes(facet)).map((f) => [f, '(all)'])) },
      })),
      by,
    ),
  );

  expect(simple(await facets({ by, totals: true })).sort(byKey)).toEqual(totals.sort(byKey));
});

test('a filter selects the exams that are counted', async () => {
  const where = { participant: { sex: { eq: 'FEMALE' } }, kl: { gte: 2 }, age: { lt: 70 } };
  const wanted = knees.filter(({ of }) => of['SEX'] === 'FEMALE' && Number(of['KL'] ?? -1) >= 2 && of['OLD'] !== 'yes');

  expect(simple(await facets({ where, by: ['KL', 'VISIT'] }))).toEqual(expected(wanted, ['KL', 'VISIT']));
});

test('buckets come in the natural order of their values: missing ones after the others, totals last', async () => {
  const order = async (facet: string, totals = false) =>
    (await facets({ by: [facet], totals })).map(({ values: [v] }) => (v!.total ? 'all' : v!.value));

  expect(await order('KL', true)).toEqual(['0', '1', '2', '3', '4', null, 'all']);
  expect(await order('VISIT')).toEqual(['V00', 'V01', 'V06']);
  expect(await order('AGE_BAND')).toEqual([...AGE_BANDS.map(({ name }) => name), null]);
  expect(await order('BMI_BAND')).toEqual([...BMI_BANDS.map(({ name }) => name), null]);
  expect(await order('SITE')).toEqual(['A', 'B', null]);
});

test('nothing selected gives no bucket, totals included', async () => {
  const where = { kl: { in: [] } };

  expect(await facets({ where, by: ['KL'] })).toEqual([]);
  expect(await facets({ where, by: ['KL', 'SIDE'], totals: true })).toEqual([]);
});

test('people are not counted unless they are asked for', async () => {
  const statements: string[] = [];
  const query = api.dataSource.query.bind(api.dataSource);
  api.dataSource.query = ((text: string, values: unknown[]) => {
    statements.push(text);
    return query(text, values);
  }) as typeof api.dataSource.query;
  try {
    await api.ask('{ kneeExamFacets(by: [KL]) { exams } }');
    await api.ask(
      '{ kneeExamFacets(by: [KL]) { ...on FacetBucket { ...F } } } fragment F on FacetBucket { participants }',
    );
  } finally {
    api.dataSource.query = query;
  }
  const counting = statements.filter((text) => text.includes('knee_exam'));

  expect(counting).toHaveLength(2);
  expect(counting[0]).not.toContain('participant_id');
  expect(counting[1]).toContain('participant_id');
});

test.each([
  ['no facet', [], 'by takes 1 to 4 different facets, got 0.'],
  ['five facets', ['KL', 'SIDE', 'SEX', 'RACE', 'SITE'], 'by takes 1 to 4 different facets, got 5.'],
  ['a facet twice', ['KL', 'SIDE', 'KL'], 'by names KL twice.'],
])('%s is refused', async (_name, by, message) => {
  const { errors } = await api.ask(FACETS, { by });

  expect(errors).toEqual([expect.objectContaining({ message })]);
  expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
});

test('the schema names every facet that the service knows, and no other', async () => {
  const { data } = await api.ask<{ __type: { enumValues: { name: string }[] } }>(
    '{ __type(name: "KneeExamFacet") { enumValues { name } } }',
  );

  expect(data!.__type.enumValues.map(({ name }) => name).sort()).toEqual([...FACET_NAMES].sort());
});

test('an answer of too many buckets is refused by its cost', async () => {
  const by = ['KL', 'XROSFM', 'XROSFL', 'XROSTM'];
  const part = (name: string) =>
    `${name}: kneeExamFacets(by: [${by.join(', ')}], totals: true) { values { value } exams }`;
  const { errors } = await api.ask(`{ ${Array.from({ length: 12 }, (_, index) => part(`f${index}`)).join(' ')} }`);

  expect(errors![0]!.extensions.code).toBe('LIMIT_EXCEEDED');
});

const key = (values: (string | null)[]) => values.map((value) => value ?? '(missing)').join('|');
const byKey = (a: Simple, b: Simple) => (a.key < b.key ? -1 : 1);

interface Simple {
  key: string;
  exams: number;
  participants: number | null;
}

function simple(buckets: Bucket[]): Simple[] {
  return buckets
    .map(({ values, exams, participants }) => ({
      key: key(values.map(({ value, total }) => (total ? '(all)' : value))),
      exams,
      participants,
    }))
    .sort(byKey);
}

/** The same count in plain code. */
function expected(selected: Known[], by: string[]): Simple[] {
  const groups = new Map<string, { exams: number; people: Set<number> }>();
  for (const { person, of } of selected) {
    const name = key(by.map((facet) => of[facet]!));
    const group = groups.get(name) ?? { exams: 0, people: new Set() };
    group.exams += 1;
    group.people.add(person);
    groups.set(name, group);
  }
  return [...groups].map(([name, { exams, people }]) => ({ key: name, exams, participants: people.size })).sort(byKey);
}

function subsets(of: string[]): string[][] {
  return of.reduce<string[][]>((all, one) => [...all, ...all.map((subset) => [...subset, one])], [[]]);
}

function makePeople(count: number): Person[] {
  const random = randomNumbers(7);
  const pick = <T>(...values: T[]) => values[Math.floor(random() * values.length)]!;
  return Array.from({ length: count }, (): Person => {
    const visits: Person['visits'] = {};
    for (const code of ['V00', 'V01', 'V06'] as VisitCode[]) {
      if (random() < 0.2) continue;
      const knee = (): Knee => ({
        grades: { XRKL: pick(0, 1, 2, 3, 4, null), XRJSM: pick(0, 1, 2, 3, null) },
      });
      visits[code] = {
        age: pick(45, 49, 50, 59, 60, 69, 70, 79, 80, null),
        bmi: pick(18.4, 18.5, 24.9, 25, 30, 35, 39.9, 40, null),
        RIGHT: knee(),
        ...(random() < 0.9 ? { LEFT: knee() } : {}),
      };
    }
    return {
      sex: pick('MALE', 'FEMALE', null),
      race: pick('WHITE', 'BLACK', 'ASIAN', 'OTHER_NON_WHITE', null),
      cohort: pick('PROGRESSION', 'INCIDENCE', 'CONTROL', null),
      site: pick('A', 'B', null),
      visits,
    };
  });
}

function flatten(people: Person[]): Known[] {
  return people.flatMap(({ sex, race, cohort, site, visits }, person) =>
    Object.entries(visits).flatMap(([VISIT, visit]) =>
      (['RIGHT', 'LEFT'] as const).flatMap((SIDE) => {
        const grades = visit[SIDE]?.grades;
        if (!grades) return [];
        const text = (grade: number | null | undefined) => (grade == null ? null : String(grade));
        const band = (bands: typeof AGE_BANDS, value: number | null | undefined) =>
          value == null ? null : bands.find(({ from = 0, below = Infinity }) => value >= from && value < below)!.name;
        return {
          person,
          of: {
            VISIT,
            SIDE,
            SEX: sex,
            RACE: race!,
            COHORT: cohort!,
            SITE: site!,
            KL: text(grades.XRKL),
            XRKL: text(grades.XRKL),
            XRJSM: text(grades.XRJSM),
            AGE_BAND: band(AGE_BANDS, visit.age),
            BMI_BAND: band(BMI_BANDS, visit.bmi),
            OLD: visit.age == null || visit.age >= 70 ? 'yes' : 'no',
          },
        };
      }),
    ),
  );
}
