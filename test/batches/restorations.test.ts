import { Batch, Generation, GenerationOutput, type KneeExam, Radiograph } from '../../src/entities/index.js';
import { type BatchRequest, pauseBatch, resumeBatch } from '../../src/services/batches/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { type BatchPlatform, batchOf, followBatch, startBatchPlatform } from '../helpers/batches.js';
import { createExam } from '../helpers/platform.js';

let started: BatchPlatform;
let platform: BatchPlatform['platform'];
let hub: BatchPlatform['hub'];
let knees: KneeExam[];

beforeAll(async () => {
  started = await startBatchPlatform('tiny-restorer-bundle');
  ({ platform, hub } = started);
  knees = [];
  while (knees.length < 3) knees.push((await createExam(platform)).exam);
});

afterAll(() => started.close());

/** A batch that restores the films of exams. */
function restoring(exams: readonly { id: number }[], request: Partial<BatchRequest> = {}): Promise<Batch> {
  const restoration = { denoise: { sigma: 12 } };
  return batchOf(platform, exams, { task: 'image-restoration', restoration, sliceCount: null, ...request });
}

const nobody = { ...COMMAND_LINE, tokenId: null };

test('the films of a cohort are restored, also when the batch was paused, and are found again', async () => {
  const { exam: without, radiograph } = await createExam(platform);
  await platform.dataSource.manager.update(Radiograph, { id: radiograph.id }, { assetId: null });
  const { id, ...made } = await restoring([...knees, without], { priority: 3 });
  expect(made).toMatchObject({
    ...{ task: 'image-restoration', steps: 1, sliceCount: null, sampler: null, noise: null, seed: null, priority: 3 },
    parameters: { operation: 'DENOISE', sigma: 12, estimated: false, impulses: 0 },
  });
  await pauseBatch(platform, nobody, id);
  await resumeBatch(platform, nobody, id);
  const events = await followBatch(hub, id);

  expect(events.at(-1)).toMatchObject({
    type: 'STATE_CHANGED',
    payload: { state: 'PARTIAL', counters: { succeeded: 3, impossible: 1, failed: 0 } },
  });
  const rows = await platform.dataSource.manager.findBy(Generation, { batchId: id });
  for (const row of rows) {
    expect(row).toMatchObject({
      ...{ state: 'SUCCEEDED', task: 'image-restoration', features: {}, seed: null, eta: 0 },
      parameters: { operation: 'DENOISE', sigma: 12, film: { rows: 256, columns: 256 } },
    });
    expect(await platform.dataSource.manager.countBy(GenerationOutput, { generationId: row.id })).toBe(6);
  }

  const again = await restoring(knees);
  const other = await restoring(knees, { restoration: { denoise: { sigma: 13 } } });
  expect(again).toMatchObject({ state: 'SUCCEEDED', reused: 3 });
  expect(other).toMatchObject({ reused: 0 });
  await followBatch(hub, other.id);
});

test.each<[string, Partial<BatchRequest>, string]>([
  [
    'a restoration without a word on what to do',
    { restoration: null },
    'The task IMAGE_RESTORATION needs restoration, which says what is to be done.',
  ],
  [
    'two things to do',
    { restoration: { denoise: {}, upscale: { factor: 2 } } },
    'One of denoise and upscale must say what is to be done; denoise and upscale are given.',
  ],
  [
    'slices of a film',
    { sliceCount: 2 },
    'sliceCount is of volumes; the task IMAGE_RESTORATION takes restoration instead.',
  ],
  ['volumes with a restoration', { task: null }, 'restoration is told to the task IMAGE_RESTORATION; give task, too.'],
  [
    'noise out of range',
    { restoration: { denoise: { sigma: 200 } } },
    'sigma is 200; tiny-restorer was trained for 0 to 75.',
  ],
  [
    'a task that makes nothing',
    { task: 'knee-detection' },
    'The task knee-detection makes nothing of a cohort; accepted: xray-to-mri, image-restoration, xray-progression, mri-super-resolution.',
  ],
])('%s is refused in one sentence, and no batch is made', async (_, request, message) => {
  const before = await platform.dataSource.manager.count(Batch);
  await expect(restoring(knees, request)).rejects.toThrow(message);
  expect(await platform.dataSource.manager.count(Batch)).toBe(before);
});
