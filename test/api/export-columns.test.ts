import { importRelease } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let release: ReleaseFolder;

beforeAll(async () => {
  api = await startTestServer();
  release = await ReleaseFolder.make();
  await release.table('Enrollees.txt', 'ID|VERSION|P02SEX', ['1000001|25|1: Male', '1000002|25|2: Female']);
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00TIME', [
    '1000001|25|61|840',
    '1000002|25|.R: Refused|915',
  ]);
  await release.table('kXR_SQ_BU00.txt', 'ID|SIDE|READPRJ|VERSION|V00XRKL', [
    '1000001|1|15|0.8|2',
    '1000002|1|15|0.8|.P',
  ]);
  await release.table('AllClinical06.txt', 'ID|VERSION|V06AGE', ['1000001|25|65']);
  await release.table('kXR_SQ_BU06.txt', 'ID|SIDE|READPRJ|VERSION|V06XRKL', ['1000001|1|15|0.8|3']);
  const { refusals } = await importRelease(api.dataSource, release.path, { store: {} as BlobStore });
  expect(refusals).toEqual([]);
});

afterAll(async () => {
  await api.close();
  await release.remove();
});

const RIGHT_AT_BASELINE = { visit: { eq: 'V00' }, side: { eq: 'RIGHT' } };

async function post(path: string, request: object): Promise<string> {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return response.text();
}

interface Dictionary {
  columns: { name: string; type: string; missing: string | null }[];
}

async function dictionaryOf(request: object): Promise<Dictionary['columns']> {
  const told = JSON.parse(await post('/exports/dictionary', request)) as Dictionary;
  return told.columns;
}

/** What `exportCohort` writes in the background, and its columns. */
async function written(request: object): Promise<{ columns: string[]; text: string }> {
  const answer = await api.ask<{ exportCohort: { export: { id: string } } }>(
    'mutation ($input: ExportCohortInput!) { exportCohort(input: $input) { export { id } } }',
    { input: request },
    api.tokens.READER,
  );
  expect(answer.errors).toBeUndefined();
  const { id } = answer.data!.exportCohort.export;
  for (;;) {
    const { data } = await api.ask<{
      export: { state: string; error: string | null; columns: string[]; file: { url: string } | null };
    }>('query ($id: ID!) { export(id: $id) { state error columns file { url } } }', { id }, api.tokens.READER);
    const { state, error, columns, file } = data!.export;
    if (state === 'QUEUED' || state === 'RUNNING') continue;
    expect(error).toBeNull();
    return { columns, text: await (await fetch(new URL(file!.url, api.url))).text() };
  }
}

test('a variable that is a column of exports stands once, with the code of why it is missing', async () => {
  const request = { columns: ['oai_id'], variables: ['age', 'xrkl', 'sex'], where: RIGHT_AT_BASELINE };

  const [header, ...rows] = (await post('/exports', request)).trim().split('\n');
  expect(header).toBe('exam_id,oai_id,visit,side,phantom,sex,age,xrkl,xrkl_missing,age_missing,sex_missing');
  expect(rows.map((row) => row.split(',').slice(5).join())).toEqual(['MALE,61,2,,,', 'FEMALE,,,.P,.R,']);
  const columns = await dictionaryOf(request);
  expect(columns.filter(({ name }) => name === 'age' || name === 'xrkl')).toMatchObject([
    { type: 'integer', missing: 'age_missing' },
    { type: 'integer', missing: 'xrkl_missing' },
  ]);
});

test.each([
  ['all columns', {}],
  ['chosen columns', { columns: ['xrkl'] }],
  ['columns of later visits', { columns: ['xrkl'], asOf: { visits: ['V06'] } }],
  ['a time to an event', { columns: ['age'], event: { event: 'KL_GE_2' } }],
])('a file with %s has no name twice, and is the same at once and in the background', async (_, asked) => {
  for (const format of ['CSV', 'NDJSON']) {
    const request = { ...asked, format, variables: ['age', 'AGE', 'xrkl', 'V00AGE'], where: RIGHT_AT_BASELINE };
    const names = (await dictionaryOf(request)).map(({ name }) => name);

    expect(names).toEqual([...new Set(names)]);
    expect(names).toEqual(expect.arrayContaining(['age', 'age_missing', 'AGE', 'AGE_missing', 'xrkl', 'V00AGE']));
    const { columns, text } = await written(request);
    expect(columns).toEqual(names);
    expect(text).toBe(await post('/exports', request));
  }
});

test('later visits have columns of a variable that is a column of exports', async () => {
  const request = { columns: ['oai_id'], variables: ['age'], asOf: { visits: ['V06'] }, where: RIGHT_AT_BASELINE };
  const lines = (await post('/exports', request)).trim().split('\n');

  expect(lines.map((line) => line.split(',').slice(5).join())).toEqual(['age,age_v06,age_missing', '61,65,', ',,.R']);
});

test('a variable of the name of a column that is something else is refused, and has a column in other letters', async () => {
  const event = { event: 'KL_GE_2' };
  const where = RIGHT_AT_BASELINE;
  const alone = await post('/exports', { columns: ['oai_id'], variables: ['time'], where });
  expect(alone.split('\n')[0]).toBe('exam_id,oai_id,visit,side,phantom,time,time_missing');

  const refused = JSON.parse(
    await post('/exports', { columns: ['oai_id'], variables: ['time'], event, where }),
  ) as object;
  expect(refused).toEqual({
    errors: [
      {
        message:
          'variables names time, but a column "time" of this table is something else: Time from the exam of the knee at V00 to KL_GE_2 or to the end of what is known; missing where it is left out. Write the name in other letter case.',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ],
  });
  const other = await post('/exports', { columns: ['oai_id'], variables: ['TIME'], event, where });
  expect(other.split('\n')[0]).toBe(
    'exam_id,oai_id,visit,side,phantom,time,status,competing,left_out,TIME,TIME_missing',
  );
  expect(await post('/exports', { variables: ['age', 'age'] })).toContain('variables names age twice.');
});
