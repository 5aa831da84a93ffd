import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { AuditEntry, Export } from '../../src/entities/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { untilWaiting } from '../helpers/locks.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let prosthesis: string;

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  const woman = await make.participant({ oaiId: '9000001', sex: 'FEMALE', phantom: false });
  const baseline = await make.visit(woman, { code: 'V00', age: 61, bmi: 26.4, date: '2004-10-28' });
  const right = await make.exam(baseline, { grades: { XRKL: 2, XRJSM: 1 }, preferredProject: '15', womacPain: 3.5 });
  await make.reading(right, { project: '15', grades: { XRKL: 2, XRJSM: 1.4 } });
  await make.reading(right, { project: '37', grades: { XRKL: 3, XRJSM: 2 }, version: '0.7' });
  const film = await make.asset();
  await make.radiograph(right, { assetId: film.id });
  await make.series(right, { assetId: film.id });
  const left = await make.exam(baseline, { side: 'LEFT', preferredProject: '15' });
  await make.reading(left, { project: '15', missing: { XRKL: '.P', XRJSM: '.T' } });
  prosthesis = encodeId('KneeExam', left.id);
  const phantom = await make.participant({ oaiId: '1000001', sex: 'MALE', site: 'B, "north"' });
  await make.exam(await make.visit(phantom, { age: null, bmi: null }), { grades: { XRKL: 4 } });
});

afterAll(() => api.close());

const FIELDS =
  'id state format rows total fraction error columns filter expiresAt manifest file { url sha256 bytes mediaType }';

interface Told {
  id: string;
  state: string;
  format: string;
  rows: number;
  fraction: number;
  error: string | null;
  columns: string[];
  filter: object | null;
  expiresAt: string | null;
  manifest: Record<string, unknown> | null;
  file: { url: string; sha256: string; bytes: number; mediaType: string } | null;
}

/** Asks for an export and waits until it is over. */
async function exported(input: object, token = api.tokens.READER): Promise<Told> {
  const asked = await api.ask<{ exportCohort: { export: Told } }>(
    `mutation ($input: ExportCohortInput!) { exportCohort(input: $input) { export { ${FIELDS} } } }`,
    { input },
    token,
  );
  expect(asked.errors).toBeUndefined();
  let told = asked.data!.exportCohort.export;
  while (told.state === 'QUEUED' || told.state === 'RUNNING') {
    const answer = await api.ask<{ export: Told }>(
      `query ($id: ID!) { export(id: $id) { ${FIELDS} } }`,
      { id: told.id },
      token,
    );
    told = answer.data!.export;
  }
  return told;
}

function streamed(query: Record<string, string>, token = api.tokens.READER): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${api.url}/exports?${new URLSearchParams(query).toString()}`, { headers });
}

function rowsOf(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true });
}

async function auditRows(action: string): Promise<AuditEntry[]> {
  return api.dataSource.getRepository(AuditEntry).find({ where: { action }, order: { id: 'ASC' } });
}

test('an export becomes a file behind a signed URL, with a manifest that fits it', async () => {
  const told = await exported({ format: 'CSV', where: { visit: { eq: 'V00' }, kl: { gte: 2 } } });

  expect(told).toMatchObject({ state: 'SUCCEEDED', rows: 2, fraction: 1, error: null });
  const response = await fetch(api.url + told.file!.url);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[0-9a-f]{16}\.csv"$/);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(told.file!.sha256);
  expect(rowsOf(bytes.toString()).map((row) => [row['oai_id'], row['xrkl']])).toEqual([
    ['9000001', '2'],
    ['1000001', '4'],
  ]);
  expect(told.manifest).toMatchObject({
    format: 'CSV',
    filter: { visit: { eq: 'V00' }, kl: { gte: 2 } },
    rows: 2,
    phantomRows: 1,
    synthetic: 'SOME',
    file: { sha256: told.file!.sha256, bytes: bytes.length, mediaType: 'text/csv' },
  });
  expect(new Date(told.expiresAt!).getTime()).toBeGreaterThan(Date.now() + 6 * 24 * 3_600_000);
});

test('the data dictionary has every column with type, unit and codes', async () => {
  const { manifest, columns } = await exported({ format: 'NDJSON', columns: ['visit', 'grades'] });
  const dictionary = manifest!['columns'] as { name: string }[];

  expect(dictionary.map(({ name }) => name)).toEqual(columns);
  expect(dictionary).toContainEqual(expect.objectContaining({ name: 'bmi', type: 'real', unit: 'kg/m2' }));
  expect(dictionary).toContainEqual(
    expect.objectContaining({ name: 'side', codes: { RIGHT: 'right', LEFT: 'left' }, nullable: false }),
  );
  expect(dictionary).toContainEqual(
    expect.objectContaining({ name: 'xrkl', type: 'integer', range: [0, 4], missing: 'xrkl_missing' }),
  );
  expect(manifest!['missingCodes']).toMatchObject({ '.P': 'Prosthetic' });
});

test('a missing grade keeps the reason, in the preferred reading and in each reading', async () => {
  const response = await streamed({ columns: 'xrkl,p15_xrjsm,p37_xrkl', where: '{"side":{"eq":"LEFT"}}' });

  expect(response.status).toBe(200);
  expect(rowsOf(await response.text())).toEqual([
    {
      exam_id: prosthesis,
      oai_id: '9000001',
      visit: 'V00',
      side: 'LEFT',
      phantom: 'false',
      xrkl: '',
      xrkl_missing: '.P',
      p15_xrjsm: '',
      p15_xrjsm_missing: '.T',
      p37_xrkl: '',
      p37_xrkl_missing: '',
    },
  ]);
});

test('readings by project come as they were published, the preferred reading in whole grades', async () => {
  const where = JSON.stringify({ participant: { oaiId: { eq: '9000001' } }, side: { eq: 'RIGHT' } });
  const response = await streamed({ format: 'NDJSON', columns: 'readings,xrjsm,availability,scores,visit', where });

  expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  expect(JSON.parse(await response.text())).toMatchObject({
    visit_date: '2004-10-28',
    age: 61,
    bmi: 26.4,
    womac_pain: 3.5,
    koos_pain: null,
    xrjsm: 1,
    xrjsm_missing: null,
    p15_version: '0.8',
    p15_xrjsm: 1.4,
    p37_version: '0.7',
    p37_xrjsm: 2,
    has_radiograph: true,
    has_mri: true,
    has_generated_mri: false,
    mri_sequences: 'COR_T1_3D_FLASH_RIGHT',
  });
});

test('the flag of phantoms is in every export, whatever columns were asked for', async () => {
  for (const format of ['CSV', 'NDJSON', 'PARQUET']) {
    expect((await exported({ format, columns: ['age'] })).columns).toContain('phantom');
  }
});

test('a file has the columns that were asked for, and not the group of the column visit with them', async () => {
  expect((await exported({ format: 'CSV', columns: ['xrkl'] })).columns).toEqual([
    'exam_id',
    'oai_id',
    'visit',
    'side',
    'phantom',
    'xrkl',
    'xrkl_missing',
  ]);
});

test('text with commas, quotes and missing numbers survives CSV', async () => {
  const response = await streamed({ format: 'CSV', columns: 'site,age', where: '{"kl":{"eq":4}}' });

  expect(rowsOf(await response.text())).toMatchObject([{ site: 'B, "north"', age: '' }]);
});

test('the same is asked for by POST, and an export without rows has its columns all the same', async () => {
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify({ columns: ['age'], where: { kl: { eq: 0 } } }),
  });

  expect([response.status, await response.text()]).toEqual([200, 'exam_id,oai_id,visit,side,phantom,age\n']);
});

test('a cohort is exported in the version that it had', async () => {
  const { data } = await api.ask<{ createCohort: { cohort: { id: string } } }>(
    'mutation ($input: CreateCohortInput!) { createCohort(input: $input) { cohort { id } } }',
    { input: { name: 'Severe', kind: 'STATIC', filter: { kl: { eq: 4 } } } },
    api.tokens.READER,
  );
  const cohortId = data!.createCohort.cohort.id;

  const told = await exported({ format: 'CSV', cohortId });
  const narrowed = await exported({ format: 'CSV', cohortId, where: { age: { gte: 0 } } });

  expect([told.rows, narrowed.rows]).toEqual([1, 0]);
  expect(told.manifest).toMatchObject({
    filter: { inCohort: { eq: cohortId } },
    cohorts: [{ id: cohortId, version: 1, name: 'Severe' }],
  });
});

test.each([
  [{ format: 'CSV', columns: ['kl'] }, '"kl" is neither a column nor a group of columns'],
  [{ format: 'CSV', cohortId: 'abc' }, 'inCohort.eq must be the id of a Cohort'],
  [{ format: 'CSV', cohortVersion: 2 }, 'cohortVersion is a version of the cohort that cohortId names; give both.'],
])('an export of %j is refused at once', async (input, message) => {
  const answer = await api.ask(
    'mutation ($input: ExportCohortInput!) { exportCohort(input: $input) { export { id } } }',
    {
      input,
    },
  );

  expect(answer.errors![0]!.message).toContain(message);
  expect(answer.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
});

test.each([
  [{ where: '{"kl":{"gte":' }, 'where must be a filter as JSON'],
  [{ where: '{"kl":{"above":2}}' }, 'Field "above" is not defined by type "IntFilter"'],
  [{ where: '{"kk":{"eq":2}}' }, 'Field "kk" is not defined by type "KneeExamFilter"'],
  [{ format: 'XLSX' }, 'format: Invalid option: expected one of "CSV"|"NDJSON"|"PARQUET"'],
  [{ kolumns: 'age' }, 'Unrecognized key: "kolumns"'],
])('a stream of %j is refused before it begins', async (query, message) => {
  const response = await streamed(query as Record<string, string>);

  expect(response.status).toBe(400);
  expect(JSON.stringify(await response.json())).toContain(JSON.stringify(message).slice(1, -1));
});

test('SUMMARY may export nothing, and nobody sees another one’s exports but an administrator', async () => {
  const { id } = await exported({ format: 'CSV' }, api.tokens.OPERATOR);
  const seenBy = async (token: string) =>
    (await api.ask<{ export: object | null }>('query ($id: ID!) { export(id: $id) { id } }', { id }, token)).data
      ?.export;

  const stream = await streamed({}, api.tokens.SUMMARY);
  const job = await api.ask(
    'mutation { exportCohort(input: { format: CSV }) { export { id } } }',
    {},
    api.tokens.SUMMARY,
  );

  expect([stream.status, job.errors![0]!.extensions.code]).toEqual([403, 'FORBIDDEN']);
  expect([await seenBy(api.tokens.READER), await seenBy(api.tokens.ADMIN)]).toEqual([null, { id }]);
  const node = await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id }, api.tokens.READER);
  expect(node.data).toEqual({ node: null });
  const list = await api.ask<{ exports: { nodes: { id: string }[] } }>(
    '{ exports { nodes { id } } }',
    {},
    api.tokens.READER,
  );
  expect(list.data!.exports.nodes.map((node) => node.id)).not.toContain(id);
  expect((await streamed({}, 'osteo_wrong')).status).toBe(401);
});

test('who exports and who downloads leaves an audit row', async () => {
  const told = await exported({ format: 'CSV', where: { kl: { eq: 2 } } });
  await (await fetch(api.url + told.file!.url)).arrayBuffer();
  const before = (await auditRows('export.downloaded')).length;
  await (await streamed({ columns: 'age' })).text();

  expect((await auditRows('exportCohort')).at(-1)).toMatchObject({
    detail: { format: 'CSV', filter: { kl: { eq: 2 } } },
  });
  // Written when the stream is over, which its reader may know first.
  const row = await waitFor(async () => (await auditRows('export.downloaded'))[before]);
  expect(row.detail).toMatchObject({ format: 'CSV', rows: 3, whole: true });
});

test('a streamed export is in the audit before its first byte: without the row nobody has anything', async () => {
  const before = (await auditRows('export.download')).length;
  const holder = api.dataSource.createQueryRunner();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE');
  try {
    let came = false;
    const asked = streamed({ columns: 'age' });
    void asked.then(() => (came = true));
    await untilWaiting(api.dataSource, 'audit_entry');
    // As long as another export's head takes, which needs no row.
    await fetch(`${api.url}/exports`, { method: 'HEAD', headers: { authorization: `Bearer ${api.tokens.READER}` } });
    expect(came).toBe(false);
    await holder.query('COMMIT');
    await (await asked).text();
  } finally {
    await holder.release();
  }

  const row = (await auditRows('export.download'))[before];
  expect(row!.detail).toMatchObject({ format: 'CSV', selected: 3 });
});

test('a stream of too many exams is refused with a way out', async () => {
  await api.dataSource.query(
    `WITH people AS (INSERT INTO participant (oai_id) SELECT (2000000 + n)::text FROM generate_series(1, 10001) n RETURNING id),
          days AS (INSERT INTO visit (participant_id, code, month) SELECT id, 'V01', 12 FROM people RETURNING id, participant_id)
     INSERT INTO knee_exam (visit_id, participant_id, side)
     SELECT days.id, participant_id, side FROM days, unnest(ARRAY['RIGHT', 'LEFT']) side`,
  );
  try {
    const response = await streamed({ where: '{"visit":{"eq":"V01"}}' });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [
        {
          message:
            'The filter selects 20002 knee exams; at most 20000 are streamed at once. The mutation exportCohort writes more.',
          extensions: { code: 'LIMIT_EXCEEDED' },
        },
      ],
    });
  } finally {
    await api.dataSource.query(`DELETE FROM participant WHERE oai_id LIKE '2%'`);
  }
});

test('an export can be canceled, and one token may have five unfinished ones', async () => {
  const repository = api.dataSource.getRepository(Export);
  const [{ id: requestedById }] = (await api.dataSource.query(`SELECT id FROM api_token WHERE name = 'reader'`)) as [
    { id: number },
  ];
  // Held by a server that is alive, so that nobody else takes them.
  const held = { state: 'RUNNING' as const, format: 'CSV' as const, columns: ['age'], attempt: 1, requestedById };
  const rows = await repository.save(
    Array.from({ length: 5 }, () => repository.create({ ...held, heartbeatAt: new Date(Date.now() + 3_600_000) })),
  );
  const ask = () =>
    api.ask('mutation { exportCohort(input: { format: CSV }) { export { id } } }', {}, api.tokens.READER);

  const refused = await ask();
  for (const { id } of rows) {
    const canceled = await api.ask(
      'mutation ($id: ID!) { cancelExport(input: { id: $id }) { export { state } } }',
      { id: encodeId('Export', id) },
      api.tokens.READER,
    );
    expect(canceled.data).toEqual({ cancelExport: { export: { state: 'CANCELED' } } });
  }
  const accepted = await ask();

  expect(refused.errors![0]).toMatchObject({
    message: '5 of your exports are not finished yet; at most 5 are allowed. Wait for one to finish or cancel one.',
    extensions: { code: 'LIMIT_EXCEEDED' },
  });
  expect(accepted.errors).toBeUndefined();
});

test('the columns are listed with their groups', async () => {
  const { data } = await api.ask<{ exportColumns: { name: string; group: string; missing: string | null }[] }>(
    '{ exportColumns { name group type description unit codes nullable missing } }',
    {},
    api.tokens.SUMMARY,
  );

  expect(data!.exportColumns).toHaveLength(152);
  expect(data!.exportColumns).toContainEqual(
    expect.objectContaining({ name: 'p37_xrjsl', type: 'REAL', group: 'readings', missing: 'p37_xrjsl_missing' }),
  );
});

async function waitFor<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
  }
}

test('HEAD tells what kind of file it would be, and writes none', async () => {
  const downloads = () => api.dataSource.getRepository(AuditEntry).countBy({ action: 'export.download' });
  const before = await downloads();
  const headers = { authorization: `Bearer ${api.tokens.READER}` };

  const response = await fetch(`${api.url}/exports?format=NDJSON`, { method: 'HEAD', headers });
  const wrong = await fetch(`${api.url}/exports?columns=none`, { method: 'HEAD', headers });

  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  expect(wrong.status).toBe(400);
  expect(await downloads()).toBe(before);
});
