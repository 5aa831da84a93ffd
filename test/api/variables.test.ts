import { importRelease } from '../../src/services/imports/index.js';
import { createToken } from '../../src/services/access/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let release: ReleaseFolder;

beforeAll(async () => {
  api = await startTestServer();
  release = await ReleaseFolder.make();
  await release.table('Enrollees.txt', 'ID|VERSION|P02SEX|V00IMAGESA', [
    '1000001|25|1: Male|0: No',
    '1000002|25|2: Female|1: Yes',
  ]);
  await release.table(
    'AllClinical00.txt',
    'ID|VERSION|V00AGE|V00INCOME|V00HYAINJR|V00HYAINJL|V00KOOSKPR|V00KOOSKPL|V00ARTDOC',
    [
      '1000001|25|61|3: $25K to < $50K|1: Yes|0: No|88.9|.A: Not Expected|rheumatologist',
      '1000002|25|70|.R: Refused|0: No|.T|50|75|',
    ],
  );
  await release.table('AllClinical03.txt', 'ID|VERSION|V03AGE|V03INCOME', ['1000001|25|63|4: $50K to < $100K']);
  await release.table('kXR_QJSW_Duryea00.txt', 'ID|SIDE|READPRJ|VERSION|V00MCMJSW', [
    '1000001|1|15|0.9|4.25',
    '1000001|2|15|0.9|.T',
    '1000002|1|37|0.9|3.5',
    '1000002|2|15|0.9|5.5',
    '1000002|2|37|0.9|5.75',
  ]);
  const { refusals } = await importRelease(api.dataSource, release.path, { store: {} as BlobStore });
  expect(refusals).toEqual([]);
});

afterAll(async () => {
  await api.close();
  await release.remove();
});

/** OAI id, visit and side of the exams that a filter selects. */
async function selected(where: object): Promise<string[]> {
  const { data, errors } = await api.ask<{
    kneeExams: { nodes: { side: string; visit: { code: string }; participant: { oaiId: string } }[] };
  }>(
    `query ($where: KneeExamFilter) { kneeExams(where: $where) { nodes { side visit { code } participant { oaiId } } } }`,
    { where },
  );
  expect(errors).toBeUndefined();
  return data!.kneeExams.nodes
    .map(({ side, visit, participant }) => `${participant.oaiId} ${visit.code} ${side}`)
    .sort();
}

const V = (...variables: object[]) => selected({ variables });

test('a search finds variables by name, label and released column, with what they are and where they have values', async () => {
  const { data, errors } = await api.ask(`{
    variables(search: "joint space", first: 5) { totalCount nodes { name label unit owner kind field tables readings coverage { visit filled missing } } }
    koos: variables(search: "KOOSKP") { nodes { name owner field coverage { visit filled missing } } }
    income: variables(search: "income") { nodes { name kind coverage { visit filled missing } } }
    page: variables(first: 1) { nodes { name } pageInfo { hasNextPage endCursor } }
  }`);

  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    variables: {
      nodes: expect.arrayContaining([
        {
          name: 'MCMJSW',
          label: 'Minimum joint space width, medial compartment',
          unit: 'mm',
          owner: 'KNEE_EXAM',
          kind: 'NUMBER',
          field: null,
          tables: ['kxr_qjsw_duryea'],
          readings: ['15', '37'],
          coverage: [{ visit: 'V00', filled: 4, missing: 1 }],
        },
      ]),
    },
    koos: {
      nodes: [
        {
          name: 'koosPain',
          owner: 'KNEE_EXAM',
          field: 'koosPain',
          coverage: [{ visit: 'V00', filled: 3, missing: 1 }],
        },
      ],
    },
    income: {
      nodes: [
        {
          name: 'INCOME',
          kind: 'CODE',
          coverage: [
            { visit: 'V00', filled: 1, missing: 1 },
            { visit: 'V03', filled: 1, missing: 0 },
          ],
        },
      ],
    },
    page: { pageInfo: { hasNextPage: true } },
  });
});

test('a variable is compared as number or text, its own visit, baseline or one knee being meant by its name', async () => {
  expect(await V({ name: 'MCMJSW', gte: 4 })).toEqual(['1000001 V00 RIGHT', '1000002 V00 LEFT']);
  expect(await V({ name: 'MCMJSW@37', gte: 5.6 })).toEqual(['1000002 V00 LEFT']);
  expect(await V({ name: 'V00MCMJSWR', gte: 4 })).toEqual(['1000001 V00 LEFT', '1000001 V00 RIGHT']);
  expect(await V({ name: 'INCOME', in: [3] })).toEqual(['1000001 V00 LEFT', '1000001 V00 RIGHT']);
  expect(await V({ name: 'ARTDOC', text: { contains: 'rheuma' } })).toEqual(['1000001 V00 LEFT', '1000001 V00 RIGHT']);
  expect(await V({ name: 'V00HYAINJ', eq: 1 })).toEqual(['1000001 V00 RIGHT']);
  expect(await V({ name: 'V00IMAGESA', eq: 1 })).toEqual(['1000002 V00 LEFT', '1000002 V00 RIGHT']);
  expect(await V({ name: 'V00KOOSKP', gte: 70, lt: 80 })).toEqual(['1000002 V00 LEFT']);
  expect(await V({ name: 'MCMJSW', gte: 4 }, { name: 'HYAINJ', eq: 1 })).toEqual(['1000001 V00 RIGHT']);
});

test('missing codes can be asked for, of variables of the store and of fields alike', async () => {
  expect(await V({ name: 'MCMJSW', missing: { eq: '.T' } })).toEqual(['1000001 V00 LEFT']);
  expect(await V({ name: 'INCOME', missing: { in: ['.R', '.A'] } })).toEqual(['1000002 V00 LEFT', '1000002 V00 RIGHT']);
  expect(await V({ name: 'koosPain', missing: { eq: '.A' } })).toEqual(['1000001 V00 LEFT']);
  expect(await V({ name: 'MCMJSW', isNull: true })).toEqual(['1000001 V00 LEFT']);
  expect(await V({ name: 'MCMJSW', isNull: false })).toEqual([
    '1000001 V00 RIGHT',
    '1000002 V00 LEFT',
    '1000002 V00 RIGHT',
  ]);
  expect(await selected({ not: { variables: [{ name: 'MCMJSW', gte: 4 }] } })).toEqual([
    '1000001 V00 LEFT',
    '1000002 V00 RIGHT',
  ]);
});

test('participants and related rows are filtered by variables too', async () => {
  const { data, errors } = await api.ask(
    `{ participants(where: { variables: [{ name: "V00MCMJSWR", lt: 4 }] }) { nodes { oaiId variables(names: ["V03INCOME", "P02SEX", "V00INCOME"]) { name value meaning missing missingReason } visits { code variables(names: ["INCOME"]) { value missing } } } } }`,
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    participants: {
      nodes: [
        {
          oaiId: '1000002',
          variables: [
            { name: 'V03INCOME', value: null, meaning: null, missing: null, missingReason: null },
            { name: 'P02SEX', value: 'FEMALE', meaning: null, missing: null, missingReason: null },
            { name: 'V00INCOME', value: null, meaning: null, missing: '.R', missingReason: 'Refused' },
          ],
          visits: [{ code: 'V00', variables: [{ value: null, missing: '.R' }] }],
        },
      ],
    },
  });
  expect(
    await selected({
      participant: { variables: [{ name: 'V00INCOME', missing: { eq: '.R' } }] },
      side: { eq: 'LEFT' },
    }),
  ).toEqual(['1000002 V00 LEFT']);
  expect(await selected({ otherKnee: { variables: [{ name: 'MCMJSW', eq: 4.25 }] } })).toEqual(['1000001 V00 LEFT']);
});

test('exams carry values in the order of the names', async () => {
  const { data, errors } = await api.ask(
    `{ kneeExams(where: { participant: { oaiId: { eq: "1000001" } } }, orderBy: [{ field: SIDE, direction: DESC }]) { nodes { side variables(names: ["MCMJSW", "HYAINJ", "koosPain", "V03INCOME"]) { value number meaning unit missing } } } }`,
  );
  expect(errors).toBeUndefined();
  const income = { value: '4', number: 4, meaning: '$50K to < $100K', unit: null, missing: null };
  expect(data).toEqual({
    kneeExams: {
      nodes: [
        {
          side: 'RIGHT',
          variables: [
            { value: '4.25', number: 4.25, meaning: null, unit: 'mm', missing: null },
            { value: '1', number: 1, meaning: 'Yes', unit: null, missing: null },
            { value: '88.9', number: expect.closeTo(88.9, 4), meaning: null, unit: null, missing: null },
            income,
          ],
        },
        {
          side: 'LEFT',
          variables: [
            { value: null, number: null, meaning: null, unit: 'mm', missing: '.T' },
            { value: '0', number: 0, meaning: 'No', unit: null, missing: null },
            { value: null, number: null, meaning: null, unit: null, missing: '.A' },
            income,
          ],
        },
      ],
    },
  });
});

test('exams are counted by variables, missing codes apart from blanks, alone and beside facets', async () => {
  const { data, errors } = await api.ask(`{
    alone: kneeExamFacets(variables: ["INCOME"]) { exams participants values { facet variable value meaning missing } }
    beside: kneeExamFacets(by: [SIDE], variables: ["HYAINJ"]) { exams values { facet variable value missing } }
  }`);
  expect(errors).toBeUndefined();
  const income = (value: string | null, meaning: string | null, missing: string | null) => ({
    facet: null,
    variable: 'INCOME',
    value,
    meaning,
    missing,
  });
  const side = (value: string) => ({ facet: 'SIDE', variable: null, value, missing: null });
  const injected = (value: string | null, missing: string | null) => ({
    facet: null,
    variable: 'HYAINJ',
    value,
    missing,
  });
  expect(data).toEqual({
    alone: [
      { exams: 2, participants: 1, values: [income('3', '$25K to < $50K', null)] },
      { exams: 2, participants: 1, values: [income(null, null, '.R')] },
    ],
    beside: [
      { exams: 1, values: [side('RIGHT'), injected('0', null)] },
      { exams: 1, values: [side('RIGHT'), injected('1', null)] },
      { exams: 1, values: [side('LEFT'), injected('0', null)] },
      { exams: 1, values: [side('LEFT'), injected(null, '.T')] },
    ],
  });
});

test('statistics are of a variable as of a measure', async () => {
  const { data, errors } = await api.ask(`{
    kneeExamStatistics(ofNumber: { variable: "MCMJSW" }, by: [SIDE], histogram: { edges: [3, 4, 6] }) { exams count missing minimum maximum mean values { value } histogram { bins { count } } }
  }`);
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    kneeExamStatistics: [
      {
        exams: 2,
        count: 2,
        missing: 0,
        minimum: 3.5,
        maximum: 4.25,
        mean: 3.875,
        values: [{ value: 'RIGHT' }],
        histogram: { bins: [{ count: 1 }, { count: 1 }] },
      },
      {
        exams: 2,
        count: 1,
        missing: 1,
        minimum: 5.5,
        maximum: 5.5,
        mean: 5.5,
        values: [{ value: 'LEFT' }],
        histogram: { bins: [{ count: 0 }, { count: 1 }] },
      },
    ],
  });
});

test.each([
  [{ variables: [{ name: 'MCMJSX', gte: 1 }] }, 'There is no variable "MCMJSX"; the nearest names are MCMJSW.'],
  [{ variables: [{ name: 'V00INCOMR', eq: 1 }] }, 'There is no variable "V00INCOMR"; the nearest names are INCOME.'],
  [{ variables: [{ name: 'MCMJSW@99', gte: 1 }] }, 'There is no MCMJSW@99; readings of it are 15, 37.'],
  [{ variables: [{ name: 'MCMJSW' }] }, 'where.variables[0] needs a condition on MCMJSW, such as gte: 1.'],
  [
    { variables: [{ name: 'ARTDOC', gte: 1 }] },
    'where.variables[0]: ARTDOC holds words, which are compared by text: { gte: ... }.',
  ],
  [
    { participant: { variables: [{ name: 'MCMJSW', gte: 1 }] } },
    'MCMJSW is of a visit: name the visit too, e.g. V00MCMJSWR.',
  ],
])('%j is refused in one sentence', async (where, message) => {
  const { errors } = await api.ask(`query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }`, {
    where,
  });
  expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('facets, statistics and values of an unknown variable are refused, and a measure named twice over', async () => {
  for (const query of [
    '{ kneeExamFacets(variables: ["NOSUCHTHING"]) { exams } }',
    '{ kneeExamStatistics(ofNumber: { variable: "NOSUCHTHING" }) { exams } }',
    '{ kneeExams(first: 1) { nodes { variables(names: ["NOSUCHTHING"]) { value } } } }',
  ]) {
    const { errors } = await api.ask(query);
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(/^There is no variable "NOSUCHTHING"/) });
  }
  const { errors } = await api.ask('{ kneeExamStatistics(of: AGE, ofNumber: { variable: "MCMJSW" }) { exams } }');
  expect(errors?.[0]?.message).toBe('Give either of or ofNumber.');
});

test('a token of role SUMMARY groups by one variable of the store, filters by none, and reads no values', async () => {
  const { text } = await createToken(api.dataSource, { name: 'counts', role: 'SUMMARY' });
  const ask = (query: string) => api.ask(query, {}, text);

  const facets = await ask('{ kneeExamFacets(variables: ["INCOME"]) { exams } }');
  expect(facets).toMatchObject({ data: { kneeExamFacets: [] } });
  for (const [query, code] of [
    ['{ kneeExamFacets(by: [KL], variables: ["INCOME"]) { exams } }', 'FORBIDDEN'],
    ['{ kneeExamFacets(variables: ["V00AGE"]) { exams } }', 'FORBIDDEN'],
    ['{ kneeExamFacets(by: [KL], where: { variables: [{ name: "INCOME", eq: 3 }] }) { exams } }', 'FORBIDDEN'],
    ['{ participants(where: { variables: [{ name: "V00INCOME", eq: 3 }] }) { totalCount } }', 'FORBIDDEN'],
    ['{ kneeExamStatistics(ofNumber: { variable: "MCMJSW" }) { mean } }', 'FORBIDDEN'],
    ['{ participant(oaiId: "1000001") { variables(names: ["V00INCOME"]) { value } } }', 'FORBIDDEN'],
  ]) {
    const { errors } = await ask(query!);
    expect([query, errors?.[0]?.extensions?.['code']]).toEqual([query, code]);
  }
  const coverage = await ask('{ variables(search: "income") { nodes { coverage { filled missing } } } }');
  expect(coverage.data).toEqual({
    variables: {
      nodes: [
        {
          coverage: [],
        },
      ],
    },
  });
});
