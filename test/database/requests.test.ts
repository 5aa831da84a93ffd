import { RememberRequests1760000003072 } from '../../migrations/1760000003072-remember-requests.js';
import { Batch, Generation } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { type GenerationRequest, requestGeneration } from '../../src/services/generations/index.js';
import { batchOf } from '../helpers/batches.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform();
});
afterAll(() => platform.close());

/** What every row remembers of its request, by its client key. */
async function remembered(table: 'generation' | 'batch'): Promise<unknown> {
  return platform.dataSource.query(`SELECT client_key AS key, request FROM ${table} ORDER BY client_key NULLS LAST`);
}

test('requests from before they were remembered are taken from the audit, and asking again then finds them', async () => {
  const { dataSource } = platform;
  const { exam } = await createExam(platform);
  const request: GenerationRequest = {
    examId: exam.id,
    steps: 3,
    seed: null,
    features: [{ feature: 'XRKL', grade: null }],
    clientKey: 'a',
  };
  const generation = await requestGeneration(platform, COMMAND_LINE, request);
  await requestGeneration(platform, COMMAND_LINE, { examId: exam.id });
  const knees = { name: 'Two knees', seed: 7, eta: null, clientKey: 'b', written: { sex: null, kl: { gte: 2 } } };
  const batch = await batchOf(platform, [exam], knees);
  const runner = dataSource.createQueryRunner();
  const migration = new RememberRequests1760000003072();
  await migration.down(runner);
  await expect(remembered('generation')).rejects.toThrow('column "request" does not exist');

  await migration.up(runner);
  await runner.release();

  expect(await remembered('generation')).toEqual([
    { key: 'a', request: { examId: exam.id, steps: 3, features: [{ feature: 'XRKL' }] } },
    { key: null, request: null },
    { key: null, request: null },
  ]);
  expect(await remembered('batch')).toEqual([
    {
      key: 'b',
      request: { name: 'Two knees', seed: 7, steps: 1, sliceCount: 2, filter: { sex: null, kl: { gte: 2 } } },
    },
  ]);
  expect((await requestGeneration(platform, COMMAND_LINE, request)).id).toBe(generation.id);
  expect((await batchOf(platform, [exam], knees)).id).toBe(batch.id);
  await expect(requestGeneration(platform, COMMAND_LINE, { ...request, steps: 4 })).rejects.toThrow(
    'The clientKey "a" was used for a generation with another steps; use a new key for a new request.',
  );
  expect(await dataSource.getRepository(Generation).count()).toBe(3);
  expect(await dataSource.getRepository(Batch).count()).toBe(1);
});
