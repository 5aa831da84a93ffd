import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type BlobStore,
  openOwnBlobStore,
  parseSize,
  sizeInWords,
  storageUse,
  storeAsset,
} from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

test.each([
  ['200GB', 200e9],
  ['500 MiB', 500 * 2 ** 20],
  ['2.5TB', 2.5e12],
  ['1000', 1000],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSize(text, 'QUOTA')).toBe(bytes);
});

test.each(['', 'much', '-1GB', '0', '1XB', '200gb'])('"%s" is no size', (text) => {
  expect(() => parseSize(text, 'QUOTA')).toThrow(
    `QUOTA is "${text}"; it must be a size such as 200GB, 500 MiB or 2.5TB.`,
  );
});

test('sizes are said as people say them', () => {
  expect([0, 999, 12_345, 3.5e9, 2e12].map(sizeInWords)).toEqual(['0 bytes', '999 bytes', '12.3 kB', '3.5 GB', '2 TB']);
});

describe('a store with a quota of 1000 bytes', () => {
  let database: TestDatabase;
  let dataDir: string;
  let store: BlobStore;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'osteograph-quota-'));
    store = await openOwnBlobStore(database.dataSource, { dataDir, quota: '1kB' });
  });
  afterEach(async () => {
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const put = (bytes: Uint8Array | Readable) => storeAsset(database.dataSource.manager, store, bytes, 'image/png');

  test('takes what fits, refuses the rest in one sentence, and reads on', async () => {
    const asset = await put(Buffer.alloc(900, 1));

    await expect(put(Buffer.alloc(101, 2))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message:
        'The blob store holds 900 bytes of the 1 kB that OSTEOGRAPH_BLOB_QUOTA allows; 101 bytes more do not fit.',
    });

    expect((await buffer(await store.open(asset.storageKey))).equals(Buffer.alloc(900, 1))).toBe(true);
    expect(await storageUse(database.dataSource)).toEqual({ bytes: 900, assets: 1 });
    await put(Buffer.alloc(100, 3));
  });

  test('cuts a stream off where it passes the quota, and keeps nothing of it', async () => {
    let given = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          given++;
          yield Buffer.alloc(100, given);
        }
      })(),
    );

    await expect(put(endless)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });

    expect(endless.destroyed).toBe(true);
    expect(await store.removeDrafts(new Date(Date.now() + 60_000), { dryRun: true })).toBe(0);
    expect(await storageUse(database.dataSource)).toEqual({ bytes: 0, assets: 0 });
  });

  test('says before the work that there will be no room', async () => {
    await put(Buffer.alloc(500, 1));

    await store.requireRoom(500);
    await expect(store.requireRoom(501)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});
