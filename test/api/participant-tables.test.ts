import { parse } from 'csv-parse/sync';
import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let release: ReleaseFolder;

/** Four people: two with exams, one who only came, one who is no more than enrolled. */
beforeAll(async () => {
  api = await startTestServer();
  release = await ReleaseFolder.make();
  await release.table('Enrollees.txt', 'ID|VERSION|P02SEX|P02HISP|V00SITE', [
    '1000001|25|1: Male|0: No|A',
    '1000002|25|2: Female|0: No|A',
    '1000003|25|2: Female|1: Yes|B',
    '1000004|25|2: Female|.R: Refused|B',
  ]);
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00INCOME|V00WOMKPR|V00WOMTSR', [
    '1000001|25|61|3: $25K to < $50K|4|20',
    '1000002|25|70|.R: Refused|.A|7',
    '1000003|25|55|3: $25K to < $50K||',
  ]);
  await release.table('kXR_SQ_BU00.txt', 'ID|SIDE|READPRJ|VERSION|V00XRKL', [
    '1000001|1|15|0.8|2',
    '1000001|2|15|0.8|0',
    '1000002|1|15|0.8|3',
  ]);
  const { refusals } = await importRelease(api.dataSource, release.path, { store: {} as BlobStore });
  expect(refusals).toEqual([]);
});

afterAll(async () => {
  await api.close();
  await release.remove();
});

async function post(request: object, token = api.tokens.READER): Promise<{ status: number; text: string }> {
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ unit: 'PARTICIPANT', ...request }),
  });
  return { status: response.status, text: await response.text() };
}

interface Bucket {
  participants: number;
  values: { value: string | null; meaning: string | null; missing: string | null; total: boolean }[];
}

async function facets(args: string): Promise<[string, number][]> {
  const { data, errors } = await api.ask<{ participantFacets: Bucket[] }>(
    `{ participantFacets(${args}) { participants values { value meaning missing total } } }`,
  );
  expect(errors).toBeUndefined();
  return data!.participantFacets.map(({ values, participants }) => [
    values.map(({ value, meaning, missing, total }) => meaning ?? value ?? missing ?? (total ? 'all' : '-')).join(' '),
    participants,
  ]);
}

test('participants are counted by their facets, those without an exam among them', async () => {
  expect(await facets('by: [SEX, SITE]')).toEqual([
    ['MALE A', 1],
    ['FEMALE A', 1],
    ['FEMALE B', 2],
  ]);
  expect(await facets('by: [SEX], totals: true')).toEqual([
    ['MALE', 1],
    ['FEMALE', 3],
    ['all', 4],
  ]);
  expect(await facets('by: [SITE], where: { exams: { exists: false } }')).toEqual([['B', 2]]);
  expect(await facets('by: [SITE], where: { sex: { isNull: true } }')).toEqual([]);
});

test('participants are counted by variables of theirs, of a visit and of a knee at a visit', async () => {
  expect(await facets('variables: ["V00INCOME"]')).toEqual([
    ['$25K to < $50K', 2],
    ['.R', 1],
    ['-', 1],
  ]);
  expect(await facets('by: [SITE], variables: ["V00XRKLR"]')).toEqual([
    ['A 2', 1],
    ['A 3', 1],
    ['B -', 2],
  ]);
});

test.each([
  ['variables: ["INCOME"]', 'INCOME is of a visit: name the visit too, e.g. V00INCOME.'],
  ['by: [SEX, SEX]', 'by names SEX twice.'],
  ['where: {}', 'by takes 1 to 4 different facets, got 0.'],
  ['by: [SEX], where: { sex: {} }', 'where.sex is empty; leave it out, or use isNull.'],
])('participantFacets(%s) is refused', async (args, message) => {
  const { errors } = await api.ask(`{ participantFacets(${args}) { participants } }`);

  expect(errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
});

test('a table has a row for each participant, examined or not', async () => {
  const { status, text } = await post({
    columns: ['sex', 'hispanic'],
    variables: ['V00AGE', 'V00WOMKPR', 'V00INCOME'],
  });

  expect(status).toBe(200);
  const names = ['oai_id', 'phantom', 'sex', 'hispanic'];
  const of = (name: string): string[] => [name, `${name}_missing`];
  expect(parse(text)).toEqual([
    [...names, ...of('V00AGE'), ...of('V00WOMKPR'), ...of('V00INCOME')],
    ['1000001', 'false', 'MALE', 'false', '61', '', '4', '', '3', ''],
    ['1000002', 'false', 'FEMALE', 'false', '70', '', '', '.A', '', '.R'],
    ['1000003', 'false', 'FEMALE', 'true', '55', '', '', '', '3', ''],
    ['1000004', 'false', 'FEMALE', '', '', '', '', '', '', ''],
  ]);
});

test('the rows are those of a filter of participants, or of who is in a cohort', async () => {
  const made = await api.ask<{ createCohort: { cohort: { id: string } } }>(
    'mutation { createCohort(input: { name: "KL 2", filter: { kl: { eq: 2 } } }) { cohort { id } } }',
    {},
    api.tokens.READER,
  );
  const cohortId = made.data!.createCohort.cohort.id;
  const ids = async (request: object): Promise<string> => {
    const { text } = await post({ columns: ['oai_id'], ...request });
    return text.trim().split('\n').slice(1).join(' ');
  };

  expect(await ids({ where: { exams: { exists: false } } })).toBe('1000003,false 1000004,false');
  expect(await ids({ cohortId })).toBe('1000001,false');
  expect(await ids({ cohortId, where: { sex: { eq: 'FEMALE' } } })).toBe('');
});

test('a file in the background has the same rows, and says what they are', async () => {
  const input = { format: 'NDJSON', columns: ['site'], variables: ['V00AGE'], where: { site: { eq: 'B' } } };
  const made = await api.ask<{ exportParticipants: { export: { id: string } } }>(
    'mutation ($input: ExportParticipantsInput!) { exportParticipants(input: $input) { export { id } } }',
    { input },
    api.tokens.READER,
  );
  const { id } = made.data!.exportParticipants.export;
  interface Told {
    state: string;
    rows: number;
    total: number;
    columns: string[];
    filter: object;
    manifest: object;
    file: { url: string };
  }
  let told: Told;
  do {
    const query = `query ($id: ID!) { export(id: $id) { state rows total columns filter manifest file { url } } }`;
    const { data } = await api.ask<{ export: Told }>(query, { id }, api.tokens.READER);
    told = data!.export;
  } while (told.state === 'QUEUED' || told.state === 'RUNNING');

  const columns = ['oai_id', 'phantom', 'site', 'V00AGE', 'V00AGE_missing'];
  expect(told).toMatchObject({ state: 'SUCCEEDED', rows: 2, total: 4, columns, filter: input.where });
  expect(told.manifest).toMatchObject({ unit: 'PARTICIPANT', rows: 2, filter: input.where });
  const text = await (await fetch(new URL(told.file.url, api.url))).text();
  expect(text).toBe((await post(input)).text);
});

test.each([
  [{ columns: ['xrkl'] }, '"xrkl" is told of a knee exam; a table of participants has oai_id, phantom, sex,'],
  [{ columns: ['grades'] }, '"grades" is told of a knee exam;'],
  [{ columns: ['nothing'] }, '"nothing" is no column of a table of participants.'],
  [{ variables: ['AGE'] }, 'AGE is of a visit: name the visit too, e.g. V00AGE.'],
  [{ variables: ['V00WOMKP'] }, 'V00WOMKP is of one knee: name the knee too, e.g. V00WOMKPR.'],
  [{ where: { kl: { eq: 2 } } }, 'filter: Field "kl" is not defined by type "ParticipantFilter".'],
  [{ where: { sex: {} } }, 'where.sex is empty'],
  [{ event: { event: 'KL_GE_2' } }, 'Rows of participants have columns and variables;'],
  [{ format: 'NIFTI_ZIP' }, 'Rows of participants have columns and variables;'],
])('a table of participants with %j is refused in one sentence', async (request, message) => {
  const { status, text } = await post(request);

  const { errors } = JSON.parse(text) as { errors: { message: string; extensions: { code: string } }[] };
  expect([status, errors[0]!.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  expect(errors[0]!.message).toContain(message);
});

test('a token of role SUMMARY gets neither', async () => {
  expect((await post({}, api.tokens.SUMMARY)).status).toBe(403);
  const { errors } = await api.ask('{ participantFacets(by: [SEX]) { participants } }', {}, api.tokens.SUMMARY);

  expect(errors![0]!.extensions.code).toBe('FORBIDDEN');
});
