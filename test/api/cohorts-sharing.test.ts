import { createCohort, examsWhere, makeStudy, only, readCohort, updateCohort } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { createToken } from '../../src/services/access/tokens.js';

let api: TestServer;
/** Two readers: one makes cohorts, the other looks at them. */
let [ann, ben]: string[] = [];

beforeAll(async () => {
  api = await startTestServer();
  await makeStudy(api.dataSource, 10);
  [ann, ben] = await Promise.all(
    ['ann', 'ben'].map(async (name) => (await createToken(api.dataSource, { name, role: 'READER' })).text),
  );
});

afterAll(() => api.close());

const FILTER = { kl: { gte: 3 } };

async function share(id: string, visibility: string, token = ann) {
  return api.ask<{ shareCohort: { cohort: { visibility: string; version: number } } }>(
    'mutation ($id: ID!, $visibility: CohortVisibility!) { shareCohort(input: { id: $id, visibility: $visibility }) { cohort { visibility version } } }',
    { id, visibility },
    token,
  );
}

async function listed(token?: string, variables: object = {}): Promise<string[]> {
  const answer = await api.ask<{ cohorts: { nodes: { id: string }[] } }>(
    'query ($mine: Boolean, $where: CohortFilter) { cohorts(mine: $mine, where: $where, first: 200) { nodes { id } } }',
    variables,
    token,
  );
  return only(answer).cohorts.nodes.map(({ id }) => id);
}

const codesOf = ({ errors }: { errors: { extensions: { code: string } }[] | undefined }) =>
  (errors ?? []).map(({ extensions }) => extensions.code);

test.each([
  // What another reader can do with a cohort of each visibility.
  { visibility: 'PRIVATE', byId: false, inList: false },
  { visibility: 'LINK', byId: true, inList: false },
  { visibility: 'READERS', byId: true, inList: true },
])('a $visibility cohort', async ({ visibility, byId, inList }) => {
  const { id } = await createCohort(api, { visibility, filter: FILTER }, ann);

  expect(await readCohort(api, id, ann)).toMatchObject({ owner: 'ann', canChange: true, visibility });
  const seen = await readCohort(api, id, ben);
  expect(seen && { owner: seen.owner, canChange: seen.canChange }).toEqual(
    byId ? { owner: 'ann', canChange: false } : null,
  );
  expect((await listed(ben)).includes(id)).toBe(inList);
  expect((await listed(ann)).includes(id)).toBe(true);
  expect((await listed(ben, { mine: true })).includes(id)).toBe(false);
  expect((await listed()).includes(id)).toBe(true);
  const used = examsWhere(api, { inCohort: { eq: id } }, ben);
  await (byId ? expect(used).resolves.toHaveLength(16) : expect(used).rejects.toThrow('there is no such cohort'));
  const node = await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id }, ben);
  expect(node.data).toEqual({ node: byId ? { id } : null });
});

test('sharing works at once and can be taken back', async () => {
  const { id } = await createCohort(api, { filter: FILTER }, ann);
  expect(only(await share(id, 'READERS')).shareCohort.cohort).toEqual({ visibility: 'READERS', version: 1 });
  expect(await listed(ben)).toContain(id);
  await share(id, 'PRIVATE');

  expect(await readCohort(api, id, ben)).toBeNull();
});

test.each([
  [
    'updateCohort',
    'mutation ($id: ID!) { updateCohort(input: { id: $id, version: 1, name: "Mine now" }) { cohort { id } } }',
  ],
  ['shareCohort', 'mutation ($id: ID!) { shareCohort(input: { id: $id, visibility: PRIVATE }) { cohort { id } } }'],
  ['deleteCohort', 'mutation ($id: ID!) { deleteCohort(input: { id: $id }) { deletedCohortId } }'],
])('%s is for the owner and administrators', async (_name, mutation) => {
  const shared = await createCohort(api, { visibility: 'READERS', filter: FILTER }, ann);
  const hidden = await createCohort(api, { filter: FILTER }, ann);

  expect(codesOf(await api.ask(mutation, { id: shared.id }, ben))).toEqual(['FORBIDDEN']);
  expect(codesOf(await api.ask(mutation, { id: hidden.id }, ben))).toEqual(['NOT_FOUND']);
  expect(codesOf(await api.ask(mutation, { id: hidden.id }))).toEqual([]);
});

test('whoever reads a cohort can make one of their own from it', async () => {
  const theirs = await createCohort(api, { visibility: 'LINK', filter: FILTER }, ann);
  const mine = await createCohort(api, { filter: { inCohort: { eq: theirs.id }, side: { eq: 'LEFT' } } }, ben);

  expect(mine).toMatchObject({ owner: 'ben', counts: { exams: 8 } });
});

test('a cohort within a shared one is read with the rights of its owner', async () => {
  const inner = await createCohort(api, { name: 'Inner', kind: 'DYNAMIC', filter: FILTER }, ann);
  const outer = await createCohort(
    api,
    { name: 'Outer', kind: 'DYNAMIC', visibility: 'READERS', filter: { inCohort: { eq: inner.id } } },
    ann,
  );

  expect(await examsWhere(api, { inCohort: { eq: outer.id } }, ben)).toHaveLength(16);
  expect((await readCohort(api, outer.id, ben))!.counts.exams).toBe(16);
  await expect(examsWhere(api, { inCohort: { eq: inner.id } }, ben)).rejects.toThrow('there is no such cohort');
});

test('a cohort that lost one it was made from says so, and the others go on', async () => {
  const inner = await createCohort(api, { visibility: 'LINK', filter: FILTER }, ann);
  const outer = await createCohort(
    api,
    { name: 'Outer', kind: 'DYNAMIC', filter: { inCohort: { eq: inner.id } } },
    ben,
  );
  await share(inner.id, 'PRIVATE');

  await expect(examsWhere(api, { inCohort: { eq: outer.id } }, ben)).rejects.toThrow(
    'The filter of the cohort "Outer" is no longer valid: where.inCohort: there is no such cohort.',
  );
  const answer = await api.ask('query ($id: ID!) { cohort(id: $id) { name version problem } }', { id: outer.id }, ben);
  expect(answer.data).toEqual({
    cohort: {
      name: 'Outer',
      version: 1,
      problem: 'The filter of the cohort "Outer" is no longer valid: where.inCohort: there is no such cohort.',
    },
  });
});

test('a token of role SUMMARY reads counts of shared cohorts and nothing else', async () => {
  const { id } = await createCohort(api, { visibility: 'READERS', filter: FILTER }, ann);
  const small = await createCohort(
    api,
    { visibility: 'READERS', examIds: (await examsWhere(api, {})).slice(0, 4) },
    ann,
  );
  const counts = 'query ($id: ID!) { cohort(id: $id) { name counts { exams participants } } }';
  const fields = ['filter', 'origin { kind }', 'exams { totalCount }', 'versions { nodes { version } }'];
  const refused = await Promise.all(
    fields.map((field) => api.ask(`query ($id: ID!) { cohort(id: $id) { ${field} } }`, { id }, api.tokens.SUMMARY)),
  );

  expect((await api.ask(counts, { id }, api.tokens.SUMMARY)).data).toEqual({
    cohort: { name: 'A cohort', counts: { exams: 15, participants: 5 } },
  });
  expect((await api.ask(counts, { id: small.id }, api.tokens.SUMMARY)).data).toEqual({
    cohort: { name: 'A cohort', counts: { exams: null, participants: null } },
  });
  // Two knees at two visits each of four people.
  const few = await createCohort(api, { visibility: 'READERS', filter: { age: { lt: 54 } } }, ann);
  expect((await api.ask(counts, { id: few.id }, ann)).data).toMatchObject({
    cohort: { counts: { exams: 16, participants: 4 } },
  });
  expect((await api.ask(counts, { id: few.id }, api.tokens.SUMMARY)).data).toMatchObject({
    cohort: { counts: { exams: null, participants: null } },
  });
  expect(refused.map(codesOf)).toEqual(fields.map(() => ['FORBIDDEN']));
});

test('the list is filtered, ordered and paged', async () => {
  const names = ['Zeta', 'Alpha', 'Mid'];
  for (const name of names) await createCohort(api, { name: `${name} sorted`, filter: {} }, ben);
  const page = `query ($after: String) { cohorts(mine: true, where: { name: { contains: "SORTED" } },
    orderBy: [{ field: NAME }], first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { name } } }`;
  type Page = {
    cohorts: { totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string }; nodes: { name: string }[] };
  };
  const one = only(await api.ask<Page>(page, {}, ben)).cohorts;
  const two = only(await api.ask<Page>(page, { after: one.pageInfo.endCursor }, ben)).cohorts;

  expect(one.totalCount).toBe(3);
  expect([...one.nodes, ...two.nodes].map(({ name }) => name)).toEqual(['Alpha sorted', 'Mid sorted', 'Zeta sorted']);
  expect([one.pageInfo.hasNextPage, two.pageInfo.hasNextPage]).toEqual([true, false]);
});

test('what was made is changed by its owner only as long as nobody moved it on', async () => {
  const { id } = await createCohort(api, { visibility: 'READERS', filter: FILTER }, ann);
  await updateCohort(api, { id, version: 1, name: 'By the administrator' });

  await expect(updateCohort(api, { id, version: 1, name: 'By ann' }, ann)).rejects.toThrow('is at version 2, not 1');
});
