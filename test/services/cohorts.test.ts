import { encodeId } from '../../src/domain/global-ids.js';
import { CohortMember, CohortVersion, KneeExam } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createCohort, expandCohorts, inCohort, splitCohort } from '../../src/services/cohorts/index.js';
import { dealOut } from '../../src/services/cohorts/split-plan.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { makeStudy } from '../helpers/cohorts.js';
import { factories } from '../helpers/factories.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await makeStudy(database.dataSource, 60);
});

afterAll(() => database.drop());

/** Exams of a cohort's first version, with whose they are. */
async function membersOf(cohortId: string): Promise<{ id: number; oaiId: string; kl: number | null }[]> {
  return database.dataSource.query(
    `SELECT e.id, p.oai_id AS "oaiId", e.xrkl AS kl FROM cohort_member m JOIN cohort_version v ON v.id = m.version_id
     JOIN knee_exam e ON e.id = m.exam_id JOIN participant p ON p.id = e.participant_id
     WHERE v.cohort_id = $1 ORDER BY e.id`,
    [cohortId],
  );
}

const newCohort = (filter: object, kind: 'STATIC' | 'DYNAMIC' = 'STATIC') =>
  createCohort(database.dataSource, COMMAND_LINE, { name: 'A cohort', kind, filter });

describe('a split', () => {
  const BASELINE = { visit: { eq: 'V00' } };

  test.each([
    ['the default parts', undefined],
    ['five folds', ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, fraction: 0.2 }))],
    [
      'uneven halves',
      [
        { name: 'most', fraction: 0.9 },
        { name: 'few', fraction: 0.1 },
      ],
    ],
  ])('puts every exam into one part and nobody into two: %s', async (_name, parts) => {
    const { id } = await newCohort({});
    const made = await splitCohort(database.dataSource, COMMAND_LINE, id, { parts, seed: 7 });
    const members = await Promise.all(made.map(({ cohort }) => membersOf(cohort.id)));
    const people = members.map((exams) => [...new Set(exams.map(({ oaiId }) => oaiId))]);

    expect(
      members
        .flat()
        .map((exam) => exam.id)
        .sort((a, b) => a - b),
    ).toEqual((await membersOf(id)).map((exam) => exam.id));
    expect(new Set(people.flat()).size).toBe(people.flat().length);
    expect(people.flat()).toHaveLength(60);
    for (const [index, { fraction, exams, participants }] of made.entries()) {
      expect(participants).toBe(people[index]!.length);
      expect(exams).toBe(members[index]!.length);
      expect(Math.abs(participants - 60 * fraction)).toBeLessThan(1);
    }
  });

  test('gives each part its fraction of every KL grade', async () => {
    const { id } = await newCohort(BASELINE);
    const made = await splitCohort(database.dataSource, COMMAND_LINE, id, { seed: 3 });
    const highest = async (cohort: string) => {
      const grades = new Map<string, number>();
      for (const { oaiId, kl } of await membersOf(cohort))
        grades.set(oaiId, Math.max(grades.get(oaiId) ?? -1, kl ?? -1));
      return Map.groupBy(grades.keys(), (oaiId) => grades.get(oaiId)!);
    };
    const whole = await highest(id);
    expect([...whole.keys()].sort()).toEqual([1, 2, 3, 4]);
    for (const { cohort, fraction } of made) {
      const part = await highest(cohort.id);
      for (const [grade, people] of whole) {
        expect(Math.abs((part.get(grade)?.length ?? 0) - fraction * people.length)).toBeLessThanOrEqual(2);
      }
    }
  });

  test('is the same for the same seed, another for another, and does not depend on the order of import', async () => {
    const { id } = await newCohort(BASELINE);
    const assignment = async (source: TestDatabase['dataSource'], cohort: string, seed: number) => {
      const made = await splitCohort(source, COMMAND_LINE, cohort, { seed });
      const rows = await source.query<{ part: string; oaiId: string }[]>(
        `SELECT DISTINCT v.origin ->> 'part' AS part, p.oai_id AS "oaiId" FROM cohort_member m
         JOIN cohort_version v ON v.id = m.version_id JOIN knee_exam e ON e.id = m.exam_id
         JOIN participant p ON p.id = e.participant_id WHERE v.cohort_id = ANY($1::uuid[]) ORDER BY 2`,
        [made.map(({ cohort: { id: part } }) => part)],
      );
      return rows.map(({ part, oaiId }) => `${oaiId} ${part}`);
    };
    const first = await assignment(database.dataSource, id, 1);
    const other = await createTestDatabase();
    try {
      const make = factories(other.dataSource);
      const people = await database.dataSource.query<{ oai_id: string; side: string; xrkl: number }[]>(
        `SELECT p.oai_id, e.side, e.xrkl FROM knee_exam e JOIN participant p ON p.id = e.participant_id
         JOIN visit v ON v.id = e.visit_id WHERE v.code = 'V00' ORDER BY p.oai_id DESC, e.side`,
      );
      for (const [oaiId, exams] of Map.groupBy(people, (row) => row.oai_id)) {
        const visit = await make.visit(await make.participant({ oaiId }));
        for (const { side, xrkl } of exams)
          await make.exam(visit, { side: side as KneeExam['side'], grades: { XRKL: xrkl } });
      }
      const { id: same } = await createCohort(other.dataSource, COMMAND_LINE, {
        name: 'Same people',
        filter: BASELINE,
      });

      expect(await assignment(other.dataSource, same, 1)).toEqual(first);
    } finally {
      await other.drop();
    }
    expect(await assignment(database.dataSource, id, 1)).toEqual(first);
    expect(await assignment(database.dataSource, id, 2)).not.toEqual(first);
  });

  test('freezes a dynamic cohort as it is, and says where the parts came from', async () => {
    const { id } = await newCohort({ kl: { gte: 3 } }, 'DYNAMIC');
    const [train] = await splitCohort(database.dataSource, COMMAND_LINE, id, { seed: 5 });

    expect(train!.cohort).toMatchObject({ kind: 'STATIC', name: 'A cohort / train', visibility: 'PRIVATE' });
    expect(
      await database.dataSource.getRepository(CohortVersion).findOneByOrFail({ cohortId: train!.cohort.id }),
    ).toMatchObject({ origin: { kind: 'SPLIT', of: { id, version: 1 }, part: 'train', fraction: 0.7, seed: 5 } });
  });

  test.each([
    ['fractions that do not add up', { parts: [0.5, 0.4] }, 'The fractions of parts must add up to 1, got 0.9.'],
    ['a fraction of nothing', { parts: [1, 0] }, 'parts[1].fraction must be above 0, got 0.'],
    ['one part', { parts: [1] }, 'parts must be between 2 and 20, got 1.'],
    ['a negative seed', { parts: [0.5, 0.5], seed: -1 }, 'seed must be a whole number from 0 to 2147483647, got -1.'],
    [
      'a part that nobody would be in',
      { parts: [0.999, 0.001] },
      'The cohort "A cohort" has 60 participants, which leaves nobody for the part "part 1".',
    ],
  ])('%s is refused, and nothing is made', async (_name, { parts, ...rest }, message) => {
    const { id } = await newCohort({});
    const request = { parts: parts.map((fraction, index) => ({ name: `part ${index}`, fraction })), ...rest };
    const versions = database.dataSource.getRepository(CohortVersion);
    const before = await versions.count();

    await expect(splitCohort(database.dataSource, COMMAND_LINE, id, request)).rejects.toThrow(message);
    expect(await versions.count()).toBe(before);
  });

  test('keeps every part within one of its fraction, however far it is dealt', () => {
    for (const fractions of [
      [0.7, 0.15, 0.15],
      [0.8, 0.1, 0.1],
      [0.5, 0.5],
      Array<number>(7).fill(1 / 7),
      [0.98, 0.02],
    ]) {
      const given = fractions.map(() => 0);
      for (const [place, part] of dealOut(fractions, 1_000).entries()) {
        given[part]! += 1;
        for (const [index, fraction] of fractions.entries()) {
          expect(Math.abs(given[index]! - fraction * (place + 1))).toBeLessThan(1.01);
        }
      }
    }
  });
});

describe('a stored filter that the language has outgrown', () => {
  const outgrow = (cohortId: string, filter: object) =>
    database.dataSource.getRepository(CohortVersion).update({ cohortId }, { filter });

  test.each([
    [{ kellgren: { gte: 2 } }, 'where.kellgren'],
    [{ and: [{ visit: { eq: 'V00' } }, { kl: { above: 2 } }] }, 'where.and[1].kl.above'],
    [{ visit: { eq: 'V99' } }, 'where.visit.eq must be one of V00'],
  ])('%j: a dynamic cohort names what is no longer valid', async (filter, place) => {
    const { id } = await newCohort({ kl: { gte: 2 } }, 'DYNAMIC');
    await outgrow(id, filter);
    const reading = expandCohorts(database.dataSource, COMMAND_LINE, inCohort(id, 1));

    await expect(reading).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(
        /^The filter of the cohort "A cohort" is no longer valid: [^.]+(\.[^.]+)*\.$/,
      ) as string,
    });
    await expect(reading).rejects.toThrow(place);
  });

  test('a static cohort keeps its exams', async () => {
    const { id } = await newCohort({ kl: { gte: 3 } });
    await outgrow(id, { kellgren: { gte: 3 } });
    const { where } = await expandCohorts(database.dataSource, COMMAND_LINE, inCohort(id, 1));
    const members = await membersOf(id);

    expect(where).toEqual({ and: [{ membership: { some: { version: { eq: expect.any(Number) as number } } } }] });
    expect(members.length).toBeGreaterThan(0);
  });
});

test('the ids of exams stay frozen when an exam leaves the database', async () => {
  const { id } = await newCohort({ visit: { eq: 'V06' } });
  const version = await database.dataSource.getRepository(CohortVersion).findOneByOrFail({ cohortId: id });
  const [exam] = await database.dataSource.getRepository(KneeExam).find({ where: { visit: { code: 'V06' } }, take: 1 });
  await database.dataSource.getRepository(KneeExam).delete({ id: exam!.id });

  expect(version.examCount).toBe(120);
  expect(await database.dataSource.getRepository(CohortMember).countBy({ versionId: version.id })).toBe(120);
  expect(await membersOf(id)).toHaveLength(119);
});

test('ids of cohorts cannot be guessed', async () => {
  const { id } = await newCohort({});

  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Buffer.from(encodeId('Cohort', id), 'base64url').toString()).toBe(`Cohort:${id}`);
});
