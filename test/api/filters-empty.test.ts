import { makeFilterExams } from '../helpers/filter-exams.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await makeFilterExams(api);
});

afterAll(() => api.close());

const OMITTED: [name: string, query: string, sentence: string][] = [
  [
    'an operand',
    'query ($k: Int) { kneeExams(where: { kl: { eq: $k } }) { totalCount } }',
    'where.kl.eq is null; use isNull.',
  ],
  [
    'one operand of two',
    'query ($k: Int) { kneeExams(where: { kl: { gte: 1, lte: $k } }) { totalCount } }',
    'where.kl.lte is null; use isNull.',
  ],
  [
    'a list',
    'query ($k: [Int!]) { kneeExams(where: { kl: { in: $k } }) { totalCount } }',
    'where.kl.in is null; use isNull.',
  ],
  [
    'a whole comparison',
    'query ($k: IntFilter) { kneeExams(where: { side: { eq: LEFT }, kl: $k }) { totalCount } }',
    'where.kl is null; leave it out, or use isNull.',
  ],
  [
    'a whole branch',
    'query ($b: [KneeExamFilter!]) { kneeExams(where: { or: $b }) { totalCount } }',
    'where.or is null; leave it out.',
  ],
  [
    'an operand deep inside',
    'query ($k: Int) { participants(where: { exams: { some: { or: [{ kl: { eq: 1 } }, { kl: { eq: $k } }] } } }) { totalCount } }',
    'where.exams.some.or[1].kl.eq is null; use isNull.',
  ],
  [
    'what fits related rows',
    'query ($f: KneeExamFilter) { kneeExams(where: { sameKnee: { some: $f } }) { totalCount } }',
    'where.sameKnee.some is null; leave it out, or use exists.',
  ],
  [
    'a condition on a reading whose project has a default',
    'query ($k: IntFilter) { kneeExams(where: { reading: { kl: $k } }) { totalCount } }',
    'where.reading.kl is null; leave it out, or use isNull.',
  ],
  [
    'an operand of generations',
    'query ($s: GenerationState) { generations(where: { state: { eq: $s } }) { totalCount } }',
    'where.state.eq is null; use isNull.',
  ],
  [
    'an operand of a nested list',
    'query ($s: GenerationState) { kneeExams(first: 1) { nodes { generations(where: { state: { eq: $s } }) { totalCount } } } }',
    'where.state.eq is null; use isNull.',
  ],
  [
    'an operand within a fragment',
    'query ($k: Int) { ...f } fragment f on Query { kneeExamFacets(where: { kl: { eq: $k } }, by: [SEX]) { exams } }',
    'where.kl.eq is null; use isNull.',
  ],
  [
    'an operand of batches',
    'query ($s: BatchState) { batches(where: { state: { eq: $s } }) { totalCount } }',
    'where.state.eq is null; use isNull.',
  ],
  [
    'an operand of cohorts',
    'query ($s: String) { cohorts(where: { name: { contains: $s } }) { totalCount } }',
    'where.name.contains is null; use isNull.',
  ],
  [
    'an operand of a cohort that is made',
    'mutation ($k: Int) { createCohort(input: { name: "x", filter: { kl: { eq: $k } } }) { cohort { id } } }',
    'where.kl.eq is null; use isNull.',
  ],
  [
    'the filter of a cohort that is made',
    'mutation ($f: KneeExamFilter) { createCohort(input: { name: "x", filter: $f }) { cohort { id } } }',
    'input.filter is null; leave it out, or give {} for no condition.',
  ],
  ...['exportCohort', 'exportParticipants'].map((name): [string, string, string] => [
    `the cohort of ${name}`,
    `mutation ($c: ID) { ${name}(input: { format: CSV, cohortId: $c }) { export { id } } }`,
    'input.cohortId is null; leave it out.',
  ]),
  [
    'the version of a cohort that is made something of',
    'mutation ($v: Int) { synthesizeCohort(input: { cohortId: "x", cohortVersion: $v }) { batch { id } } }',
    'input.cohortVersion is null; leave it out.',
  ],
  [
    'the cohort of a rule',
    'mutation ($c: ID) { createArrivalRule(input: { task: IMAGE_RESTORATION, cohortId: $c }) { arrivalRule { id } } }',
    'input.cohortId is null; leave it out.',
  ],
  [
    'the pairs of an export',
    'mutation ($p: KneePairsInput) { exportCohort(input: { format: CSV, pairs: $p }) { export { id } } }',
    'input.pairs is null; leave it out.',
  ],
  [
    'the filter of an export',
    'mutation ($f: KneeExamFilter) { exportCohort(input: { format: CSV, where: $f }) { export { id } } }',
    'input.where is null; leave it out, or give {} for no condition.',
  ],
  [
    'an operand of an export',
    'mutation ($k: Int) { exportCohort(input: { format: CSV, where: { kl: { eq: $k } } }) { export { id } } }',
    'where.kl.eq is null; use isNull.',
  ],
];

test.each(OMITTED)(
  '%s whose variable is omitted is refused on HTTP, in the words of null',
  async (_, query, sentence) => {
    const answer = await api.ask(query);

    expect(answer).toMatchObject({
      status: 400,
      errors: [{ message: sentence, extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(answer.data ?? null).toBeNull();
  },
);

test.each(OMITTED.filter(([, query]) => query.startsWith('query')))(
  '%s whose variable is omitted is refused on WebSocket, in the words of null',
  async (_, query, sentence) => {
    const answers = api.socketClient().iterate({ query });

    await expect(answers.next()).rejects.toMatchObject([{ message: sentence, extensions: { code: 'BAD_USER_INPUT' } }]);
  },
);

test('nothing was made of refused filters', async () => {
  const { data } = await api.ask('{ cohorts { totalCount } exports { totalCount } }');

  expect(data).toEqual({ cohorts: { totalCount: 0 }, exports: { totalCount: 0 } });
});

const EMPTY: [name: string, where: object, sentence: string][] = [
  ['an empty comparison', { kl: {} }, 'where.kl is empty; leave it out, or use isNull.'],
  ['an empty branch', { or: [{ kl: { eq: 2 } }, {}] }, 'where.or[1] is empty; leave it out.'],
  ['an empty branch of and', { and: [{}] }, 'where.and[0] is empty; leave it out.'],
  ['an empty complement', { not: {} }, 'where.not is empty; leave it out.'],
  ['an empty relation', { sameKnee: { some: {} } }, 'where.sameKnee.some is empty; leave it out, or use exists.'],
  ['a relation without rows', { sameKnee: {} }, 'where.sameKnee is empty; leave it out, or use exists.'],
  ['an empty group', { grades: {} }, 'where.grades is empty; leave it out.'],
  ['an empty person', { participant: {} }, 'where.participant is empty; leave it out.'],
  ['an empty reading', { reading: {} }, 'where.reading is empty; leave it out.'],
  ['an empty film', { radiographs: { none: {} } }, 'where.radiographs.none is empty; leave it out, or use exists.'],
];

test.each(EMPTY)(
  '%s is no condition and is refused, in a variable, in the text and as JSON',
  async (_, where, sentence) => {
    const inText = JSON.stringify(where).replace(/"(\w+)":/g, '$1:');
    const answers = [
      await api.ask('query ($w: KneeExamFilter) { kneeExams(where: $w) { totalCount } }', { w: where }),
      await api.ask(`{ kneeExams(where: ${inText}) { totalCount } }`),
    ];
    const streamed = await exported(JSON.stringify(where));

    expect(answers.map(({ errors }) => errors?.[0]?.message)).toEqual([sentence, sentence]);
    expect([streamed.status, streamed.message]).toEqual([400, sentence]);
  },
);

test('a share of exams that fulfil no condition is refused', async () => {
  const { errors } = await api.ask('{ kneePrevalence(having: {}) { cases } }');

  expect(errors?.[0]?.message).toBe('having is empty; say what is counted, such as { kl: { gte: 2 } }.');
});

test('a where that is left out, {} or a variable that was not given selects everything in a list', async () => {
  const all = (await api.ask('{ kneeExams { totalCount } }')).data;
  const optional = 'query ($w: KneeExamFilter) { kneeExams(where: $w) { totalCount } }';

  expect(all).toMatchObject({ kneeExams: { totalCount: expect.any(Number) as number } });
  expect((await api.ask(optional)).data).toEqual(all);
  expect((await api.ask(optional, { w: {} })).data).toEqual(all);
  expect((await api.ask(optional, { w: null })).data).toEqual(all);
});

test('a variable with a default is given, and one of a field that is left out is not missed', async () => {
  const answers = [
    await api.ask('query ($k: Int = 2) { kneeExams(where: { kl: { eq: $k } }) { totalCount } }'),
    await api.ask(
      'query ($k: Int, $with: Boolean!) { viewer { name } kneeExams(where: { kl: { eq: $k } }) @include(if: $with) { totalCount } }',
      { with: false },
    ),
    await api.ask('query a($k: Int) { kneeExams(where: { kl: { eq: $k } }) { totalCount } }', { k: 2 }),
  ];

  expect(answers.map(({ errors }) => errors)).toEqual([undefined, undefined, undefined]);
  expect(answers[0]!.data).toEqual(answers[2]!.data);
});

test('whether there are related rows is asked with exists', async () => {
  const count = async (where: object) =>
    (
      await api.ask<{ kneeExams: { totalCount: number } }>(
        'query ($w: KneeExamFilter) { kneeExams(where: $w) { totalCount } }',
        { w: where },
      )
    ).data!.kneeExams.totalCount;
  const [all, read, unread] = [
    await count({}),
    await count({ readings: { exists: true } }),
    await count({ readings: { exists: false } }),
  ];

  expect(read).toBeGreaterThan(0);
  expect(unread).toBeGreaterThan(0);
  expect(read + unread).toBe(all);
});

test.each([
  [
    '__proto__ at the top',
    '{"__proto__":{"kl":{"eq":4}}}',
    'filter: Field "__proto__" is not defined by type "KneeExamFilter".',
  ],
  [
    'constructor at the top',
    '{"constructor":{"kl":{"eq":4}}}',
    'filter: Field "constructor" is not defined by type "KneeExamFilter".',
  ],
  [
    '__proto__ inside',
    '{"kl":{"eq":4,"__proto__":{"gte":0}}}',
    'filter.kl: Field "__proto__" is not defined by type "IntFilter".',
  ],
  [
    '__proto__ in a list',
    '{"or":[{"__proto__":{}}]}',
    'filter.or[0]: Field "__proto__" is not defined by type "KneeExamFilter".',
  ],
  ['a list', '[]', 'where: must be an object.'],
  ['500 levels', nested(500), 'where nests deeper than 100 levels of JSON.'],
])('an export filtered by %s is refused and streams nothing', async (_, where, sentence) => {
  expect(await exported(where)).toEqual({
    status: 400,
    message: sentence,
    posted: { status: 400, message: sentence.replace('where nests', 'The request nests') },
  });
});

test('JSON of 5,000 levels is refused in one sentence, wherever it is sent', async () => {
  const query = 'query ($w: KneeExamFilter) { kneeExams(where: $w) { totalCount } }';
  const send = async (path: string, body: string) => {
    const headers = { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' };
    const response = await fetch(`${api.url}${path}`, { method: 'POST', headers, body });
    return { status: response.status, body: await response.json() };
  };
  const sentence = 'The request nests deeper than 100 levels of JSON.';
  const refused = { errors: [{ message: sentence, extensions: { code: 'BAD_USER_INPUT' } }] };

  const variables = await send('/graphql', `{"query":${JSON.stringify(query)},"variables":{"w":${nested(5000)}}}`);
  const streamed = await send('/exports', `{"format":"CSV","where":${nested(5000)}}`);
  const overSocket = api.socketClient().iterate({ query, variables: { w: JSON.parse(nested(1000)) as unknown } });

  expect([variables, streamed]).toEqual([
    { status: 400, body: refused },
    { status: 400, body: refused },
  ]);
  await expect(overSocket.next()).rejects.toMatchObject([{ message: sentence }]);
});

test('a key of a prototype in a variable is refused as any unknown one', async () => {
  const query = 'query ($w: KneeExamFilter) { kneeExams(where: $w) { totalCount } }';
  const { status, errors } = await api.ask(query, { w: JSON.parse('{"__proto__":{"kl":{"eq":4}}}') as unknown });

  expect([status, errors![0]!.message]).toEqual([
    400,
    'Variable "$w" got invalid value { __proto__: { kl: [Object] } }; Field "__proto__" is not defined by type "KneeExamFilter".',
  ]);
});

test('the stored filter of a dynamic cohort from before empty parts were refused keeps its meaning', async () => {
  const made = await api.ask<{ createCohort: { cohort: { id: string } } }>(
    'mutation { createCohort(input: { name: "old", kind: DYNAMIC, filter: { kl: { gte: 2 } } }) { cohort { id } } }',
  );
  const id = made.data!.createCohort.cohort.id;
  await api.dataSource.query(`UPDATE cohort_version SET filter = '{"kl":{},"readings":{"some":{}}}'`);
  const count = async (where: object) =>
    (await api.ask('query ($w: KneeExamFilter) { kneeExams(where: $w) { totalCount } }', { w: where })).data;

  expect(await count({ inCohort: { eq: id } })).toEqual(await count({ readings: { exists: true } }));
});

function nested(levels: number): string {
  return `${'{"not":'.repeat(levels)}{}${'}'.repeat(levels)}`;
}

/** Asks for a streamed export by GET and by POST; the refusal of the first, and of the second where it differs. */
async function exported(
  where: string,
): Promise<{ status: number; message: string; posted: { status: number; message: string } }> {
  const headers = { authorization: `Bearer ${api.tokens.READER}` };
  const url = `${api.url}/exports`;
  const said = async (response: Response) => {
    const { errors } = (await response.json()) as { errors: { message: string }[] };
    return { status: response.status, message: errors[0]!.message };
  };
  const got = await said(await fetch(`${url}?where=${encodeURIComponent(where)}`, { headers }));
  const body = `{"format":"CSV","where":${where}}`;
  const posted = await said(
    await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }),
  );
  return { ...got, posted };
}
