import { encodeId } from '../../src/domain/global-ids.js';
import {
  type Bundle,
  type Generation,
  GenerationOutput,
  type KneeExam,
  type Radiograph,
} from '../../src/entities/index.js';
import { runCommand } from '../helpers/command.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let exam: KneeExam;
let film: Radiograph;
let bundle: Bundle;
let batchId: string;

/** A generation that ran for so many seconds and ended then. */
async function ran(seconds: number, ended: string, values: Partial<Generation> = {}): Promise<Generation> {
  const finishedAt = new Date(ended);
  const startedAt = new Date(finishedAt.getTime() - 1000 * seconds);
  const times = { startedAt, finishedAt, createdAt: startedAt };
  return api.make.generation(exam, film, bundle, { state: 'SUCCEEDED', device: 'cpu', ...times, ...values });
}

/** Key of a token of the test's server. */
async function tokenId(name: string): Promise<number> {
  const [row] = await api.dataSource.query<{ id: number }[]>('SELECT id FROM api_token WHERE name = $1', [name]);
  return row!.id;
}

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  exam = await make.exam(await make.visit(await make.participant()));
  film = await make.radiograph(exam);
  bundle = await make.bundle();
  const operator = { requestedById: await tokenId('operator') };
  const batch = await make.batch(bundle, { name: 'all lefts', ...operator });
  batchId = batch.id;
  const slice = await make.slice(await ran(30, '2026-10-31T23:59:59Z', operator), await make.asset({ bytes: 500 }));
  await make.series(exam, { assetId: slice.assetId, generationId: slice.generationId });
  await api.dataSource.getRepository(GenerationOutput).save({
    ...{ generationId: slice.generationId, kind: 'MASK', index: 0, assetId: (await make.asset({ bytes: 9_000 })).id },
  });
  await ran(3600, '2026-11-01T00:00:00Z', { ...operator, batchId, device: 'cuda:0' });
  await ran(1800, '2026-11-02T00:00:00Z', {
    ...operator,
    batchId,
    device: 'cuda:1',
    state: 'FAILED',
    error: 'It failed.',
  });
  await ran(60, '2026-11-03T00:00:00Z', { requestedById: await tokenId('admin') });
  await make.generation(exam, film, bundle, { state: 'RUNNING', startedAt: new Date() });
});

afterAll(() => api.close());

async function usage(args: string, fields: string, token?: string): Promise<unknown> {
  const { data, errors } = await api.ask(`{ usage(${args}) { ${fields} } }`, {}, token);
  return errors?.[0]?.message ?? data!['usage'];
}

const NOVEMBER = 'from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z"';

test('what ended in a period is told by who asked and what computed it, the longest first', async () => {
  expect(
    await usage(`${NOVEMBER}, by: [REQUESTER, DEVICE]`, 'requestedBy device succeeded failed canceled seconds bytes'),
  ).toEqual([
    { requestedBy: 'operator', device: 'cuda:0', succeeded: 1, failed: 0, canceled: 0, seconds: 3600, bytes: 0 },
    { requestedBy: 'operator', device: 'cuda:1', succeeded: 0, failed: 1, canceled: 0, seconds: 1800, bytes: 0 },
    { requestedBy: 'admin', device: 'cpu', succeeded: 1, failed: 0, canceled: 0, seconds: 60, bytes: 0 },
  ]);
});

test('a batch, a task and a month have rows of their own, and a file counts once', async () => {
  const period = 'from: "2026-10-01T00:00:00Z", to: "2026-12-01T00:00:00Z"';

  expect(
    await usage(`${period}, by: [BATCH, TASK, MONTH]`, 'batch { name } task month seconds bytes requestedBy'),
  ).toEqual([
    { batch: { name: 'all lefts' }, task: 'XRAY_TO_MRI', month: '2026-11', seconds: 5400, bytes: 0, requestedBy: null },
    { batch: null, task: 'XRAY_TO_MRI', month: '2026-11', seconds: 60, bytes: 0, requestedBy: null },
    { batch: null, task: 'XRAY_TO_MRI', month: '2026-10', seconds: 30, bytes: 500, requestedBy: null },
  ]);
  expect(await usage(period, 'succeeded failed seconds')).toEqual([{ succeeded: 3, failed: 1, seconds: 5490 }]);
});

test('an operator is told of their own alone', async () => {
  expect(await usage(`${NOVEMBER}, by: [REQUESTER]`, 'requestedBy seconds', api.tokens.OPERATOR)).toEqual([
    { requestedBy: 'operator', seconds: 5400 },
  ]);
});

test('a period that ends before it begins is refused, and one without anything is empty', async () => {
  expect(await usage('from: "2026-11-02T00:00:00Z", to: "2026-11-01T00:00:00Z"', 'seconds')).toBe(
    'from must lie before to, got 2026-11-02T00:00:00.000Z and 2026-11-01T00:00:00.000Z.',
  );
  expect(await usage('to: "2001-01-01T00:00:00Z"', 'seconds')).toEqual([]);
});

test('the command writes the cost of each batch as CSV, by the prices of its devices', async () => {
  const period = ['--from', '2026-11-01', '--to', '2026-12-01'];
  const run = (...args: string[]) => runCommand(['usage', ...period, ...args], { DATABASE_URL: api.databaseUrl });

  const csv = await run('--by', 'batch', '--price', 'cuda=2.00,cuda:1=4.00', '--csv');
  const partly = await run('--by', 'batch', '--price', 'cuda:0=2.00', '--csv');
  const words = await run();
  const wrong = await run('--price', 'cuda');

  expect(csv).toEqual({
    code: 0,
    stdout:
      'batch,succeeded,failed,canceled,seconds,bytes,cost\n' +
      `all lefts (${encodeId('Batch', batchId)}),1,1,0,5400.000,0,4.0000\n` +
      ',1,0,0,60.000,0,\n',
    stderr: '',
  });
  // One of the batch's devices has no price.
  expect(partly.stdout.split('\n')[1]).toMatch(/,5400\.000,0,$/);
  expect(words.stdout).toBe(
    `operator (${await tokenId('operator')}): 1 generation, 1 failed, 1.5 h, 0 bytes\n` +
      `admin (${await tokenId('admin')}): 1 generation, 1.0 min, 0 bytes\n`,
  );
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    "error: option '--price <prices>' argument 'cuda' is invalid. --price must be pairs such as cuda=1.90, separated by commas, got \"cuda\".\n",
  ]);
});
