import { encodeId } from '../../src/domain/global-ids.js';
import { Batch, type Bundle, type KneeExam, type Radiograph } from '../../src/entities/index.js';
import { createToken } from '../../src/services/access/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let exam: KneeExam;
let film: Radiograph;
let bundle: Bundle;
/** Key and text of a token whose work it is. */
let owner: { id: number; text: string };

beforeAll(async () => {
  api = await startTestServer();
  const visit = await api.make.visit(await api.make.participant());
  exam = await api.make.exam(visit, { side: 'LEFT' });
  film = await api.make.radiograph(visit, { assetId: (await api.make.asset()).id });
  bundle = await api.make.bundle();
  const { token, text } = await createToken(api.dataSource, { name: 'owner', role: 'OPERATOR' });
  owner = { id: token.id, text };
});

afterAll(() => api.close());

async function generationId(state: 'QUEUED' | 'FAILED'): Promise<string> {
  const row = await api.make.generation(exam, film, bundle, { state, requestedById: owner.id });
  return encodeId('Generation', row.id);
}

async function batchId(state: Batch['state']): Promise<string> {
  const { id } = await api.make.batch(bundle, { state, requestedById: owner.id, waiting: 1 });
  return encodeId('Batch', id);
}

test.each([
  ['cancelGeneration', 'generation', () => generationId('QUEUED')],
  ['retryGeneration', 'generation', () => generationId('FAILED')],
  ['pauseBatch', 'batch', () => batchId('RUNNING')],
  ['resumeBatch', 'batch', () => batchId('PAUSED')],
  ['cancelBatch', 'batch', () => batchId('QUEUED')],
])('%s is for whoever asked for the work, and for administrators', async (mutation, made, work) => {
  const ask = async (token: string) => {
    const document = `mutation ($id: ID!) { ${mutation}(input: { id: $id }) { ${made} { state } } }`;
    const { errors } = await api.ask(document, { id: await work() }, token);
    return errors?.map(({ message, extensions }) => [extensions.code, message]);
  };

  expect(await ask(api.tokens.OPERATOR)).toEqual([
    ['FORBIDDEN', `${mutation} is only for whoever asked for the work, and for administrators.`],
  ]);
  expect(await ask(owner.text)).toBeUndefined();
  expect(await ask(api.tokens.ADMIN)).toBeUndefined();
});

test('only administrators put a batch ahead of others, and nothing is stored of one that is refused', async () => {
  const document =
    'mutation ($input: SynthesizeCohortInput!) { synthesizeCohort(input: $input) { batch { priority } } }';
  const before = await api.dataSource.getRepository(Batch).count();
  const { errors } = await api.ask(document, { input: { where: {}, priority: 1 } }, api.tokens.OPERATOR);

  expect(errors![0]).toMatchObject({
    message: 'priority is 1; above 0 it is only for administrators.',
    extensions: { code: 'FORBIDDEN' },
  });
  expect(await api.dataSource.getRepository(Batch).count()).toBe(before);
});
