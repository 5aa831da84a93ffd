import { Export, Generation, MriSeries } from '../../src/entities/index.js';
import { COMMAND_LINE, type TokenPrincipal } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { requestExport } from '../../src/services/exports/index.js';
import { deleteGeneration } from '../../src/services/generations/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { generated } from '../helpers/archives.js';
import { createExam, createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { startExportRunner } from '../helpers/work.js';

let platform: TestPlatform;
let viewer: TokenPrincipal;
let seed = 0;

beforeAll(async () => {
  platform = await createTestPlatform();
  const { token } = await createToken(platform.dataSource, { name: 'test', role: 'READER' });
  viewer = { tokenId: token.id, name: 'test', role: 'READER', project: null, expiresAt: null };
});
afterAll(() => platform.close());

/** Finished generations of so many knees. */
async function volumes(count: number): Promise<string[]> {
  const requests = [];
  for (let knee = 0; knee < count; knee++) {
    const { exam } = await createExam(platform);
    // Equal volumes would share one file, which goes with the last of them.
    requests.push({ examId: exam.id, sliceCount: 2, steps: 1, seed: ++seed });
  }
  return generated(platform, requests);
}

const remove = (id: string) => deleteGeneration(platform, COMMAND_LINE, id);

/** Writes an archive of these generations to its end, with what the store is made into. */
async function written(format: 'NIFTI_ZIP' | 'DICOM_ZIP', ids: string[], store: BlobStore): Promise<Export> {
  const exports = platform.dataSource.getRepository(Export);
  const { id } = await requestExport(
    platform.dataSource,
    viewer,
    { format, archive: { generations: ids } },
    'exportCohort',
  );
  const runner = startExportRunner({ dataSource: platform.dataSource, store });
  try {
    for (;;) {
      const row = await exports.findOneByOrFail({ id });
      if (row.state !== 'QUEUED' && row.state !== 'RUNNING') return row;
    }
  } finally {
    await runner.close();
  }
}

/** The store, and something that is done before the volume of a generation is opened for the first time. */
async function beforeOpening(generation: string, act: () => Promise<void>): Promise<BlobStore> {
  const series = await platform.dataSource.manager.findOneOrFail(MriSeries, {
    where: { generationId: generation },
    relations: { asset: true },
  });
  let done: Promise<void> | undefined;
  return new Proxy(platform.store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...values: unknown[]) => {
        if (values[0] === series.asset!.storageKey) await (done ??= act());
        return (await Reflect.apply(value, target, values)) as unknown;
      };
    },
  });
}

test.each(['NIFTI_ZIP', 'DICOM_ZIP'] as const)(
  'a %s from which a volume is deleted while it is written ends without that volume, and says how many it holds',
  async (format) => {
    const [first, second, third] = await volumes(3);

    const row = await written(format, [first!, second!, third!], await beforeOpening(first!, () => remove(second!)));

    expect(row).toMatchObject({ state: 'SUCCEEDED', error: null, done: 2, total: 2, rows: 2 });
    expect(row.manifest).toMatchObject({ volumes: 2, kinds: { real: 0, phantom: 0, synthetic: 2 } });
    expect(await platform.dataSource.getRepository(Generation).existsBy({ id: second! })).toBe(false);
  },
);

test('an archive all of whose volumes are deleted while it is written fails with a sentence and offers nothing', async () => {
  const [only] = await volumes(1);

  const row = await written('NIFTI_ZIP', [only!], await beforeOpening(only!, () => remove(only!)));

  expect(row).toMatchObject({
    state: 'FAILED',
    attempt: 1,
    error: 'The archive would be empty: every volume that it was to hold has been deleted.',
    assetId: null,
    manifestAssetId: null,
  });
});

test('a volume that the store has lost is not taken for a deleted one', async () => {
  const [kept, lost] = await volumes(2);
  const series = await platform.dataSource.manager.findOneOrFail(MriSeries, {
    where: { generationId: lost! },
    relations: { asset: true },
  });
  await platform.store.delete(series.asset!.storageKey);

  const row = await written('NIFTI_ZIP', [kept!, lost!], platform.store);

  expect(row).toMatchObject({ state: 'FAILED', assetId: null });
  expect(row.error).toMatch(/^The volume of the MRI series \S+ is not in the blob store\.$/);
});
