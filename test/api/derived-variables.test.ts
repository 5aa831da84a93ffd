import { createCohort, examsWhere, makeStudy, only } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
/** A second reader, who owns nothing of the first one's. */
let other: string;

beforeAll(async () => {
  api = await startTestServer();
  // 20 people with both knees at V00 and V06; knees of KL n mod 5, those of the first four people without a grade.
  await makeStudy(api.dataSource, 20);
  await api.dataSource.query(
    `UPDATE knee_exam SET xrkl = NULL FROM participant p WHERE p.id = participant_id AND p.oai_id::integer < 1500004`,
  );
  // KOOS pain: 40 + 3 for each year above 50; nobody of 65 or more has answered.
  await api.dataSource.query(
    `UPDATE knee_exam e SET koos_pain = CASE WHEN v.age < 65 THEN 40 + 3 * (v.age - 50) END FROM visit v WHERE v.id = e.visit_id`,
  );
  const made = await api.ask<{ createToken: { secret: string } }>(
    'mutation { createToken(input: { name: "another", role: READER }) { secret } }',
  );
  other = only(made).createToken.secret;
});

afterAll(() => api.close());

const FIELDS = `id name label description kind version owner canChange where bands { code label where } problem`;

interface Derived {
  id: string;
  name: string;
  version: number;
  where: object | null;
  canChange: boolean;
  bands: { code: number; label: string; where: object }[];
}

const create = (input: object, token?: string) =>
  api.ask<{ createDerivedVariable: { derivedVariable: Derived } }>(
    `mutation ($input: CreateDerivedVariableInput!) { createDerivedVariable(input: $input) { derivedVariable { ${FIELDS} } } }`,
    { input: { label: 'A label', ...input } },
    token,
  );

const update = (input: object, token?: string) =>
  api.ask<{ updateDerivedVariable: { derivedVariable: Derived } }>(
    `mutation ($input: UpdateDerivedVariableInput!) { updateDerivedVariable(input: $input) { derivedVariable { ${FIELDS} } } }`,
    { input },
    token,
  );

const remove = (id: string, token?: string) =>
  api.ask<{ deleteDerivedVariable: { deletedDerivedVariableId: string } }>(
    'mutation ($id: ID!) { deleteDerivedVariable(input: { id: $id }) { deletedDerivedVariableId } }',
    { id },
    token,
  );

async function defined(input: object, token?: string): Promise<Derived> {
  return only(await create(input, token)).createDerivedVariable.derivedVariable;
}

async function counted(where: object): Promise<number> {
  const answer = await api.ask<{ kneeExams: { totalCount: number } }>(
    'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }',
    { where },
  );
  return only(answer).kneeExams.totalCount;
}

/** The one error of an answer, as "CODE: sentence". */
function refusal({
  errors,
}: {
  errors?: { message: string; extensions?: Record<string, unknown> }[] | undefined;
}): string {
  expect(errors).toHaveLength(1);
  return `${String(errors![0]!.extensions!['code'])}: ${errors![0]!.message}`;
}

const OA_WITH_PAIN = { kl: { gte: 2 }, koosPain: { lte: 60 } };

test('a definition that holds, does not hold or is not known gives yes, no and missing, each with three values', async () => {
  const variable = await defined({
    name: 'symptomaticOa',
    label: 'Symptomatic OA',
    description: 'KL 2 or more, and KOOS pain of 60 or less.',
    where: OA_WITH_PAIN,
  });
  expect(variable).toMatchObject({
    ...{ name: 'symptomaticOa', label: 'Symptomatic OA', kind: 'BOOLEAN', version: 1, owner: 'admin', canChange: true },
    ...{ where: OA_WITH_PAIN, bands: [], problem: null },
  });
  const answer = await api.ask(`{
    kneeExamFacets(where: { visit: { eq: V00 } }, variables: ["symptomaticOa"]) { exams values { variable value meaning missing } }
  }`);
  // Worked out again from the rows: person n has KL n mod 5 on the right, n + 1 mod 5 on the left, and pain 40 + 3n below n = 15.
  const facts = Array.from({ length: 20 }, (_, n) =>
    [n % 5, (n + 1) % 5].map((kl) => ({ n, kl: n < 4 ? null : kl, pain: n < 15 ? 40 + 3 * n : null })),
  ).flat();
  const verdict = ({ kl, pain }: (typeof facts)[number]) => {
    if ((kl !== null && kl < 2) || (pain !== null && pain > 60)) return 'no';
    return kl === null || pain === null ? 'unknown' : 'yes';
  };
  const tally = (what: string) => facts.filter((fact) => verdict(fact) === what).length;
  expect([tally('yes'), tally('no'), tally('unknown')]).toEqual([2, 24, 14]);
  const bucket = (value: string | null, meaning: string | null, exams: number) => ({
    exams,
    values: [{ variable: 'symptomaticOa', value, meaning, missing: null }],
  });
  expect(only(answer)).toEqual({
    kneeExamFacets: [bucket('0', 'No', 24), bucket('1', 'Yes', 2), bucket(null, null, 14)],
  });
});

test('it stands in filters as any variable does, of the exam, of another visit and of one knee', async () => {
  const V = (condition: object) => counted({ visit: { eq: 'V06' }, variables: [condition] });

  expect(await V({ name: 'symptomaticOa', eq: 1 })).toBe(2);
  expect(await V({ name: 'SYMPTOMATICOA@1', eq: 0 })).toBe(24);
  expect(await V({ name: 'V00symptomaticOa', eq: 1 })).toBe(2);
  expect(await V({ name: 'symptomaticOa', isNull: true })).toBe(14);
  // Both knees of whom the right knee at baseline has it.
  expect(await V({ name: 'V00symptomaticOaR', eq: 1 })).toBe(2);
  expect(await counted({ visit: { eq: 'V00' }, not: { variables: [{ name: 'symptomaticOa', eq: 1 }] } })).toBe(38);
  expect(await counted({ comparisons: [{ left: 'V06symptomaticOa', is: 'EQ', right: 'V00symptomaticOa' }] })).toBe(52);
  expect(
    await counted({ sameKnee: { some: { visit: { eq: 'V00' }, variables: [{ name: 'symptomaticOa', eq: 1 }] } } }),
  ).toBe(4);
});

test('statistics, prevalence, correlation, survival, changes and values take it', async () => {
  const { data, errors } = await api.ask<Record<string, unknown>>(`{
    kneeExamStatistics(where: { visit: { eq: V00 } }, ofNumber: { variable: "symptomaticOa" }) { exams count missing mean }
    byIt: kneeExamStatistics(where: { visit: { eq: V00 } }, of: AGE, variables: ["symptomaticOa"]) { exams values { value meaning } }
    kneePrevalence(where: { visit: { eq: V00 } }, having: { variables: [{ name: "symptomaticOa", eq: 1 }] }) { exams count missing cases }
    kneeCorrelation(where: { visit: { eq: V00 } }, x: { variable: "symptomaticOa" }, y: { variable: "koosPain" }) { count }
    survival(event: DEATH, variables: ["symptomaticOa"], numbers: [{ variable: "koosPain", edges: [60] }]) { examined groups { knees values { variable value meaning } } }
    change: kneeExamStatistics(ofNumber: { variable: "symptomaticOa", change: { from: V00, to: V06 } }) { count maximum }
    kneeExams(where: { visit: { eq: V00 }, variables: [{ name: "symptomaticOa", eq: 1 }] }, first: 1) { nodes { variables(names: ["symptomaticOa"]) { label value number meaning missing } } }
  }`);
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    kneeExamStatistics: [{ exams: 40, count: 26, missing: 14, mean: 0.07692308 }],
    byIt: [
      { exams: 24, values: [{ value: '0', meaning: 'No' }] },
      { exams: 2, values: [{ value: '1', meaning: 'Yes' }] },
      { exams: 14, values: [{ value: null, meaning: null }] },
    ],
    kneePrevalence: [{ exams: 40, count: 26, missing: 14, cases: 2 }],
    kneeCorrelation: [{ count: expect.any(Number) }],
    change: [{ count: 26, maximum: 0 }],
    kneeExams: {
      nodes: [{ variables: [{ label: 'Symptomatic OA', value: '1', number: 1, meaning: 'Yes', missing: null }] }],
    },
  });
  const groups = (data as { survival: { examined: number; groups: { knees: number; values: object[] }[] } }).survival;
  expect(groups.examined).toBe(40);
  expect(groups.groups[0]!.values).toEqual([
    { variable: 'symptomaticOa', value: '0', meaning: 'No' },
    { variable: 'koosPain', value: 'below 60', meaning: null },
  ]);
});

test('the first band that holds counts, and none where it is not known whether one before does', async () => {
  const bands = [
    { label: 'severe', where: { kl: { gte: 3 }, koosPain: { lt: 70 } } },
    { label: 'mild', where: { kl: { gte: 2 } } },
    { label: 'none', where: {} },
  ];
  const variable = await defined({ name: 'oa_band', label: 'OA in bands', bands });
  expect(variable.bands).toEqual(bands.map((band, index) => ({ code: index + 1, ...band })));
  const answer = await api.ask<{ kneeExamFacets: { exams: number; values: { meaning: string | null }[] }[] }>(
    '{ kneeExamFacets(where: { visit: { eq: V00 } }, variables: ["oa_band"]) { exams values { meaning } } }',
  );
  const counts = Object.fromEntries(
    only(answer).kneeExamFacets.map(({ exams, values }) => [values[0]!.meaning, exams]),
  );
  const expected: Record<string, number> = {};
  for (let n = 0; n < 20; n++) {
    for (const grade of [n % 5, (n + 1) % 5]) {
      const kl = n < 4 ? null : grade;
      const pain = n < 15 ? 40 + 3 * n : null;
      const severe =
        (kl !== null && kl < 3) || (pain !== null && pain >= 70) ? false : kl === null || pain === null ? null : true;
      const mild = kl === null ? null : kl >= 2;
      const band = severe ? 'severe' : severe === null || mild === null ? 'null' : mild ? 'mild' : 'none';
      expected[band] = (expected[band] ?? 0) + 1;
    }
  }
  expect(expected).toEqual({ severe: 5, mild: 10, none: 13, null: 12 });
  expect(counts).toEqual(expected);
});

test('a change of grade between visits that is not known makes it missing too', async () => {
  await defined({ name: 'grew', where: { klChange: { from: 'V00', to: 'V06', gte: 1 } } });
  expect(await counted({ variables: [{ name: 'grew', eq: 0 }] })).toBe(64);
  expect(await counted({ variables: [{ name: 'grew', isNull: true }] })).toBe(16);
});

test('an edit is a new version, and what was made with the one before goes on with it and says so', async () => {
  const first = await defined({ name: 'painful', where: { koosPain: { lte: 60 } } });
  const filter = { visit: { eq: 'V00' }, variables: [{ name: 'painful', eq: 1 }] };
  const live = await createCohort(api, { kind: 'DYNAMIC', name: 'Live', filter });
  const frozen = await createCohort(api, { kind: 'STATIC', name: 'Frozen', filter });
  expect(live.filter).toEqual({ visit: { eq: 'V00' }, variables: [{ name: 'painful@1', eq: 1 }] });
  expect(frozen.filter).toEqual(live.filter);

  const changed = only(
    await update({ id: first.id, version: 1, where: { koosPain: { lte: 50 } }, note: 'Worse pain alone.' }),
  ).updateDerivedVariable.derivedVariable;
  expect(changed).toMatchObject({ name: 'painful', version: 2, where: { koosPain: { lte: 50 } } });

  expect(await counted(filter)).toBe(8);
  expect(await counted({ visit: { eq: 'V00' }, variables: [{ name: 'painful@1', eq: 1 }] })).toBe(14);
  expect(await examsWhere(api, { inCohort: { eq: live.id } })).toHaveLength(14);
  expect(await examsWhere(api, { inCohort: { eq: frozen.id } })).toHaveLength(14);
  const history = await api.ask(
    `query ($id: ID!) { node(id: $id) { ... on DerivedVariable { versions { totalCount nodes { version note createdBy where problem } } } } }`,
    { id: first.id },
  );
  expect(only(history)).toEqual({
    node: {
      versions: {
        totalCount: 2,
        nodes: [
          {
            version: 2,
            note: 'Worse pain alone.',
            createdBy: 'admin',
            where: { koosPain: { lte: 50 } },
            problem: null,
          },
          { version: 1, note: null, createdBy: 'admin', where: { koosPain: { lte: 60 } }, problem: null },
        ],
      },
    },
  });
  expect(refusal(await update({ id: first.id, version: 1, label: 'Late' }))).toBe(
    'CONFLICT: painful is at version 2, not 1; read it again and repeat the change.',
  );
  expect(refusal(await update({ id: first.id, version: 2 }))).toBe(
    'BAD_USER_INPUT: There is nothing to change; give a label, a description, where or bands.',
  );
});

test('a variable may be made of others, of the version that they are at, and so never of itself', async () => {
  const base = await defined({ name: 'base', where: { kl: { gte: 2 } } });
  const upper = await defined({ name: 'upper', where: { variables: [{ name: 'base', eq: 1 }], side: { eq: 'LEFT' } } });
  expect(upper.where).toEqual({ variables: [{ name: 'base@1', eq: 1 }], side: { eq: 'LEFT' } });
  // Of upper, which is of base@1: no circle, because a version never changes.
  const round = only(
    await update({ id: base.id, version: 1, where: { variables: [{ name: 'upper', eq: 1 }], kl: { gte: 3 } } }),
  ).updateDerivedVariable.derivedVariable;
  expect(round.where).toEqual({ variables: [{ name: 'upper@1', eq: 1 }], kl: { gte: 3 } });
  expect(await counted({ variables: [{ name: 'base', eq: 1 }] })).toBe(
    await counted({ kl: { gte: 3 }, side: { eq: 'LEFT' } }),
  );

  expect(refusal(await create({ name: 'selfish', where: { variables: [{ name: 'selfish', eq: 1 }] } }))).toMatch(
    /^BAD_USER_INPUT: There is no variable "selfish"; /,
  );
  for (let depth = 3; depth <= 5; depth++) {
    await defined({
      name: `depth${depth}`,
      where: { variables: [{ name: depth === 3 ? 'upper' : `depth${depth - 1}`, eq: 1 }] },
    });
  }
  expect(refusal(await create({ name: 'depth6', where: { variables: [{ name: 'depth5', eq: 1 }] } }))).toBe(
    'LIMIT_EXCEEDED: The definition nests derived variables 6 deep; at most 5 are allowed.',
  );
});

test('what it is made of counts in the cost of whatever names it', async () => {
  const or = Array.from({ length: 150 }, (_, index) => ({ age: { eq: 50 + (index % 40) } }));
  await defined({ name: 'costly', where: { or } });

  expect(
    refusal(
      await api.ask('query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }', {
        where: {
          variables: [
            { name: 'costly', eq: 1 },
            { name: 'costly', eq: 0 },
          ],
        },
      }),
    ),
  ).toBe('LIMIT_EXCEEDED: where.variables: a filter takes at most 200 conditions.');
  expect(
    refusal(
      await api.ask(
        '{ kneeExams(first: 1) { nodes { variables(names: ["costly", "V00costly", "V06costly", "V00costlyR"]) { value } } } }',
      ),
    ),
  ).toBe('LIMIT_EXCEEDED: names names derived variables of 600 conditions; at most 500 are allowed.');
  expect(refusal(await create({ name: 'larger', where: { and: [{ or }, { or }] } }))).toBe(
    'LIMIT_EXCEEDED: where.or[0].and[1].or[50].age: a filter takes at most 200 conditions.',
  );
});

test('a definition of too many operands is refused: they stand in every statement that names it', async () => {
  const nin = Array.from({ length: 9_000 }, (_, index) => String(1_000_000 + index));

  expect(refusal(await create({ name: 'long', where: { participant: { oaiId: { nin } } } }))).toMatch(
    /^LIMIT_EXCEEDED: The definition has \d+ characters as JSON, what it names included; at most 50000 are allowed\.$/,
  );
});

test('a definition or a name that cannot be is refused with one sentence, and nothing is written', async () => {
  const before = await api.dataSource.query('SELECT name FROM derived_variable ORDER BY name');
  const where = { kl: { gte: 2 } };
  const refused = async (input: object) => refusal(await create(input));

  expect(await refused({ name: 'x', where })).toBe(
    'BAD_USER_INPUT: name must be 2 to 40 letters, digits and underscores that begin with a letter, got "x".',
  );
  expect(await refused({ name: "a'; DROP TABLE visit", where })).toMatch(
    /^BAD_USER_INPUT: name must be 2 to 40 letters/,
  );
  expect(await refused({ name: 'V00thing', where })).toBe(
    'BAD_USER_INPUT: name must not begin as that of a visit does, got "V00thing".',
  );
  expect(await refused({ name: 'koosPain', where })).toBe(
    'CONFLICT: "koosPain" is, or may be read as, the variable koosPain; choose another name.',
  );
  expect(await refused({ name: 'WOMKPR', where })).toBe(
    'CONFLICT: "WOMKPR" is, or may be read as, the variable womacPain; choose another name.',
  );
  expect(await refused({ name: 'SymptomaticOA', where })).toBe(
    'CONFLICT: "SymptomaticOA" is, or may be read as, the variable symptomaticOa; choose another name.',
  );
  expect(await refused({ name: 'oai_id', where })).toBe(
    'CONFLICT: Exports have a column "oai_id" already; choose another name.',
  );
  expect(await refused({ name: 'fine', label: ' ', where })).toBe(
    'BAD_USER_INPUT: label must have between 1 and 100 characters.',
  );
  expect(await refused({ name: 'fine' })).toBe(
    'BAD_USER_INPUT: A derived variable is defined by where or by bands; give one.',
  );
  expect(await refused({ name: 'fine', where, bands: [{ label: 'a', where }] })).toBe(
    'BAD_USER_INPUT: Give one of where and bands, not both.',
  );
  expect(await refused({ name: 'fine', where: {} })).toBe(
    'BAD_USER_INPUT: where is empty; every exam would have the same value.',
  );
  expect(
    await refused({
      name: 'fine',
      bands: [
        { label: 'a', where: {} },
        { label: 'b', where },
      ],
    }),
  ).toBe('BAD_USER_INPUT: bands[0].where is empty; every exam would have the same value.');
  expect(await refused({ name: 'fine', bands: [] })).toBe('BAD_USER_INPUT: bands takes 1 to 50 bands, got 0.');
  expect(
    await refused({
      name: 'fine',
      bands: [
        { label: 'a', where },
        { label: 'a', where },
      ],
    }),
  ).toBe('BAD_USER_INPUT: bands has the label "a" twice.');
  const { id } = await createCohort(api, { filter: where });
  expect(await refused({ name: 'fine', where: { or: [where, { inCohort: { eq: id } }] } })).toBe(
    'BAD_USER_INPUT: where.or[1].inCohort is not accepted: a derived variable says what knees are like, not which cohort they are in.',
  );
  expect(await refused({ name: 'fine', where: { variables: [{ name: 'symptomaticOa@9', eq: 1 }] } })).toBe(
    'BAD_USER_INPUT: There is no symptomaticOa@9; its only version is 1.',
  );
  expect(await refused({ name: 'fine', where: { variables: [{ name: 'symptomaticOa@new', eq: 1 }] } })).toBe(
    'BAD_USER_INPUT: There is no symptomaticOa@new; its only version is 1.',
  );
  expect(await api.dataSource.query('SELECT name FROM derived_variable ORDER BY name')).toEqual(before);
});

test('a label and operands with quotes are text and nothing else', async () => {
  const label = `it's "quoted" \\ '; DROP TABLE visit; --`;
  await defined({
    name: 'quoted',
    bands: [
      { label, where: { participant: { oaiId: { contains: `'; --\\` } } } },
      { label: 'else', where: {} },
    ],
  });
  const answer = await api.ask<{ kneeExamFacets: { exams: number; values: { meaning: string }[] }[] }>(
    '{ kneeExamFacets(variables: ["quoted"]) { exams values { meaning } } }',
  );
  expect(only(answer).kneeExamFacets).toEqual([{ exams: 80, values: [{ meaning: 'else' }] }]);
});

test('every reader may use it; its owner and administrators alone change and delete it', async () => {
  const { id } = await defined({ name: 'owned', where: { kl: { gte: 4 } } }, api.tokens.READER);
  const seen = await api.ask<{ derivedVariable: Derived }>(
    'query { derivedVariable(name: "OWNED") { id canChange owner where } none: derivedVariable(name: "nothing") { id } }',
    {},
    other,
  );
  expect(only(seen)).toEqual({
    derivedVariable: { id, canChange: false, owner: expect.any(String), where: { kl: { gte: 4 } } },
    none: null,
  });
  const forbidden =
    'FORBIDDEN: owned is changed by its owner and by administrators; define one of your own from it instead.';
  expect(refusal(await update({ id, version: 1, label: 'Mine now' }, other))).toBe(forbidden);
  expect(refusal(await remove(id, other))).toBe(forbidden);
  expect(only(await update({ id, version: 1, label: 'Grade 4' })).updateDerivedVariable.derivedVariable).toMatchObject({
    version: 2,
    where: { kl: { gte: 4 } },
  });
  expect(only(await remove(id, api.tokens.READER))).toEqual({
    deleteDerivedVariable: { deletedDerivedVariableId: id },
  });
  expect(refusal(await remove(id))).toBe('NOT_FOUND: There is no such derived variable.');
});

test('it cannot be deleted while something was made with it, which is named unless it is private', async () => {
  const { id } = await defined({ name: 'needed', where: { kl: { gte: 2 } } });
  const filter = { variables: [{ name: 'V00needed', eq: 1 }] };
  const cohort = await createCohort(api, { name: 'Knees in need', kind: 'DYNAMIC', filter }, api.tokens.READER);
  expect(refusal(await remove(id))).toBe('CONFLICT: needed is used by the cohort "Knees in need"; delete that first.');
  const own = await defined({ name: 'alsoneeded', where: { kl: { gte: 2 } } }, other);
  const hidden = await createCohort(
    api,
    { name: 'Hidden', filter: { not: { variables: [{ name: 'alsoneeded', eq: 1 }] } } },
    api.tokens.READER,
  );
  expect(refusal(await remove(own.id, other))).toBe(
    "CONFLICT: alsoneeded is used by somebody else's cohort; delete that first.",
  );
  await defined({ name: 'further', where: filter });
  expect(refusal(await remove(id))).toBe(
    'CONFLICT: needed is used by the derived variable "further" and one more; delete those first.',
  );
  for (const gone of [cohort, hidden]) {
    only(
      await api.ask('mutation ($id: ID!) { deleteCohort(input: { id: $id }) { deletedCohortId } }', { id: gone.id }),
    );
  }
  expect(only(await remove(own.id, other))).toEqual({ deleteDerivedVariable: { deletedDerivedVariableId: own.id } });
});

test('lists and the search of variables have it, with its values by visit and its versions', async () => {
  const { data, errors } = await api.ask(`{
    variables(search: "symptomatic oa") { totalCount nodes { name label owner kind field tables readings coverage { visit filled missing } derivedVariable { version kind } } }
    koos: variables(search: "koosPain") { nodes { derivedVariable { id } } }
    derivedVariables(where: { name: { contains: "oa" } }, first: 1, orderBy: [{ field: NAME }]) { totalCount nodes { name kind } pageInfo { hasNextPage } }
    search(text: "symptomaticoa") { kind title detail }
  }`);
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    variables: {
      totalCount: 1,
      nodes: [
        {
          ...{
            name: 'symptomaticOa',
            label: 'Symptomatic OA',
            owner: 'KNEE_EXAM',
            kind: 'CODE',
            field: null,
            tables: [],
          },
          ...{ readings: ['1'], derivedVariable: { version: 1, kind: 'BOOLEAN' } },
          coverage: [
            { visit: 'V00', filled: 26, missing: 14 },
            { visit: 'V06', filled: 26, missing: 14 },
          ],
        },
      ],
    },
    koos: { nodes: [{ derivedVariable: null }] },
    derivedVariables: { totalCount: 2, nodes: [{ name: 'oa_band', kind: 'BANDS' }], pageInfo: { hasNextPage: true } },
    search: [{ kind: 'VARIABLE', title: 'symptomaticOa', detail: 'Symptomatic OA' }],
  });
});

test('a token of role SUMMARY learns nothing by it', async () => {
  const token = api.tokens.SUMMARY;
  expect(refusal(await api.ask('{ kneeExamFacets(variables: ["symptomaticOa"]) { exams } }', {}, token))).toBe(
    'FORBIDDEN: Grouping by the derived variable symptomaticOa needs the role ANALYST.',
  );
  const found = await api.ask(
    '{ variables(search: "symptomaticOa") { nodes { name coverage { filled } } } }',
    {},
    token,
  );
  expect(only(found)).toEqual({ variables: { nodes: [{ name: 'symptomaticOa', coverage: [] }] } });
});
