import { createCohort, examsWhere, makeStudy, only, readCohort, updateCohort } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await makeStudy(api.dataSource, 20);
});

afterAll(() => api.close());

interface VersionAnswer {
  version: number;
  name: string;
  note: string | null;
  createdBy: string;
  filter: object | null;
  origin: { kind: string; version: number | null; added: number | null; removed: number | null };
  counts: { exams: number };
  exams: { totalCount: number; nodes: { id: string }[] };
}

async function versionsOf(id: string): Promise<VersionAnswer[]> {
  const answer = await api.ask<{ cohort: { versions: { nodes: VersionAnswer[]; totalCount: number } } }>(
    `query ($id: ID!) { cohort(id: $id) { versions { totalCount nodes {
      version name note createdBy filter origin { kind version added removed } counts { exams }
      exams(first: 200) { totalCount nodes { id } } } } } }`,
    { id },
  );
  return only(answer).cohort.versions.nodes;
}

const MILD = { visit: { eq: 'V00' }, kl: { in: [1, 2] } };
const SEVERE = { visit: { eq: 'V00' }, kl: { gte: 3 } };

test.each(['STATIC', 'DYNAMIC'])(
  'a change of filter makes a new version of a %s cohort, and the old one stays readable',
  async (kind) => {
    const { id } = await createCohort(api, { kind, name: 'Knees', filter: MILD });
    const changed = await updateCohort(api, { id, version: 1, filter: SEVERE, note: 'Severe ones instead.' });
    const [mild, severe] = [await examsWhere(api, MILD), await examsWhere(api, SEVERE)];

    expect(changed).toMatchObject({ version: 2, filter: SEVERE, counts: { exams: severe.length } });
    expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(severe);
    expect(await examsWhere(api, { inCohort: { eq: id, version: 1 } })).toEqual(mild);
    const versions = await versionsOf(id);
    expect(versions).toMatchObject([
      {
        version: 2,
        note: 'Severe ones instead.',
        createdBy: 'admin',
        filter: SEVERE,
        counts: { exams: severe.length },
      },
      { version: 1, note: null, createdBy: 'admin', filter: MILD, counts: { exams: mild.length } },
    ]);
    expect(versions.map(({ exams }) => exams.nodes.map((exam) => exam.id))).toEqual([severe, mild]);
  },
);

test('other words for the same exams are a version too, which copies no exam', async () => {
  const { id, counts } = await createCohort(api, { name: 'First name', filter: MILD });
  const members = async () =>
    (await api.dataSource.query<{ count: string }[]>('SELECT count(*) FROM cohort_member'))[0]!.count;
  const before = await members();
  const renamed = await updateCohort(api, { id, version: 1, name: 'Second name', description: 'With a reason.' });

  expect(renamed).toMatchObject({
    version: 2,
    name: 'Second name',
    description: 'With a reason.',
    filter: MILD,
    counts,
  });
  expect(await members()).toBe(before);
  expect((await versionsOf(id)).map(({ name }) => name)).toEqual(['Second name', 'First name']);
  expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(await examsWhere(api, MILD));
});

test('exams are added and removed by hand', async () => {
  const all = await examsWhere(api, {});
  const { id } = await createCohort(api, { examIds: all.slice(0, 10) });
  const edited = await updateCohort(api, {
    id,
    version: 1,
    add: { examIds: all.slice(9, 12) },
    remove: { examIds: [all[0], all[50]] },
  });

  expect(edited).toMatchObject({ version: 2, filter: null, counts: { exams: 11 } });
  expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(all.slice(1, 12));
  expect(await examsWhere(api, { inCohort: { eq: id, version: 1 } })).toEqual(all.slice(0, 10));
  expect((await versionsOf(id))[0]!.origin).toEqual({ kind: 'EDIT', version: 1, added: 2, removed: 1 });
});

test('exams are taken in and left out by filters, which may speak of the cohort as it was', async () => {
  const { id } = await createCohort(api, { filter: MILD });
  const edited = await updateCohort(api, {
    id,
    version: 1,
    add: { filter: SEVERE },
    remove: { filter: { inCohort: { eq: id }, side: { eq: 'LEFT' } } },
  });
  const expected = await examsWhere(api, { or: [{ ...MILD, side: { eq: 'RIGHT' } }, SEVERE] });

  expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(expected);
  expect(edited).toMatchObject({ version: 2, filter: null, counts: { exams: expected.length } });
  const [mild, left, severe] = [
    await examsWhere(api, MILD),
    await examsWhere(api, { ...MILD, side: { eq: 'LEFT' } }),
    await examsWhere(api, SEVERE),
  ];
  expect(await examsWhere(api, { inCohort: { eq: id, version: 1 } })).toEqual(mild);
  const [{ origin }] = (await versionsOf(id)) as [VersionAnswer];
  expect(origin).toEqual({ kind: 'EDIT', version: 1, added: severe.length, removed: left.length });
});

test('an exam that is taken in and left out at once is there', async () => {
  const { id } = await createCohort(api, { filter: MILD });
  await updateCohort(api, { id, version: 1, add: { filter: MILD }, remove: { filter: {} } });

  expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(await examsWhere(api, MILD));
});

test.each([
  ['add takes one of filter, examIds and exams, got 0.', { add: {} }],
  ['remove takes one of filter, examIds and exams, got 2.', { remove: { filter: {}, examIds: [] } }],
])('an edit that does not say its exams in one way is refused: %s', async (message, change) => {
  const { id } = await createCohort(api, { filter: MILD });

  await expect(updateCohort(api, { id, version: 1, ...change })).rejects.toThrow(message);
});

test('a change made from an old version is refused and says which version there is', async () => {
  const { id } = await createCohort(api, { name: 'Contested', filter: MILD });
  await updateCohort(api, { id, version: 1, name: 'Contested, mine' });

  await expect(updateCohort(api, { id, version: 1, name: 'Contested, yours' })).rejects.toThrow(
    'The cohort "Contested, mine" is at version 2, not 1; read it again and repeat the change.',
  );
  expect(await readCohort(api, id)).toMatchObject({ version: 2, name: 'Contested, mine' });
});

test('of two changes at the same time one wins and the other is refused as a conflict', async () => {
  const { id } = await createCohort(api, { filter: MILD });
  const change = (name: string) =>
    api.ask('mutation ($input: UpdateCohortInput!) { updateCohort(input: $input) { cohort { version } } }', {
      input: { id, version: 1, name, filter: SEVERE },
    });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(change));
  const refused = answers.flatMap(({ errors }) => errors ?? []);

  expect(answers.filter(({ data }) => data)).toHaveLength(1);
  expect(refused.map(({ extensions }) => extensions.code)).toEqual(['CONFLICT', 'CONFLICT', 'CONFLICT']);
  expect(await versionsOf(id)).toHaveLength(2);
});

test('a change that cannot be made leaves the version as it was', async () => {
  const { id } = await createCohort(api, { filter: MILD });
  const missing = Buffer.from('KneeExam:999999').toString('base64url');

  await expect(updateCohort(api, { id, version: 1, add: { examIds: [missing] } })).rejects.toThrow(
    'There is no knee exam',
  );
  expect((await readCohort(api, id))!.version).toBe(1);
  expect(await versionsOf(id)).toHaveLength(1);
});

test.each([
  ['nothing to change', {}, 'There is nothing to change; give a name, a description, a filter or exams.'],
  [
    'both new contents and an edit',
    { filter: {}, add: { examIds: ['S25lZUV4YW06MQ'] } },
    'Give new contents, or exams to add',
  ],
  ['an empty name', { name: '' }, 'name must have between 1 and 200 characters.'],
])('%s is refused', async (_name, change, message) => {
  const { id } = await createCohort(api, { filter: MILD });

  await expect(updateCohort(api, { id, version: 1, ...change })).rejects.toThrow(message);
});

test('a dynamic cohort has no exams to add or remove', async () => {
  const { id } = await createCohort(api, { kind: 'DYNAMIC', filter: MILD });
  const [exam] = await examsWhere(api, {});

  await expect(updateCohort(api, { id, version: 1, add: { examIds: [exam] } })).rejects.toThrow(
    'A DYNAMIC cohort has no members of its own; change its filter.',
  );
});

test('a version that is not there is refused', async () => {
  const { id } = await createCohort(api, { filter: MILD });

  await expect(examsWhere(api, { inCohort: { eq: id, version: 7 } })).rejects.toThrow(
    'there is no such cohort or version',
  );
});

describe('cohorts within cohorts', () => {
  test('a dynamic one follows the newest version of the one within, unless a version is named', async () => {
    const inner = await createCohort(api, { filter: MILD });
    const follows = await createCohort(api, { kind: 'DYNAMIC', filter: { inCohort: { eq: inner.id } } });
    const pinned = await createCohort(api, { kind: 'DYNAMIC', filter: { inCohort: { eq: inner.id, version: 1 } } });
    await updateCohort(api, { id: inner.id, version: 1, filter: SEVERE });

    expect(await examsWhere(api, { inCohort: { eq: follows.id } })).toEqual(await examsWhere(api, SEVERE));
    expect(await examsWhere(api, { inCohort: { eq: pinned.id } })).toEqual(await examsWhere(api, MILD));
  });

  test.each([
    ['STATIC', 1],
    ['STATIC', undefined],
    ['DYNAMIC', 1],
  ])('a %s one may grow from its own version %s', async (kind, version) => {
    const { id } = await createCohort(api, { kind, filter: MILD });
    await updateCohort(api, { id, version: 1, filter: { or: [{ inCohort: { eq: id, version } }, SEVERE] } });

    expect(await examsWhere(api, { inCohort: { eq: id } })).toEqual(await examsWhere(api, { or: [MILD, SEVERE] }));
  });

  test('a dynamic one cannot be made from itself, directly or through another', async () => {
    const one = await createCohort(api, { name: 'One', kind: 'DYNAMIC', filter: MILD });
    const two = await createCohort(api, { name: 'Two', kind: 'DYNAMIC', filter: { inCohort: { eq: one.id } } });

    await expect(updateCohort(api, { id: one.id, version: 1, filter: { inCohort: { eq: one.id } } })).rejects.toThrow(
      'cannot be made from itself',
    );
    await expect(updateCohort(api, { id: one.id, version: 1, filter: { inCohort: { eq: two.id } } })).rejects.toThrow(
      'cannot be made from itself',
    );
    expect(await examsWhere(api, { inCohort: { eq: two.id } })).toEqual(await examsWhere(api, MILD));
  });

  test('many at once are refused with the limit', async () => {
    const { id } = await createCohort(api, { filter: MILD });

    await expect(examsWhere(api, { or: Array(51).fill({ inCohort: { eq: id } }) })).rejects.toThrow(
      'a filter speaks of at most 50 cohorts',
    );
  });
});
