import { createHash } from 'node:crypto';
import {
  AuditEntry,
  Batch,
  BatchMember,
  Generation,
  GenerationOutput,
  type KneeExam,
  MriSeries,
} from '../../src/entities/index.js';
import type { BatchRequest } from '../../src/services/batches/index.js';
import { requestSuperResolution } from '../../src/services/generations/index.js';
import { type BatchPlatform, batchOf, followBatch, startBatchPlatform } from '../helpers/batches.js';
import { createExam } from '../helpers/platform.js';

let started: BatchPlatform;
let platform: BatchPlatform['platform'];
let hub: BatchPlatform['hub'];

beforeAll(async () => {
  started = await startBatchPlatform('tiny-superres-bundle');
  ({ platform, hub } = started);
});

afterAll(() => started.close());

/** An exam with a series of 64 x 64 x 80 voxels, named COR_T1_3D_FLASH_RIGHT. */
async function examWithSeries(of: Partial<MriSeries> = {}): Promise<KneeExam> {
  const { exam } = await createExam(platform, { mri: true });
  const size = { rows: 64, columns: 64, sliceCount: 80, pixelSpacing: 2.5 };
  await platform.dataSource.manager.update(MriSeries, { examId: exam.id }, { ...size, ...of } as object);
  return exam;
}

function refining(exams: readonly { id: number }[], request: Partial<BatchRequest> = {}): Promise<Batch> {
  const superResolution = { sequence: 'COR_T1_3D_FLASH', scale: 2 };
  const task = 'mri-super-resolution' as const;
  return batchOf(platform, exams, { task, superResolution, sliceCount: null, steps: null, ...request });
}

const members = ({ id }: Pick<Batch, 'id'>) =>
  platform.dataSource.manager.find(BatchMember, { where: { batchId: id }, order: { position: 'ASC' } });

test('the series of a cohort become finer, and what one was asked for by itself is found again', async () => {
  const exams = [await examWithSeries(), await examWithSeries()];
  const { manager } = platform.dataSource;
  const first = await manager.findOneByOrFail(MriSeries, { examId: exams[0]!.id });
  const alone = await requestSuperResolution(platform, { tokenId: null }, { seriesId: first.id, scale: 2 });

  const { id, ...made } = await refining(exams);

  expect(made).toMatchObject({
    ...{ task: 'mri-super-resolution', sliceCount: null, sampler: null, seed: null, steps: 1 },
    parameters: { sequence: 'COR_T1_3D_FLASH', scale: 2, network: 'student', bias: false },
  });
  const events = await followBatch(hub, id);
  expect(events.at(-1)).toMatchObject({ payload: { state: 'SUCCEEDED', counters: { succeeded: 2, failed: 0 } } });
  const rows = await manager.find(Generation, { where: { batchId: id }, order: { examId: 'ASC' } });
  expect(rows.map(({ key }) => key)).toContain(alone.key);
  for (const row of rows) {
    const series = await manager.findOneByOrFail(MriSeries, { examId: row.examId! });
    expect(row).toMatchObject({
      ...{ sourceSeriesId: series.id, radiographId: null, seed: null },
      parameters: { scale: 2, network: 'student', bias: false, series: { rows: 64, columns: 64, slices: 80 } },
    });
    const outputs = await manager.findBy(GenerationOutput, { generationId: row.id });
    expect(outputs.map(({ kind, rows, columns }) => `${kind} ${rows} ${columns}`).sort()).toEqual([
      'DICOM 128 128',
      'VOLUME 128 128',
    ]);
  }
  expect(await refining(exams)).toMatchObject({ state: 'SUCCEEDED', reused: 2 });
});

test('an exam without the series, or with one that cannot be made finer, is listed with the reason', async () => {
  const exams = [
    await examWithSeries(),
    await examWithSeries({ sequence: 'SAG_T2_MAP_RIGHT' }),
    await examWithSeries({ pixelSpacing: 3.5 }),
    await examWithSeries({ rows: 16_000, columns: 16_000, sliceCount: 30_000 }),
    (await createExam(platform)).exam,
  ];

  const batch = await refining(exams);

  expect(batch).toMatchObject({ waiting: 1, impossible: 4 });
  const missing = 'The exam has no MRI series COR_T1_3D_FLASH with pixels; import its images first.';
  expect((await members(batch)).map(({ reason }) => reason)).toEqual([
    null,
    missing,
    'tiny-superres takes series with pixels of 0.2 to 3 mm, and those of this one are not.',
    'The series has more than 134217728 voxels; the finer series would have more than 536870912.',
    missing,
  ]);
});

test('twice as many slices are another result than as many, and too large a series is listed with the reason', async () => {
  const exams = [await examWithSeries(), await examWithSeries({ rows: 1_000, columns: 1_000, sliceCount: 68 })];
  const superResolution = { sequence: 'COR_T1_3D_FLASH', scale: 1.5 };

  const plain = await refining(exams, { superResolution });
  const thin = await refining(exams, { superResolution: { ...superResolution, throughPlane: 2 } });

  expect(thin).toMatchObject({ waiting: 1, impossible: 1, reused: 0 });
  expect((await members(thin))[1]!.reason).toBe(
    'The series has more than 67108864 voxels; slices are made thinner of series of at most 67108864.',
  );
  const { manager } = platform.dataSource;
  const [entered] = await manager.findBy(Generation, { batchId: thin.id });
  expect(entered!.parameters).toMatchObject({ scale: 1.5, throughPlane: 2, network: 'student' });
  const [alike] = await manager.findBy(Generation, { batchId: plain.id, examId: entered!.examId! });
  expect(alike!.parameters).not.toHaveProperty('throughPlane');
  expect(entered!.key).not.toBe(alike!.key);
  const { id: seriesId } = await manager.findOneByOrFail(MriSeries, { examId: entered!.examId! });
  const request = { seriesId, scale: 1.5, throughPlane: 2 };
  expect((await requestSuperResolution(platform, { tokenId: null }, request)).key).toBe(entered!.key);
});

test('coefficients are kept with every generation, and the batch says by which without saying them', async () => {
  const coils = { x: [{ n: 3, m: 1, a: -0.4321, b: 0 }], y: [], z: [] };
  const coefficients = JSON.stringify({ format: 'osteograph-gradients/1', scanner: 'Ward 4', radiusMm: 250, coils });
  const superResolution = { sequence: 'COR_T1_3D_FLASH', scale: 1.5, coefficients };
  const exams = [await examWithSeries()];

  const batch = await refining(exams, { superResolution, clientKey: 'unwarped' });
  const again = await refining(exams, { superResolution, clientKey: 'unwarped' });

  expect(again.id).toBe(batch.id);
  const sha256 = createHash('sha256').update(coefficients).digest('hex');
  expect(batch.parameters).toMatchObject({ sequence: 'COR_T1_3D_FLASH', coefficients: { scanner: 'Ward 4', sha256 } });
  const { manager } = platform.dataSource;
  const [entered] = await manager.findBy(Generation, { batchId: batch.id });
  expect(entered!.parameters).toMatchObject({ coefficients: { scanner: 'Ward 4', radiusMm: 250, coils, sha256 } });
  const { id: seriesId } = await manager.findOneByOrFail(MriSeries, { examId: exams[0]!.id });
  const alone = await requestSuperResolution(platform, { tokenId: null }, { seriesId, scale: 1.5, coefficients });
  expect(alone.key).toBe(entered!.key);
  const audited = await manager.findBy(AuditEntry, { target: batch.id });
  expect(JSON.stringify([batch, audited])).not.toContain('0.4321');
  await expect(
    refining(exams, { superResolution: { ...superResolution, coefficients: 'scanner.json' } }),
  ).rejects.toThrow('coefficients cannot be read as gradient coefficients');
});

test('the side may be named or not, and the newest of several series of one name is taken', async () => {
  const exam = await examWithSeries();
  const { manager } = platform.dataSource;
  const { id: _, ...older } = await manager.findOneByOrFail(MriSeries, { examId: exam.id });
  const newer = await manager.insert(MriSeries, { ...older, barcode: '000000000002' } as object);

  const superResolution = { sequence: 'COR_T1_3D_FLASH_RIGHT', scale: 1.5 };
  const batch = await refining([exam], { superResolution });

  expect(batch).toMatchObject({ waiting: 1, impossible: 0 });
  const entered = await manager.findOneByOrFail(Generation, { batchId: batch.id });
  expect(entered.sourceSeriesId).toBe(newer.identifiers[0]!.id);
});

test.each<[string, Partial<BatchRequest>, string]>([
  [
    'a super-resolution without a word on the series',
    { superResolution: null },
    'The task MRI_SUPER_RESOLUTION needs superResolution, which says what series is meant, and how fine.',
  ],
  [
    'a scale out of range',
    { superResolution: { sequence: 'COR_T1_3D_FLASH', scale: 9 } },
    'scale is 9; tiny-superres was trained for 1.5 to 4.',
  ],
  [
    'three slices of each',
    { superResolution: { sequence: 'COR_T1_3D_FLASH', scale: 2, throughPlane: 3 } },
    'throughPlane is 3; it takes 2, or is left out.',
  ],
  ['steps of another network', { steps: 3 }, 'steps is 3; the student of tiny-superres works in 1 steps.'],
  [
    'a series without a name',
    { superResolution: { sequence: ' ', scale: 2 } },
    'sequence must have between 1 and 200 characters.',
  ],
  [
    'slices of volumes',
    { sliceCount: 2 },
    'sliceCount is of other tasks; the task MRI_SUPER_RESOLUTION takes superResolution instead.',
  ],
  [
    'volumes with a super-resolution',
    { task: null },
    'superResolution is told to the task MRI_SUPER_RESOLUTION; give task, too.',
  ],
])('%s is refused in one sentence, and no batch is made', async (_, request, message) => {
  const before = await platform.dataSource.manager.count(Batch);
  await expect(refining([await examWithSeries()], request)).rejects.toThrow(message);
  expect(await platform.dataSource.manager.count(Batch)).toBe(before);
});
