import { parse } from 'csv-parse/sync';
import { Export } from '../../src/entities/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  const ann = await make.participant({ oaiId: '9000001', lastContact: 'V06' });
  const first = await make.visit(ann, { date: '2004-01-01', bmi: 24 });
  await make.exam(first, { grades: { XRKL: 0 }, womacPain: 1 });
  await make.exam(first, { side: 'LEFT', grades: { XRKL: 3 } });
  const second = await make.visit(ann, { code: 'V01', date: '2005-01-01', bmi: 25 });
  const read = await make.exam(second, { grades: { XRKL: 2 }, preferredProject: '15', womacPain: 4 });
  await make.reading(read, { grades: { XRKL: 2, XRJSM: 1.4 } });
  const gone = await make.exam(second, { side: 'LEFT', preferredProject: '15' });
  await make.reading(gone, { missing: { XRKL: '.P' } });
  await make.jointOutcome(ann, { side: 'LEFT', days: 200 });
  // At V06 the person comes, and no knee is examined.
  await make.visit(ann, { code: 'V06', date: '2008-01-01', bmi: 26 });
  const ben = await make.participant({ oaiId: '9000002', lastContact: 'V00' });
  await make.exam(await make.visit(ben), { grades: { XRKL: 1 } });
});

afterAll(() => api.close());

type Row = Record<string, string>;

async function streamed(request: object): Promise<Row[]> {
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  expect([response.status, text]).toEqual([200, text]);
  return parse(text, { columns: true });
}

const pick = (rows: Row[], ...names: string[]) => rows.map((row) => names.map((name) => row[name]));

const EVENT = { event: 'KL_GE_2', competing: ['KNEE_REPLACEMENT', 'DEATH'] };

test('each exam has the time of its knee to the event, and how that ended', async () => {
  const rows = await streamed({ columns: ['xrkl'], event: EVENT });

  expect(pick(rows, 'oai_id', 'visit', 'side', 'time', 'status', 'competing', 'left_out')).toEqual([
    ['9000001', 'V00', 'RIGHT', '366', '1', '', ''],
    ['9000001', 'V00', 'LEFT', '', '', '', 'HAD_EVENT'],
    ['9000001', 'V01', 'RIGHT', '366', '1', '', ''],
    ['9000001', 'V01', 'LEFT', '', '', '', 'HAD_EVENT'],
    ['9000002', 'V00', 'RIGHT', '', '', '', 'NOT_FOLLOWED'],
  ]);
  const left = await streamed({
    event: { event: 'KL_PROGRESSION', competing: ['KNEE_REPLACEMENT'] },
    columns: ['age'],
  });
  expect(pick(left, 'side', 'time', 'status', 'competing')[1]).toEqual(['LEFT', '200', '2', 'KNEE_REPLACEMENT']);
});

test('one row per knee has its exam at baseline, and what later visits say of it', async () => {
  const rows = await streamed({
    columns: ['visit', 'sex', 'xrkl', 'womac_pain', 'p15_xrjsm'],
    asOf: { visits: ['V01', 'V06'] },
  });

  expect(Object.keys(rows[0]!)).toEqual([
    ...[
      'exam_id',
      'oai_id',
      'visit',
      'side',
      'phantom',
      'sex',
      'month',
      'visit_date',
      'age',
      'bmi',
      'womac_pain',
      'xrkl',
    ],
    ...['xrkl_missing', 'p15_xrjsm', 'p15_xrjsm_missing'],
    ...['visit_date_v01', 'age_v01', 'bmi_v01', 'womac_pain_v01', 'xrkl_v01', 'xrkl_missing_v01', 'p15_xrjsm_v01'],
    'p15_xrjsm_missing_v01',
    ...['visit_date_v06', 'age_v06', 'bmi_v06', 'womac_pain_v06', 'xrkl_v06', 'xrkl_missing_v06', 'p15_xrjsm_v06'],
    'p15_xrjsm_missing_v06',
  ]);
  expect(
    pick(
      rows,
      'oai_id',
      'visit',
      'side',
      'xrkl',
      'xrkl_v01',
      'xrkl_missing_v01',
      'p15_xrjsm_v01',
      'bmi_v06',
      'xrkl_v06',
    ),
  ).toEqual([
    ['9000001', 'V00', 'RIGHT', '0', '2', '', '1.4', '26', ''],
    ['9000001', 'V00', 'LEFT', '3', '', '.P', '', '26', ''],
    ['9000002', 'V00', 'RIGHT', '1', '', '', '', '', ''],
  ]);
});

interface Written {
  state: string;
  columns: string[];
  manifest: Record<string, unknown>;
  file: { url: string };
}

/** An export that a server writes in the background. */
async function written(input: object): Promise<Written> {
  const asked = await api.ask<{ exportCohort: { export: { id: string } } }>(
    'mutation ($input: ExportCohortInput!) { exportCohort(input: $input) { export { id } } }',
    { input },
    api.tokens.READER,
  );
  expect(asked.errors).toBeUndefined();
  const { id } = asked.data!.exportCohort.export;
  let told: Written;
  do {
    const answer = await api.ask<{ export: Written }>(
      'query ($id: ID!) { export(id: $id) { state columns manifest file { url } } }',
      { id },
      api.tokens.READER,
    );
    told = answer.data!.export;
  } while (told.state === 'QUEUED' || told.state === 'RUNNING');
  expect(told.state).toBe('SUCCEEDED');
  return told;
}

test('a file in the background has both, and its dictionary says what they are', async () => {
  const told = await written({
    ...{ format: 'CSV', columns: ['xrkl'], where: { side: { eq: 'RIGHT' } } },
    ...{ event: EVENT, asOf: { visits: ['V01'] } },
  });

  const names = ['xrkl', 'xrkl_missing', 'xrkl_v01', 'xrkl_missing_v01', 'time', 'status', 'competing', 'left_out'];
  expect(told.columns.slice(5)).toEqual(names);
  expect(told.manifest).toMatchObject({ event: { origin: 'V00', ...EVENT }, asOf: { origin: 'V00', visits: ['V01'] } });
  const dictionary = told.manifest['columns'] as object[];
  expect(dictionary).toContainEqual(
    expect.objectContaining({
      name: 'status',
      codes: { 0: 'censored', 1: 'KL_GE_2', 2: 'KNEE_REPLACEMENT', 3: 'DEATH' },
    }),
  );
  expect(dictionary).toContainEqual(expect.objectContaining({ name: 'time', unit: 'days', nullable: true }));
  expect(dictionary).toContainEqual(expect.objectContaining({ name: 'xrkl_v01', missing: 'xrkl_missing_v01' }));
  const csv = await (await fetch(api.url + told.file.url)).text();
  expect(pick(parse(csv, { columns: true }), 'oai_id', 'xrkl', 'xrkl_v01', 'time', 'status')).toEqual([
    ['9000001', '0', '2', '366', '1'],
    ['9000002', '1', '', '', ''],
  ]);
});

test.each([
  [{ event: { event: 'DEATH', competing: ['DEATH'] } }, 'competing names DEATH, which is the event itself.'],
  [{ asOf: { visits: [] } }, 'asOf.visits must name a visit.'],
  [{ asOf: { origin: 'V03', visits: ['V06', 'V01'] } }, 'asOf.visits names V01, which is not later than V03.'],
  [{ asOf: { visits: ['V06', 'V06'] } }, 'asOf.visits names V06 twice.'],
  [
    { asOf: { visits: ['V06'] }, where: { visit: { eq: 'V01' } } },
    'where selects exams of the visit asOf.origin, which is V00, and where.visit leaves that visit out: nothing can match.',
  ],
  [
    { format: 'NIFTI_ZIP', asOf: { visits: ['V06'] } },
    'NIFTI_ZIP is an archive; event, asOf, numbers, pairs and split are of tables.',
  ],
  [
    { event: { event: 'KL_GE_2', origin: 'V03' }, where: { and: [{ visit: { eq: 'V01' } }] } },
    'where selects exams of the visit event.origin, which is V03, and where.and[0].visit leaves that visit out: nothing can match.',
  ],
])('%j is refused, and nothing is queued', async (input, message) => {
  const { errors } = await api.ask(
    'mutation ($input: ExportCohortInput!) { exportCohort(input: $input) { export { id } } }',
    { input: { format: 'CSV', ...input } },
    api.tokens.READER,
  );

  expect(errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
  expect(await api.dataSource.getRepository(Export).countBy({ state: 'QUEUED' })).toBe(0);
});

test('a file of pairs has both exams of each, with what became of them, and says how they were paired', async () => {
  const pairs = { of: 'SAME_PERSON', cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } } };
  const told = await written({
    ...{ format: 'CSV', columns: ['xrkl'], asOf: { visits: ['V01'] }, pairs },
    numbers: [{ variable: 'WOMKP', change: { from: 'V00', to: 'V01' } }],
  });

  expect(told.manifest).toMatchObject({
    numbers: ['WOMKP V00-V01'],
    pairs: { ...pairs, exactly: null, nearest: [] },
  });
  const csv = await (await fetch(api.url + told.file.url)).text();
  const rows = parse<Row>(csv, { columns: true });
  expect(Object.keys(rows[0]!).slice(-5)).toEqual([
    ...['WOMKP_change_v00_v01', 'WOMKP_change_v00_v01_missing', 'pair', 'pair_role', 'pair_distance'],
  ]);
  const columns = [
    'side',
    'xrkl',
    'xrkl_v01',
    'WOMKP_change_v00_v01',
    'WOMKP_change_v00_v01_missing',
    'pair',
    'pair_role',
  ];
  expect(pick(rows, ...columns)).toEqual([
    ['RIGHT', '0', '2', '3', '', '1', 'control'],
    ['LEFT', '3', '', '', 'MISSING_AT_FROM', '1', 'case'],
  ]);
});

/** What the server says of the columns of a request, as READER unless a token is given. */
async function dictionaryOf(request: object, token = api.tokens.READER) {
  const response = await fetch(`${api.url}/exports/dictionary`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test('the dictionary of a table is had before its rows, and is that of its manifest', async () => {
  const request = {
    ...{ format: 'CSV', columns: ['sex', 'xrkl'], event: EVENT, asOf: { visits: ['V01'] }, split: { folds: 2 } },
    ...{ numbers: [{ variable: 'WOMKP', change: { from: 'V00', to: 'V01' } }], where: { visit: { eq: 'V00' } } },
  };
  const told = await dictionaryOf(request);
  const [header] = await streamed(request);
  const { manifest } = await written(request);
  const {
    rows: _,
    phantomRows: __,
    synthetic: ___,
    createdAt: ____,
    file: _____,
    ...known
  } = manifest as object as Record<string, unknown>;

  expect(told).toEqual({ status: 200, json: known });
  expect((told.json['columns'] as { name: string }[]).map(({ name }) => name)).toEqual(Object.keys(header!));
});

test.each([
  ['an unknown column', { columns: ['grade'] }, 'READER', 400, /is neither a column nor a group of columns/],
  ['a later visit that is none', { asOf: { visits: ['V00'] } }, 'READER', 400, /not later than V00/],
  ['a role that may not export', {}, 'SUMMARY', 403, /Exporting/],
] as const)('no dictionary is had of %s', async (_, request, role, status, sentence) => {
  const told = await dictionaryOf(request, api.tokens[role]);

  expect(told.status).toBe(status);
  expect(JSON.stringify(told.json)).toMatch(sentence);
});

test.each(['CSV', 'NDJSON', 'PARQUET'])(
  'too many comparisons for pairs are refused before the first byte of %s',
  async (format) => {
    // Once is enough for all three.
    await api.dataSource.query(
      `WITH people AS (INSERT INTO participant (oai_id) SELECT (9100000 + n)::text FROM generate_series(1, 9200) n ON CONFLICT DO NOTHING RETURNING id, oai_id),
       visits AS (INSERT INTO visit (participant_id, code, month) SELECT id, 'V03', 24 FROM people RETURNING id, participant_id)
     INSERT INTO knee_exam (visit_id, participant_id, visit_code, side, xrkl, womac_pain)
     SELECT v.id, v.participant_id, 'V03', 'RIGHT', CASE WHEN v.participant_id % 2 = 0 THEN 3 ELSE 0 END, 5 FROM visits v`,
    );
    const pairs = {
      ...{ of: 'NEAREST', cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } } },
      nearest: [{ variable: 'WOMKP' }],
    };
    const ask = (method: string) =>
      fetch(`${api.url}/exports?${new URLSearchParams({ format, pairs: JSON.stringify(pairs) })}`, {
        method,
        headers: { authorization: `Bearer ${api.tokens.READER}` },
      });

    const refused = await ask('GET');

    expect([refused.status, refused.headers.get('content-disposition')]).toEqual([400, null]);
    expect(await refused.text()).toMatch(
      /460\d cases would be compared with controls 21160000 times, and 20000000 is the limit; name more facets in exactly, or filter\./,
    );
    expect((await ask('HEAD')).status).toBe(400);
  },
);
