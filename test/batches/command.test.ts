import { encodeId } from '../../src/domain/global-ids.js';
import { AuditEntry, Batch, Generation, type KneeExam, Radiograph } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createCohort } from '../../src/services/cohorts/index.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { startWorkerProcess } from '../helpers/worker-process.js';

let platform: TestPlatform;
let knees: KneeExam[];
let cohort: string;

beforeAll(async () => {
  platform = await createTestPlatform();
  knees = [];
  while (knees.length < 3) knees.push((await createExam(platform)).exam);
  await platform.dataSource.getRepository(Radiograph).update({ examId: knees[2]!.id }, { assetId: null });
  const request = { name: 'Three knees', kind: 'STATIC', examIds: knees.map(({ id }) => id) } as const;
  cohort = encodeId('Cohort', (await createCohort(platform.dataSource, COMMAND_LINE, request)).id);
});
afterAll(() => platform.close());

const batches = (...args: string[]): Promise<CommandResult> =>
  runCommand(['batches', ...args, '--data-dir', platform.dataDir], { DATABASE_URL: platform.url });

test('a batch is made, listed, shown, paused, resumed, canceled, retried, watched to its end and deleted', async () => {
  expect((await batches()).stdout).toContain('There are no such batches');

  const made = await batches('create', '--cohort', cohort, '--slices', '2', '--steps', '1', '--priority', '-2');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const id = made.stdout.trim();
  const row = await platform.dataSource.getRepository(Batch).findOneByOrFail({});
  expect(id).toBe(encodeId('Batch', row.id));
  expect(row).toMatchObject({ name: 'Three knees', priority: -2, steps: 1, sliceCount: 2, requestedById: null });

  expect((await batches('list', '--state', 'QUEUED')).stdout).toMatch(/QUEUED +1\/3 {2}Three knees/);
  expect((await batches('pause', id)).stdout).toBe('PAUSED: 2 waiting, 1 not possible\n');
  expect((await batches('resume', id)).stdout).toBe('QUEUED: 2 waiting, 1 not possible\n');
  expect((await batches('cancel', id)).stdout).toBe('CANCELED: 2 canceled, 1 not possible\n');
  expect((await batches('retry', id)).stdout).toBe('QUEUED: 2 waiting, 1 not possible\n');
  const shown = (await batches('show', id)).stdout;
  expect(shown).toContain('tiny-bundle@1.0.0, 2 slices, DDIM 1, seed 0 (FIXED), priority -2');
  expect(shown).toContain('       1  The exam has no radiograph with pixels; import its images or add one first.');

  const worker = await startWorkerProcess(platform);
  try {
    expect(await batches('watch', id)).toMatchObject({
      code: 1,
      stdout: 'PARTIAL: 2 succeeded, 1 not possible\n',
      stderr: '',
    });
  } finally {
    await worker.dispose();
  }
  expect((await batches('delete', id)).stdout).toBe('Deleted, with the volumes that were made for it.\n');
  expect(await batches('show', id)).toMatchObject({ code: 1, stderr: 'osteograph: There is no such batch.\n' });
  expect(await platform.dataSource.getRepository(Generation).count()).toBe(0);
  const audited = await platform.dataSource.getRepository(AuditEntry).findBy({ target: row.id });
  expect(audited.map(({ tokenId }) => tokenId)).toEqual([null, null, null, null, null, null]);
});

test('a batch that is not over is not deleted', async () => {
  const made = await batches('create', '--cohort', cohort, '--slices', '2', '--steps', '1');
  const id = made.stdout.trim();
  expect(await batches('delete', id)).toMatchObject({
    code: 1,
    stderr: 'osteograph: The batch is QUEUED; cancel it first.\n',
  });
  expect((await batches('show', id)).code).toBe(0);
});

test.each([
  [['create'], 'Give --cohort, --filter or both.'],
  [['create', '--cohort', 'x'], 'where.inCohort.eq must be the id of a Cohort.'],
  [['show', 'x'], '"x" is not the id of a batch.'],
  [['delete', encodeId('Batch', '00000000-0000-4000-8000-000000000000')], 'There is no such batch.'],
  [['pause', encodeId('Batch', '00000000-0000-4000-8000-000000000000')], 'There is no such batch.'],
])('%j is refused in one sentence', async (args, message) => {
  const { code, stderr } = await batches(...args);

  expect(code).toBe(1);
  expect(stderr).toBe(`osteograph: ${message}\n`);
});
