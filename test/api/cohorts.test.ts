import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, CohortMember, KneeExam } from '../../src/entities/index.js';
import { createCohort, examsWhere, makeStudy, only, readCohort, updateCohort } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await makeStudy(api.dataSource, 20);
});

afterAll(() => api.close());

const BASELINE_OA = { visit: { eq: 'V00' }, kl: { gte: 2 } };

describe('a static cohort', () => {
  test('keeps its exams when the data change', async () => {
    const before = await examsWhere(api, BASELINE_OA);
    const cohort = await createCohort(api, { filter: BASELINE_OA });
    const [first] = before;
    const key = Number(Buffer.from(first!, 'base64url').toString().split(':')[1]);
    await api.dataSource.getRepository(KneeExam).update({ id: key }, { grades: { XRKL: 0 } });

    expect(await examsWhere(api, BASELINE_OA)).toEqual(before.slice(1));
    expect(await examsWhere(api, { inCohort: { eq: cohort.id } })).toEqual(before);
    expect(cohort).toMatchObject({
      kind: 'STATIC',
      version: 1,
      visibility: 'PRIVATE',
      owner: 'admin',
      canChange: true,
      problem: null,
      filter: BASELINE_OA,
      counts: { exams: before.length },
    });
    await api.dataSource.getRepository(KneeExam).update({ id: key }, { grades: { XRKL: 2 } });
  });

  test('is made of the exams whose ids are given', async () => {
    const ids = (await examsWhere(api, {})).slice(3, 10);
    const cohort = await createCohort(api, { examIds: [...ids, ids[0]] });

    expect(cohort).toMatchObject({ filter: null, counts: { exams: 7 } });
    expect(await examsWhere(api, { inCohort: { eq: cohort.id } })).toEqual(ids);
  });

  test('is frozen exam by exam, and deleted with all of them', async () => {
    const members = api.dataSource.getRepository(CohortMember);
    const before = await members.count();
    const { id } = await createCohort(api, { filter: {} });
    const after = await members.count();
    await api.ask('mutation ($id: ID!) { deleteCohort(input: { id: $id }) { deletedCohortId } }', { id });

    expect(after - before).toBe(80);
    expect(await members.count()).toBe(before);
  });
});

describe('a dynamic cohort', () => {
  test('follows the data', async () => {
    const cohort = await createCohort(api, { kind: 'DYNAMIC', filter: { visit: { eq: 'V10' } } });
    expect(cohort.counts).toEqual({ exams: 0, participants: 0 });

    const visit = await api.make.visit(await api.make.participant(), { code: 'V10' });
    const exam = await api.make.exam(visit);

    expect((await readCohort(api, cohort.id))!.counts).toEqual({ exams: 1, participants: 1 });
    expect(await examsWhere(api, { inCohort: { eq: cohort.id } })).toEqual([encodeId('KneeExam', exam.id)]);
    await api.dataSource.getRepository(KneeExam).delete({ id: exam.id });
  });

  test('cannot be made from ids', async () => {
    await expect(createCohort(api, { kind: 'DYNAMIC', examIds: [] })).rejects.toThrow(
      'A DYNAMIC cohort is made from a filter or a combination, not from a list of exams.',
    );
  });
});

describe('composes with every list', () => {
  test('its own exams take a filter, an order and pages', async () => {
    const { id } = await createCohort(api, { filter: BASELINE_OA });
    const query = `query ($id: ID!, $after: String) { cohort(id: $id) {
      exams(where: { side: { eq: LEFT } }, orderBy: [{ field: KL, direction: DESC }], first: 5, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id kl side } } } }`;
    type Page = {
      cohort: {
        exams: {
          totalCount: number;
          pageInfo: { hasNextPage: boolean; endCursor: string };
          nodes: { id: string; kl: number }[];
        };
      };
    };
    const seen: { id: string; kl: number }[] = [];
    let after: string | null = null;
    for (;;) {
      const { exams }: Page['cohort'] = only(await api.ask<Page>(query, { id, after })).cohort;
      expect(exams.totalCount).toBe(12);
      seen.push(...exams.nodes);
      if (!exams.pageInfo.hasNextPage) break;
      after = exams.pageInfo.endCursor;
    }
    const expected = await examsWhere(api, { and: [BASELINE_OA, { side: { eq: 'LEFT' } }] });

    expect(seen.map(({ id: exam }) => exam).sort()).toEqual([...expected].sort());
    expect(seen.map(({ kl }) => kl)).toEqual(seen.map(({ kl }) => kl).sort((a, b) => b - a));
  });

  test.each(['STATIC', 'DYNAMIC'])('a %s one can be combined, negated and nested', async (kind) => {
    const { id } = await createCohort(api, { kind, filter: BASELINE_OA });
    const all = await examsWhere(api, {});
    const inside = new Set(await examsWhere(api, BASELINE_OA));

    expect(await examsWhere(api, { not: { inCohort: { eq: id } } })).toEqual(all.filter((exam) => !inside.has(exam)));
    expect(await examsWhere(api, { or: [{ inCohort: { eq: id } }, { kl: { eq: 0 } }], visit: { eq: 'V00' } })).toEqual(
      await examsWhere(api, { or: [BASELINE_OA, { kl: { eq: 0 } }], visit: { eq: 'V00' } }),
    );
    const people = only(
      await api.ask<{ participants: { totalCount: number } }>(
        'query ($id: ID!) { participants(where: { exams: { none: { inCohort: { eq: $id } } } }) { totalCount } }',
        { id },
      ),
    );
    expect(people.participants.totalCount).toBe(
      only(
        await api.ask<{ participants: { totalCount: number } }>(
          `{ participants(where: { exams: { none: { visit: { eq: V00 }, kl: { gte: 2 } } } }) { totalCount } }`,
        ),
      ).participants.totalCount,
    );
    const generations = await api.ask(
      'query ($id: ID!) { generations(where: { exam: { inCohort: { eq: $id } } }) { totalCount } }',
      { id },
    );
    expect(generations.data).toEqual({ generations: { totalCount: 0 } });
  });

  test.each([
    ['no id', 'x', 'where.inCohort.eq must be the id of a Cohort.'],
    ['an id of something else', encodeId('KneeExam', 1), 'where.inCohort.eq must be the id of a Cohort.'],
    [
      'an id of no cohort',
      encodeId('Cohort', '00000000-0000-4000-8000-000000000000'),
      'where.inCohort: there is no such cohort.',
    ],
  ])('%s is refused in a sentence', async (_name, eq, message) => {
    await expect(examsWhere(api, { inCohort: { eq } })).rejects.toThrow(message);
  });
});

describe('set operations', () => {
  const SETS = { a: { kl: { lte: 2 } }, b: { kl: { gte: 2 } }, c: { side: { eq: 'LEFT' } } };
  const ids: Record<string, string> = {};
  const exams: Record<string, string[]> = {};

  beforeAll(async () => {
    for (const [name, filter] of Object.entries(SETS)) {
      ids[name] = (await createCohort(api, { name, kind: name === 'b' ? 'DYNAMIC' : 'STATIC', filter })).id;
      exams[name] = await examsWhere(api, filter);
    }
  });

  const inAll = (exam: string, names: string[]) => names.every((name) => exams[name]!.includes(exam));
  const inAny = (exam: string, names: string[]) => names.some((name) => exams[name]!.includes(exam));

  test.each([
    ['UNION', ['a', 'c'], (exam: string) => inAny(exam, ['a', 'c'])],
    ['INTERSECTION', ['a', 'b', 'c'], (exam: string) => inAll(exam, ['a', 'b', 'c'])],
    ['DIFFERENCE', ['a', 'b'], (exam: string) => inAll(exam, ['a']) && !inAny(exam, ['b'])],
    ['DIFFERENCE', ['b', 'a', 'c'], (exam: string) => inAll(exam, ['b']) && !inAny(exam, ['a', 'c'])],
  ] as const)('%s of %j is what sets say it is, frozen or run anew', async (operation, names, belongs) => {
    const all = await examsWhere(api, {});
    const combine = { operation, cohorts: names.map((name) => ids[name]) };
    for (const kind of ['STATIC', 'DYNAMIC']) {
      const { id } = await createCohort(api, { kind, combine });

      expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(all.filter(belongs));
    }
  });

  test('the origin says which versions were read', async () => {
    const { id } = await createCohort(api, { combine: { operation: 'UNION', cohorts: [ids['a'], ids['c']] } });
    const answer = await api.ask(
      'query ($id: ID!) { cohort(id: $id) { origin { kind operation cohorts { id version } } } }',
      { id },
    );

    expect(answer.data).toEqual({
      cohort: {
        origin: {
          kind: 'COMBINATION',
          operation: 'UNION',
          cohorts: [
            { id: ids['a'], version: 1 },
            { id: ids['c'], version: 1 },
          ],
        },
      },
    });
  });

  test('a single cohort is no combination', async () => {
    await expect(createCohort(api, { combine: { operation: 'UNION', cohorts: [ids['a']] } })).rejects.toThrow(
      'combine.cohorts must name between 2 and 20 cohorts, got 1.',
    );
  });
});

describe('requests that cannot be met', () => {
  test.each([
    ['nothing to make it from', {}, 'A cohort is made from a filter, examIds, exams or combine; give one.'],
    ['two sources', { filter: {}, examIds: [] }, 'Give one of filter and examIds, not several.'],
    ['an empty name', { name: '  ', filter: {} }, 'name must have between 1 and 200 characters.'],
    ['a name with U+0000', { name: 'a\0b', filter: {} }, 'name must have between 1 and 200 characters.'],
    ['an id of something else', { examIds: ['x'] }, 'examIds[0] must be the id of a KneeExam.'],
    ['an exam that is not there', { examIds: [encodeId('KneeExam', 999_999)] }, 'There is no knee exam with the id'],
    ['too many ids', { examIds: Array(10_001).fill(encodeId('KneeExam', 1)) }, 'examIds takes at most 10000 ids'],
  ])('%s', async (_name, input, message) => {
    await expect(createCohort(api, input)).rejects.toThrow(message);
  });

  test('leave nothing behind', async () => {
    const count = async () =>
      (await api.dataSource.query<{ count: string }[]>('SELECT count(*) FROM cohort'))[0]!.count;
    const before = await count();
    await expect(createCohort(api, { examIds: [encodeId('KneeExam', 999_999)] })).rejects.toThrow();

    expect(await count()).toBe(before);
  });
});

test('every mutation leaves an audit row', async () => {
  const { id } = await createCohort(api, { filter: BASELINE_OA });
  await updateCohort(api, { id, version: 1, note: 'all visits', filter: { kl: { gte: 2 } } });
  await api.ask('mutation ($id: ID!) { shareCohort(input: { id: $id, visibility: READERS }) { cohort { id } } }', {
    id,
  });
  await api.ask('mutation ($id: ID!) { splitCohort(input: { id: $id }) { parts { name } } }', { id });
  only(await api.ask('mutation ($id: ID!) { deleteCohort(input: { id: $id }) { deletedCohortId } }', { id }));
  const target = Buffer.from(id, 'base64url').toString().slice('Cohort:'.length);
  const rows = await api.dataSource.getRepository(AuditEntry).find({ where: { target }, order: { id: 'ASC' } });

  expect(rows.map(({ action }) => action)).toEqual([
    'createCohort',
    'updateCohort',
    'shareCohort',
    'splitCohort',
    'deleteCohort',
  ]);
  expect(rows[2]!.detail).toMatchObject({ from: 'PRIVATE', to: 'READERS' });
  expect(await readCohort(api, id)).toBeNull();
});
