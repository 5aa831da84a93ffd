import { addedInWords } from '../../src/cli/import-summary.js';
import { Asset, Export, MriSeries } from '../../src/entities/index.js';
import type { TokenPrincipal } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { type ExportRequest, requestExport } from '../../src/services/exports/index.js';
import { addImages, type AddOptions } from '../../src/services/imports/index.js';
import { type BlobStore, DirectoryStore, readAsset } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { ReleaseFolder, sliceFile } from '../helpers/oai-files.js';
import { startExportRunner } from '../helpers/work.js';

let database: TestDatabase;
let files: ReleaseFolder;
let blobs: ReleaseFolder;
let store: DirectoryStore;
let viewer: TokenPrincipal;

const [REDACTED, OTHER] = ['9000001', '9000002'];
const EXPIRED = 'An image of somebody whom it holds was redacted; export again for a file without what was removed.';

beforeEach(async () => {
  database = await createTestDatabase();
  files = await ReleaseFolder.make();
  blobs = await ReleaseFolder.make();
  store = new DirectoryStore(blobs.path);
  const { token } = await createToken(database.dataSource, { name: 'test', role: 'READER' });
  viewer = { tokenId: token.id, name: 'test', role: 'READER', project: null, expiresAt: null };
});

afterEach(async () => {
  await database.drop();
  await files.remove();
  await blobs.remove();
});

/** Adds an MRI series of three slices to the right knee. */
async function add(oaiId: string, redact?: AddOptions['redact']) {
  const folder = `scan-${oaiId}`;
  for (const slice of [0, 1, 2]) await files.write(`${folder}/${slice}`, sliceFile('', oaiId, slice));
  const to = { oaiId, visit: 'V00', side: 'RIGHT' } as const;
  return addImages(database.dataSource, `${files.path}/${folder}`, to, { store, create: true, redact });
}

const redact = (oaiId: string) => add(oaiId, [{ edge: 'bottom', pixels: 2 }]);

const rows = () => database.dataSource.getRepository(Export);
const rowOf = (id: number): Promise<Export> =>
  rows().findOneOrFail({ where: { id }, relations: { asset: true, manifestAsset: true } });

/** Writes an export to its end. */
async function exported(request: ExportRequest, from: BlobStore = store): Promise<Export> {
  const { id } = await requestExport(database.dataSource, viewer, request, 'exportCohort');
  const runner = startExportRunner({ dataSource: database.dataSource, store: from });
  try {
    for (;;) {
      const row = await rowOf(id);
      if (row.state !== 'QUEUED' && row.state !== 'RUNNING') return row;
    }
  } finally {
    await runner.close();
  }
}

const messages = async (id: number): Promise<(string | null)[]> =>
  (
    await database.dataSource.query<{ message: string | null }[]>(
      `SELECT payload ->> 'message' AS message FROM export_event WHERE export_id = $1 ORDER BY seq`,
      [id],
    )
  ).map(({ message }) => message);

/** The store, and what is done once the first volume was read. */
function afterReading(storageKey: string, act: () => Promise<unknown>): BlobStore {
  let done: Promise<unknown> | undefined;
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...values: unknown[]) => {
        const result: unknown = await Reflect.apply(value, target, values);
        if (name === 'open' && values[0] === storageKey) await (done ??= act());
        return result;
      };
    },
  });
}

async function volumeOf(oaiId: string): Promise<Asset> {
  const { asset } = await database.dataSource.getRepository(MriSeries).findOneOrFail({
    where: { exam: { participant: { oaiId } } },
    relations: { asset: true },
  });
  return asset!;
}

const of = (oaiId: string) => ({ participant: { oaiId: { eq: oaiId } } });

test('archives of somebody whose image is redacted expire with it, and no others', async () => {
  for (const oaiId of [REDACTED, OTHER]) await add(oaiId);
  const volumes = await exported({ format: 'NIFTI_ZIP', where: of(REDACTED) });
  const objects = await exported({ format: 'DICOM_ZIP' });
  const others = await exported({ format: 'NIFTI_ZIP', where: of(OTHER) });
  const table = await exported({ format: 'CSV' });
  expect([volumes, objects, others, table].map(({ state }) => state)).toEqual(Array(4).fill('SUCCEEDED'));

  expect(await redact(REDACTED)).toMatchObject({ outcomes: ['updated'], archives: { expired: 2, restarted: 0 } });

  for (const { id, asset, manifestAsset } of [volumes, objects]) {
    expect(await rowOf(id)).toMatchObject({ state: 'EXPIRED', asset: null, manifestAsset });
    expect(await store.exists(asset!.storageKey)).toBe(false);
    expect((await messages(id)).at(-1)).toBe(EXPIRED);
  }
  expect(await database.dataSource.getRepository(Asset).findBy({ sha256: volumes.asset!.sha256 })).toEqual([]);
  for (const { id, asset } of [others, table]) {
    expect(await rowOf(id)).toMatchObject({ state: 'SUCCEEDED', asset });
    expect(await store.exists(asset!.storageKey)).toBe(true);
  }
});

test('an archive that has read an image which is redacted before it is finished is begun anew', async () => {
  await add(REDACTED);
  const before = await volumeOf(REDACTED);
  let added: unknown;

  const row = await exported(
    { format: 'NIFTI_ZIP' },
    afterReading(before.storageKey, async () => (added = await redact(REDACTED))),
  );

  expect(added).toMatchObject({ archives: { expired: 0, restarted: 1 } });
  expect(row).toMatchObject({ state: 'SUCCEEDED', attempt: 2 });
  expect(await messages(row.id)).toContain('An image was redacted while it was being written; it is begun anew.');
  const manifest = JSON.parse((await readAsset(store, row.manifestAsset!)).toString()) as {
    contents: { volumeSha256: string }[];
  };
  expect(manifest.contents.map(({ volumeSha256 }) => volumeSha256)).toEqual([(await volumeOf(REDACTED)).sha256]);
  expect(manifest.contents[0]!.volumeSha256).not.toBe(before.sha256);
});

test('the import says how many archives it took back', () => {
  const redacted = { kind: 'series' as const, outcomes: ['updated' as const] };

  expect(addedInWords({ ...redacted, archives: { expired: 2, restarted: 1 } }).split('\n')).toEqual([
    'MRI series: updated',
    "2 exported archives of the participant's images expired: export again.",
    '1 archive in the making is begun anew.',
  ]);
  expect(addedInWords({ ...redacted, archives: { expired: 0, restarted: 0 } })).toBe('MRI series: updated');
});

test('an image that is redacted as it comes takes no archive back', async () => {
  await add(OTHER);
  const archive = await exported({ format: 'NIFTI_ZIP' });

  expect(await redact(REDACTED)).toEqual({ kind: 'series', outcomes: ['inserted'] });

  expect(await rowOf(archive.id)).toMatchObject({ state: 'SUCCEEDED' });
});
