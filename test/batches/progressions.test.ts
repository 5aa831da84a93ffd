import { Batch, Generation, GenerationOutput, KneeExam, Radiograph } from '../../src/entities/index.js';
import type { BatchRequest } from '../../src/services/batches/index.js';
import { storeAsset } from '../../src/storage/index.js';
import { type BatchPlatform, batchOf, followBatch, startBatchPlatform } from '../helpers/batches.js';
import { createExam } from '../helpers/platform.js';
import { drawnKneePng } from '../helpers/radiographs.js';

let started: BatchPlatform;
let platform: BatchPlatform['platform'];
let hub: BatchPlatform['hub'];

beforeAll(async () => {
  started = await startBatchPlatform('tiny-progression-bundle', 'tiny-reader-bundle');
  ({ platform, hub } = started);
});

afterAll(() => started.close());

/** An exam of one drawn knee with a film of its own. @param kl grade of its preferred reading; null: none */
async function kneeExam(kl: number | null): Promise<KneeExam> {
  const { manager } = platform.dataSource;
  const { exam, radiograph } = await createExam(platform);
  const knee = await storeAsset(manager, platform.store, drawnKneePng(150), 'image/png');
  await manager.update(
    Radiograph,
    { id: radiograph.id },
    { assetId: knee.id, rows: 224, columns: 224, examId: exam.id, visitId: null },
  );
  await manager.update(KneeExam, { id: exam.id }, { grades: { XRKL: kl } });
  return exam;
}

function progressing(exams: readonly { id: number }[], request: Partial<BatchRequest> = {}): Promise<Batch> {
  const progression = { targetKl: 4, frameCount: 2 };
  return batchOf(platform, exams, { task: 'xray-progression', progression, sliceCount: null, steps: null, ...request });
}

test('the knees of a cohort go from their own grades to the wished one, and are found again', async () => {
  const knees = [await kneeExam(0), await kneeExam(2), await kneeExam(null)];
  const { id, ...made } = await progressing(knees);
  expect(made).toMatchObject({
    ...{ task: 'xray-progression', sliceCount: null, sampler: null, seed: null },
    parameters: { targetKl: 4, compartment: 'MEDIAL', frameCount: 2, grader: { name: 'tiny-reader-bundle' } },
  });
  const events = await followBatch(hub, id);
  expect(events.at(-1)).toMatchObject({
    type: 'STATE_CHANGED',
    payload: { state: 'SUCCEEDED', counters: { succeeded: 3, failed: 0 } },
  });
  const { manager } = platform.dataSource;
  const rows = await manager.find(Generation, { where: { batchId: id }, order: { examId: 'ASC' } });
  const own = rows.map(({ parameters }) => (parameters as { ownKl: number }).ownKl);
  expect(own.slice(0, 2)).toEqual([0, 2]);
  // What nobody has graded is read.
  expect([0, 1, 2, 3]).toContain(own[2]);
  for (const row of rows) {
    expect(row).toMatchObject({ state: 'SUCCEEDED', parameters: { film: { rows: 224, columns: 224 } } });
    expect(await manager.countBy(GenerationOutput, { generationId: row.id, kind: 'FRAME' })).toBe(2);
  }
  expect(await progressing(knees)).toMatchObject({ state: 'SUCCEEDED', reused: 3 });
});

test('a knee that has the wished grade already fails alone, in one sentence', async () => {
  const knees = [await kneeExam(3), await kneeExam(1)];
  const { id } = await progressing(knees, { progression: { targetKl: 3, frameCount: 2 } });
  const events = await followBatch(hub, id);
  expect(events.at(-1)).toMatchObject({ payload: { state: 'PARTIAL', counters: { succeeded: 1, failed: 1 } } });
  const failed = await platform.dataSource.manager.findOneByOrFail(Generation, { batchId: id, state: 'FAILED' });
  expect(failed.error).toBe('The film has KL 3 already; ask for another grade.');
});

test.each<[string, Partial<BatchRequest>, string]>([
  [
    'a progression without a word on the grade',
    { progression: null },
    'The task XRAY_PROGRESSION needs progression, which says what grade is wished.',
  ],
  [
    'a grade that there is not',
    { progression: { targetKl: 9 } },
    'The wished KL grade is 9; it is a whole number from 0 to 4.',
  ],
  ['steps of a film', { steps: 4 }, 'steps is of other tasks; the task XRAY_PROGRESSION takes progression instead.'],
  ['volumes with a progression', { task: null }, 'progression is told to the task XRAY_PROGRESSION; give task, too.'],
  [
    'a progression with a restoration',
    { restoration: { denoise: {} } },
    'restoration is told to the task IMAGE_RESTORATION; give task, too.',
  ],
])('%s is refused in one sentence, and no batch is made', async (_, request, message) => {
  const before = await platform.dataSource.manager.count(Batch);
  await expect(progressing([await kneeExam(0)], request)).rejects.toThrow(message);
  expect(await platform.dataSource.manager.count(Batch)).toBe(before);
});
