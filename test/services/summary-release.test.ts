import type { Where } from '../../src/services/filters/compile.js';
import type { VisitCode } from '../../src/domain/visits.js';
import { countSummaryExams, countSummaryFacets } from '../../src/services/aggregates/index.js';
import type { FacetBucket, KneeExamFacet } from '../../src/services/aggregates/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { randomNumbers } from '../helpers/factories.js';
import { insertPeople, type Person } from '../helpers/knees.js';

/** The rule in plain code: sizes in the order of pooling; a suppressed one becomes null, what is shown is exact. */
function release(sizes: readonly number[]): { shown: (number | null)[]; suppressed: number } {
  const lastRare = sizes.findLastIndex((size) => size >= 1 && size < 5);
  let before = 0;
  let suppressed = 0;
  const shown = sizes.map((size, index) => {
    const hidden = lastRare >= 0 && (index <= lastRare || before < 5);
    before += size;
    if (hidden) suppressed += size;
    return hidden ? null : size;
  });
  return { shown, suppressed };
}

describe('the rule, tried on every slot of up to nine people a value', () => {
  const slots = cartesian(4, 10).filter((sizes) => sum(sizes) >= 5);

  test('nothing that is shown counts one to four people', () => {
    const small = slots.filter((sizes) => {
      const { shown, suppressed } = release(sizes);
      return [...shown, suppressed].some((count) => count !== null && count >= 1 && count <= 4);
    });

    expect(small).toEqual([]);
  });

  test('whoever knows the rule and every exact count that is shown still cannot tell any count that is suppressed', () => {
    const possible = new Map<string, Set<number>[]>();
    for (const sizes of slots) {
      const name = JSON.stringify(release(sizes));
      const seen = possible.get(name) ?? sizes.map(() => new Set<number>());
      sizes.forEach((size, index) => seen[index]!.add(size));
      possible.set(name, seen);
    }
    const told = [...possible].filter(([name, seen]) => {
      const { shown, suppressed } = JSON.parse(name) as ReturnType<typeof release>;
      // Larger pools could hold more than nine people of a value, which this does not try.
      return suppressed <= 9 && shown.some((count, index) => count === null && seen[index]!.size < 2);
    });

    expect(possible.size).toBeGreaterThan(1000);
    expect(told).toEqual([]);
  });
});

describe('the statement', () => {
  const ORDERS: [KneeExamFacet, (string | null)[]][] = [
    ['KL', [null, '4', '3', '2', '1', '0']],
    ['XRJSM', [null, '3', '2', '1', '0']],
    ['RACE', [null, 'OTHER_NON_WHITE', 'ASIAN', 'BLACK', 'WHITE']],
    ['COHORT', [null, 'CONTROL', 'PROGRESSION', 'INCIDENCE']],
    ['SITE', [null, 'A', 'B', 'C']],
    ['AGE_BAND', [null, '80+', '<50', '70-79', '60-69', '50-59']],
    ['BMI_BAND', [null, '<18.5', '40+', '35-40', '18.5-25', '30-35', '25-30']],
  ];
  let database: TestDatabase;
  let people: Person[];

  beforeAll(async () => {
    database = await createTestDatabase();
    people = makePeople(240);
    await insertPeople(database.dataSource, people);
  });

  afterAll(() => database.drop());

  test.each(ORDERS)('%s: pools, leaves out and rounds as the rule says', async (facet, order) => {
    const by: KneeExamFacet[] = ['VISIT', 'SIDE', 'SEX', facet];
    const expected = [...slotsOf(people)].flatMap(([slot, knees]) => {
      if (knees.length < 5) return [];
      const { shown, suppressed } = release(order.map((value) => knees.filter((knee) => knee[facet] === value).length));
      const rows = order.map((value, index) => [`${slot}|${value}`, shown[index]] as const);
      return [...rows, [`${slot}|suppressed`, suppressed] as const].flatMap(([name, count]) =>
        count ? `${name}: ${5 * Math.round(count / 5)}` : [],
      );
    });
    const buckets = await countSummaryFacets(database.dataSource, { by });

    expect(buckets.map(line).sort()).toEqual(expected.sort());
    expect(buckets.some(({ values }) => values[3]!.suppressed)).toBe(true);
    expect(buckets.some(({ values }) => !values[3]!.suppressed)).toBe(true);
  });

  test('totals are the sums of what is shown, people are counted within one visit and one side', async () => {
    const all = await countSummaryFacets(database.dataSource, { by: ['VISIT', 'SIDE', 'KL'], totals: true });
    const cells = all.filter(({ values }) => values.every(({ total }) => !total));

    for (const { values, exams, participants } of all) {
      const within = cells.filter((cell) =>
        cell.values.every(
          (value, index) =>
            values[index]!.total ||
            (value.value === values[index]!.value && value.suppressed === values[index]!.suppressed),
        ),
      );
      expect(exams).toBe(sum(within.map((cell) => cell.exams)));
      const places = new Set(within.map((cell) => `${cell.values[0]!.value} ${cell.values[1]!.value}`));
      expect(participants).toBe(places.size === 1 ? exams : null);
    }
    expect(await countSummaryExams(database.dataSource, { kl: { lte: 4 } })).toBe(
      sum(cells.filter(({ values }) => values[2]!.value !== null).map(({ exams }) => exams)),
    );
  });

  test('a filter never finds a value that is suppressed; its complement does', async () => {
    const count = (where: Where) => countSummaryExams(database.dataSource, where);
    const all = await countSummaryFacets(database.dataSource, { by: ['KL'] });
    const suppressed = all.find(({ values }) => values[0]!.suppressed)!.exams;
    const four = all.find(({ values }) => values[0]!.value === '4')?.exams ?? null;

    expect(await count({ kl: { eq: 4 } })).toBe(four);
    expect(await count({ not: { kl: { in: [0, 1, 2, 3, 4] } } })).toBe(
      suppressed + (all.find(({ values: [value] }) => value!.value === null && !value!.suppressed)?.exams ?? 0),
    );
  });
});

describe('twins: two releases that differ only in who belongs to a rare value', () => {
  let databases: TestDatabase[];

  beforeAll(async () => {
    databases = await Promise.all([createTestDatabase(), createTestDatabase()]);
    // 2 knees of grade 4 in one, 3 in the other; 1 Asian woman in one, 4 in the other; one man of 84 in one, three in the other.
    await insertPeople(databases[0]!.dataSource, twin({ kl4: 2, asian: 1, old: 1 }));
    await insertPeople(databases[1]!.dataSource, twin({ kl4: 3, asian: 4, old: 3 }));
  });

  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  const DIMENSIONS: KneeExamFacet[] = ['VISIT', 'SIDE', 'SEX', 'KL', 'RACE', 'AGE_BAND', 'XROSTM'];
  const FILTERS: Where[] = [
    {},
    { kl: { eq: 4 } },
    { kl: { gte: 3 } },
    { not: { kl: { eq: 4 } } },
    { not: { kl: { in: [0, 1, 2, 3] } } },
    { or: [{ kl: { eq: 4 } }, { participant: { sex: { eq: 'MALE' } } }] },
    { and: [{ visit: { eq: 'V00' } }, { not: { and: [{ kl: { lt: 4 } }, { side: { eq: 'RIGHT' } }] } }] },
    { participant: { race: { eq: 'ASIAN' } } },
    { not: { participant: { race: { ne: 'ASIAN' } } } },
    { participant: { race: { nin: ['WHITE', 'BLACK'] }, sex: { eq: 'FEMALE' } } },
    { participant: { sex: { eq: 'FEMALE' } }, kl: { isNull: true } },
  ];

  test('differ for who may see records', async () => {
    const counts = await Promise.all(
      databases.map(({ dataSource }) => dataSource.query('SELECT count(*) FROM knee_exam WHERE xrkl = 4')),
    );

    expect(counts[0]).not.toEqual(counts[1]);
  });

  test('are the same in every answer that role SUMMARY can get: no subtraction can find what no answer depends on', async () => {
    let answers = 0;
    for (const where of FILTERS) {
      for (const by of combinations(DIMENSIONS, 3)) {
        const [one, other] = await Promise.all(
          databases.map(({ dataSource }) =>
            countSummaryFacets(dataSource, { where, by, totals: true }).catch((error: Error) => error.message),
          ),
        );
        expect(one).toEqual(other);
        if (Array.isArray(one)) answers += 1;
      }
      const [one, other] = await Promise.all(databases.map(({ dataSource }) => countSummaryExams(dataSource, where)));
      expect(one).toBe(other);
    }
    expect(answers).toBeGreaterThan(100);
  });
});

function line({ values, exams }: FacetBucket): string {
  return `${values.map(({ value, suppressed }) => (suppressed ? 'suppressed' : String(value))).join('|')}: ${exams}`;
}

type KneeValues = Partial<Record<KneeExamFacet, string | null>>;

function slotsOf(people: Person[]): Map<string, KneeValues[]> {
  const slots = new Map<string, KneeValues[]>();
  for (const { sex, race, cohort, site, visits } of people) {
    for (const [code, visit] of Object.entries(visits)) {
      for (const side of ['RIGHT', 'LEFT'] as const) {
        const grades = visit[side]?.grades;
        if (!grades) continue;
        const slot = `${code}|${side}|${sex}`;
        const text = (value: number | null | undefined) => (value == null ? null : String(value));
        const knee: KneeValues = {
          KL: text(grades.XRKL),
          XRJSM: text(grades.XRJSM),
          RACE: race!,
          COHORT: cohort!,
          SITE: site!,
          AGE_BAND: AGES.get(visit.age!) ?? null,
          BMI_BAND: BMIS.get(visit.bmi!) ?? null,
        };
        slots.set(slot, [...(slots.get(slot) ?? []), knee]);
      }
    }
  }
  return slots;
}

const AGES = new Map([
  [49, '<50'],
  [50, '50-59'],
  [60, '60-69'],
  [79, '70-79'],
  [80, '80+'],
]);
const BMIS = new Map([
  [18, '<18.5'],
  [18.5, '18.5-25'],
  [25, '25-30'],
  [30, '30-35'],
  [39.5, '35-40'],
  [40, '40+'],
]);

/** People of whom some values are rare and others are not. */
function makePeople(count: number): Person[] {
  const random = randomNumbers(11);
  /** The first value often, each later one half as often as the one before. */
  const skewed = <T>(...values: T[]) => values[Math.min(Math.floor(-Math.log2(random())), values.length - 1)]!;
  return Array.from({ length: count }, (): Person => {
    const visits: Person['visits'] = {};
    for (const code of skewed<VisitCode[]>(['V00', 'V01'], ['V00'], ['V00', 'V06'])) {
      const knee = () => ({
        grades: { XRKL: skewed(0, 1, 2, 3, null, 4), XRJSM: skewed<number | null>(0, 1, null, 2, 3) },
      });
      visits[code] = {
        age: skewed<number | null>(60, 50, 79, 49, 80, null),
        bmi: skewed<number | null>(25, 30, 18.5, 39.5, 40, 18, null),
        RIGHT: knee(),
        LEFT: knee(),
      };
    }
    return {
      sex: random() < 0.01 ? null : random() < 0.5 ? 'FEMALE' : 'MALE',
      race: skewed<string | null>('WHITE', 'BLACK', 'ASIAN', 'OTHER_NON_WHITE', null),
      cohort: skewed<string | null>('INCIDENCE', 'PROGRESSION', 'CONTROL', null),
      site: skewed<string | null>('B', 'A', 'C', null),
      visits,
    };
  });
}

/** Two hundred people at one visit; what differs between the twins is rare within its slot. */
function twin({ kl4, asian, old }: { kl4: number; asian: number; old: number }): Person[] {
  return Array.from({ length: 200 }, (_, index): Person => {
    const woman = index % 2 === 0;
    const rank = Math.floor(index / 2);
    return {
      sex: woman ? 'FEMALE' : 'MALE',
      race: rank % 2 === 0 ? 'BLACK' : rank > 20 ? 'WHITE' : woman && rank < 2 * asian ? 'ASIAN' : 'OTHER_NON_WHITE',
      visits: {
        V00: {
          age: rank % 2 === 0 ? 60 : !woman && rank < 2 * old ? 84 : 72,
          RIGHT: { grades: { XRKL: woman && rank < kl4 ? 4 : woman && rank < 12 ? 3 : rank % 3 } },
          LEFT: { grades: { XRKL: rank % 4 } },
        },
      },
    };
  });
}

function cartesian(length: number, below: number): number[][] {
  return Array.from({ length }).reduce<number[][]>(
    (all) => all.flatMap((one) => Array.from({ length: below }, (_, size) => [...one, size])),
    [[]],
  );
}

function combinations<T>(of: readonly T[], most: number): T[][] {
  return of
    .reduce<T[][]>((all, one) => [...all, ...all.map((subset) => [...subset, one])], [[]])
    .filter(({ length }) => length >= 1 && length <= most);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
