import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Asset } from '../../src/entities/index.js';
import {
  type BlobStore,
  checkBlobs,
  openBlobStore,
  openOwnBlobStore,
  removeUnclaimed,
  storeAsset,
  sweepBlobs,
} from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { type Factories, factories } from '../helpers/factories.js';
import { pythonWithMoto, startS3, type TestS3 } from '../helpers/s3.js';

const NOTHING = { blobs: 0, assets: 0, bytes: 0, drafts: 0, missing: [], skipped: 0 };

let directory: string;
let s3: TestS3;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'osteograph-sweep-'));
  if (pythonWithMoto) s3 = await startS3();
});
afterAll(async () => {
  await s3?.stop();
  await rm(directory, { recursive: true, force: true });
});

const stores: [string, boolean, () => Promise<BlobStore>][] = [
  ['a directory', true, async () => openBlobStore(await mkdtemp(join(directory, 'data-')))],
  ['a bucket', pythonWithMoto !== undefined, async () => openBlobStore('unused', await s3.blobUrl())],
];

for (const [name, available, open] of stores) {
  (available ? describe : describe.skip)(`sweeping ${name}`, () => {
    let database: TestDatabase;
    let make: Factories;
    let store: BlobStore;

    beforeEach(async () => {
      database = await createTestDatabase();
      make = factories(database.dataSource);
      store = await open();
    });
    afterEach(() => database.drop());

    const sweep = (options = {}) =>
      sweepBlobs({ dataSource: database.dataSource, store, graceMs: -60_000, ...options });

    /** An asset that a film refers to, both in one transaction: only the grace period would spare a row in between. */
    async function claimed(bytes: Buffer): Promise<Asset> {
      const exam = await make.exam(await make.visit(await make.participant()));
      return database.dataSource.transaction(async (manager) => {
        const asset = await storeAsset(manager, store, bytes, 'image/png');
        await factories(manager).radiograph(exam, { assetId: asset.id, barcode: `01660${exam.id}` });
        return asset;
      });
    }

    test('removes blobs without a row and rows without a use, and nothing else', async () => {
      const kept = await claimed(Buffer.from('a film'));
      const forgotten = await store.put(Buffer.from('of a transaction that was rolled back'), 'image/png');
      const unused = await storeAsset(database.dataSource.manager, store, Buffer.from('a lost slice'), 'image/png');

      const wouldRemove = await sweep({ dryRun: true });
      expect(await store.exists(forgotten.storageKey)).toBe(true);
      const removed = await sweep();

      expect(removed).toEqual({ ...NOTHING, blobs: 1, assets: 1, bytes: forgotten.bytes + unused.bytes });
      expect(wouldRemove).toEqual(removed);
      expect(await store.exists(forgotten.storageKey)).toBe(false);
      expect(await store.exists(unused.storageKey)).toBe(false);
      expect(await store.exists(kept.storageKey)).toBe(true);
      expect(await database.dataSource.getRepository(Asset).find()).toMatchObject([{ id: kept.id }]);
      expect(await sweep()).toEqual(NOTHING);
    });

    test('leaves what is younger than the grace period', async () => {
      const { storageKey } = await store.put(Buffer.from('just put'), 'image/png');
      await storeAsset(database.dataSource.manager, store, Buffer.from('just stored'), 'image/png');

      expect(await sweep({ graceMs: 3_600_000 })).toEqual(NOTHING);
      expect(await store.exists(storageKey)).toBe(true);
    });

    test('an asset that is stored again counts as young, though its row is old', async () => {
      const { manager } = database.dataSource;
      const { id } = await storeAsset(manager, store, Buffer.from('stored twice'), 'image/png');
      await manager.query(`UPDATE asset SET stored_at = now() - interval '30 days'`);

      await storeAsset(manager, store, Buffer.from('stored twice'), 'image/png');

      expect((await sweep({ graceMs: 3_600_000 })).assets).toBe(0);
      expect(await manager.existsBy(Asset, { id })).toBe(true);
    });

    test('waits for no one: a folder in which a transaction has written is left to the next sweep', async () => {
      const bytes = Buffer.from('in a long transaction');
      await database.dataSource.transaction(async (manager) => {
        const asset = await storeAsset(manager, store, bytes, 'image/png');

        expect(await sweep()).toEqual({ ...NOTHING, skipped: 1 });
        expect(await store.exists(asset.storageKey)).toBe(true);
      });
      expect(await sweep()).toMatchObject({ assets: 1, skipped: 0 });
    });

    test('a put of bytes that a sweep is about to remove wins or is put again, never lost', async () => {
      const contents = Array.from({ length: 30 }, () => randomBytes(100));
      for (const bytes of contents) await store.put(bytes, 'image/png');
      let sweeping = true;
      const sweeps = (async () => {
        while (sweeping) await sweep();
      })();

      const assets = await Promise.all(contents.map((bytes) => claimed(bytes)));
      sweeping = false;
      await sweeps;
      await sweep();

      for (const { storageKey } of assets) expect(await store.exists(storageKey)).toBe(true);
      expect(await checkBlobs(database.dataSource, store)).toMatchObject({ assets: 30, bad: [] });
    });

    test('a file that is let go stays while anything else refers to it', async () => {
      const { dataSource } = database;
      const film = await claimed(Buffer.from('a film'));
      const alone = await storeAsset(dataSource.manager, store, Buffer.from('an expired export'), 'text/csv');

      await removeUnclaimed(dataSource, store, film.sha256);
      await removeUnclaimed(dataSource, store, alone.sha256);

      expect([await store.exists(film.storageKey), await store.exists(alone.storageKey)]).toEqual([true, false]);
    });

    test('missing and damaged blobs are found and named', async () => {
      const assets = [];
      for (let index = 0; index < 6; index++) assets.push(await claimed(Buffer.from(`film ${index}`)));
      await store.delete(assets[1]!.storageKey);
      const progress: number[] = [];

      const report = await sweep();
      const checked = await checkBlobs(database.dataSource, store, { onProgress: (done) => progress.push(done) });

      expect(report).toEqual({ ...NOTHING, missing: [assets[1]!.sha256] });
      expect(checked).toEqual({ assets: 6, bytes: 30, bad: [{ sha256: assets[1]!.sha256, fault: 'missing' }] });
      expect(progress).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });
}

describe('a store and its database', () => {
  let database: TestDatabase;
  let other: TestDatabase;
  let dataDir: string;

  beforeEach(async () => {
    [database, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    dataDir = await mkdtemp(join(directory, 'owned-'));
  });
  afterEach(() => Promise.all([database.drop(), other.drop()]));

  test('belong together from the first start on, however many start at once', async () => {
    const opened = await Promise.all(
      Array.from({ length: 5 }, () => openOwnBlobStore(database.dataSource, { dataDir })),
    );

    expect(new Set(await Promise.all(opened.map((store) => store.readMark()))).size).toBe(1);
  });

  test('are told when they do not: another database, another directory', async () => {
    await openOwnBlobStore(database.dataSource, { dataDir });

    await expect(openOwnBlobStore(other.dataSource, { dataDir })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(
        `The blob store ${join(dataDir, 'blobs')} belongs to another database;`,
      ) as string,
    });
    await expect(openOwnBlobStore(database.dataSource, { dataDir: `${dataDir}-elsewhere` })).rejects.toThrow(
      'is not the one in which this database keeps its blobs; give --data-dir and BLOB_URL as everywhere else',
    );
  });

  test('are joined anew on request', async () => {
    await openOwnBlobStore(database.dataSource, { dataDir });

    await openOwnBlobStore(other.dataSource, { dataDir }, { adopt: true });

    await openOwnBlobStore(other.dataSource, { dataDir });
    await expect(openOwnBlobStore(database.dataSource, { dataDir })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

test('names of assets are digests of what is stored', async () => {
  const database = await createTestDatabase();
  const store = openBlobStore(await mkdtemp(join(directory, 'data-')));
  const { manager } = database.dataSource;
  const text = Buffer.from('two knees');

  const assets = await Promise.all(Array.from({ length: 8 }, () => storeAsset(manager, store, text, 'text/plain')));

  expect(new Set(assets.map(({ id }) => id)).size).toBe(1);
  expect(await manager.count(Asset)).toBe(1);
  const sha256 = createHash('sha256').update(text).digest('hex');
  expect(assets[0]).toMatchObject({ sha256, bytes: 9, mediaType: 'text/plain' });
  await database.drop();
});
