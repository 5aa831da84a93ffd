import { AuditEntry, Generation } from '../../src/entities/index.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { createToken } from '../../src/services/access/tokens.js';
import { createCohort } from '../../src/services/cohorts/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { runCommand } from '../helpers/command.js';
import { filmFile } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await api.make.bundle({ task: 'xray-to-mri' });
  for (const oaiId of ['9000001', '9000002']) {
    const participant = await api.make.participant({ oaiId });
    const visit = await api.make.visit(participant);
    for (const side of ['RIGHT', 'LEFT'] as const) await api.make.exam(visit, { side });
  }
});

afterAll(() => api.close());

beforeEach(async () => {
  await api.dataSource.query('DELETE FROM arrival_rule');
});

async function send(barcode: string, elements = {}, id = '9000001'): Promise<number> {
  const response = await fetch(`${api.url}/dicomweb/studies?visit=V00`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.OPERATOR}`, 'content-type': 'application/dicom' },
    body: new Uint8Array(filmFile(id, barcode, { elements })),
  });
  return response.status;
}

const CREATE = `mutation ($input: CreateArrivalRuleInput!) { createArrivalRule(input: $input) { arrivalRule {
  id task modality hasCohort cohort { name } bundle createdBy } } }`;
const LIST = '{ arrivalRules { id task modality createdBy } }';
const DELETE =
  'mutation ($input: DeleteArrivalRuleInput!) { deleteArrivalRule(input: $input) { deletedArrivalRuleId } }';

const generations = () =>
  api.dataSource
    .getRepository(Generation)
    .find({ relations: { exam: { participant: true } }, order: { createdAt: 'ASC' } });

test('what a rule asks for is queued when a film arrives, once however often it comes, as the work of whoever added the rule', async () => {
  const before = (await generations()).length;
  const { data } = await api.ask(CREATE, { input: { task: 'XRAY_TO_MRI', modality: 'DX' } }, api.tokens.ADMIN);

  const statuses = [await send('1'), await send('2', { Modality: 'DX' }), await send('2', { Modality: 'DX' })];

  expect(data).toMatchObject({
    createArrivalRule: { arrivalRule: { task: 'XRAY_TO_MRI', modality: 'DX', hasCohort: false, createdBy: 'admin' } },
  });
  expect(statuses).toEqual([200, 200, 200]);
  const made = (await generations()).slice(before);
  expect(made.map(({ task, state, exam }) => [task, state, exam?.side])).toEqual([
    ['xray-to-mri', 'QUEUED', 'RIGHT'],
    ['xray-to-mri', 'QUEUED', 'LEFT'],
  ]);
  const entry = await api.dataSource
    .getRepository(AuditEntry)
    .findOneByOrFail({ action: 'generateMri', target: made[0]!.id });
  expect(entry.tokenId).toBe(made[0]!.requestedById);
});

test('a rule for a cohort is for its knees alone', async () => {
  const before = (await generations()).length;
  const cohort = await createCohort(api.dataSource, COMMAND_LINE, {
    ...{ name: 'second people', description: '', visibility: 'READERS' },
    filter: { participant: { oaiId: { eq: '9000002' } }, side: { eq: 'LEFT' } },
  });
  const cohortId = encodeId('Cohort', cohort.id);
  const { data } = await api.ask(CREATE, { input: { task: 'XRAY_TO_MRI', cohortId } }, api.tokens.OPERATOR);

  await send('11');
  await send('12', {}, '9000002');

  expect(data).toMatchObject({ createArrivalRule: { arrivalRule: { cohort: { name: 'second people' } } } });
  const made = (await generations()).slice(before);
  expect(made.map(({ exam }) => [exam?.participant.oaiId, exam?.side])).toEqual([['9000002', 'LEFT']]);
});

test('a rule that cannot be kept does not keep its film out, and the log says why', async () => {
  await api.ask(CREATE, { input: { task: 'XRAY_TO_MRI' } }, api.tokens.OPERATOR);
  await api.dataSource.query(`UPDATE bundle SET state = 'RETIRED'`);
  try {
    expect(await send('21')).toBe(200);
    expect(await api.logged({ msg: 'an arrival rule could not be kept' })).toMatchObject({ level: 40 });
  } finally {
    await api.dataSource.query(`UPDATE bundle SET state = 'READY'`);
  }
});

test('a rule of a token that is revoked is not kept', async () => {
  const { token, text } = await createToken(api.dataSource, { name: 'leaves', role: 'OPERATOR' });
  await api.ask(CREATE, { input: { task: 'XRAY_TO_MRI' } }, text);
  await api.dataSource.query('UPDATE api_token SET revoked_at = now() WHERE id = $1', [token.id]);
  const before = (await generations()).length;

  expect(await send('25')).toBe(200);
  expect((await generations()).length).toBe(before);
  expect(
    await api.logged({ reason: 'The token "leaves", which added the rule, is revoked or has expired.' }),
  ).toMatchObject({ level: 40 });
});

test('a rule is removed by whoever added it and by administrators, and no film is held against it any more', async () => {
  await api.ask(CREATE, { input: { task: 'XRAY_TO_MRI' } }, api.tokens.ADMIN);
  const { data } = await api.ask<{ arrivalRules: { id: string }[] }>(LIST, {}, api.tokens.OPERATOR);
  const input = { id: data!.arrivalRules[0]!.id };
  const before = (await generations()).length;

  const stranger = await api.ask(DELETE, { input }, api.tokens.OPERATOR);
  const owner = await api.ask(DELETE, { input }, api.tokens.ADMIN);
  await send('31');

  expect(stranger.errors![0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  expect(owner.data).toEqual({ deleteArrivalRule: { deletedArrivalRuleId: input.id } });
  expect((await generations()).length).toBe(before);
});

test.each([
  [
    { task: 'XRAY_PROGRESSION' },
    'BAD_USER_INPUT',
    'task is "xray-progression"; accepted: xray-to-mri, image-restoration.',
  ],
  [
    { task: 'XRAY_TO_MRI', cohortId: encodeId('Cohort', '00000000-0000-4000-8000-000000000000') },
    'NOT_FOUND',
    'There is no such cohort.',
  ],
  [{ task: 'XRAY_TO_MRI', bundle: 'nothing' }, 'NOT_FOUND', 'nothing'],
])('%j is refused', async (input, code, words) => {
  const { errors } = await api.ask(CREATE, { input }, api.tokens.OPERATOR);

  expect(errors![0]).toMatchObject({ extensions: { code } });
  expect(errors![0]!.message).toContain(words);
});

test('the command adds, lists and removes rules', async () => {
  const run = (...args: string[]) =>
    runCommand(['arrival-rules', ...args, '--data-dir', api.dataDir], { DATABASE_URL: api.databaseUrl });

  const added = await run('add', '--task', 'xray-to-mri', '--modality', 'CR');
  const number = /^\d+/.exec(added.stdout)![0];
  const listed = await run('list');
  const removed = await run('remove', number);
  const again = await run('remove', number);

  expect(listed.stdout).toBe(`${number}  xray-to-mri of CR films, by the newest bundle; added by the command line\n`);
  expect([added.stdout, removed.stdout]).toEqual([listed.stdout, `Rule ${number} is removed.\n`]);
  expect(again).toMatchObject({ code: 1, stderr: `osteograph: There is no arrival rule ${number}.\n` });
});
