import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Asset } from '../../src/entities/index.js';
import { DirectoryStore, readAsset, storeAsset } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

const text = Buffer.from('two knees');
const digest = createHash('sha256').update(text).digest('hex');

describe('a directory of blobs', () => {
  let directory: string;
  let store: DirectoryStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'osteograph-store-'));
    store = new DirectoryStore(directory);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('gives back what was put, named after its digest', async () => {
    const blob = await store.put(text);
    expect(blob).toEqual({ sha256: digest, bytes: 9, storageKey: `${digest.slice(0, 2)}/${digest}` });
    expect(await buffer(await store.open(blob.storageKey))).toEqual(text);
    expect(await store.exists(blob.storageKey)).toBe(true);
  });

  it('takes a stream larger than its buffers', async () => {
    const chunk = Buffer.alloc(100_000, 7);
    const blob = await store.put(Readable.from(Array.from({ length: 30 }, () => chunk)));
    expect(blob.bytes).toBe(3_000_000);
    // toEqual compares buffers byte by byte, slowly.
    expect((await buffer(await store.open(blob.storageKey))).equals(Buffer.alloc(3_000_000, 7))).toBe(true);
  });

  it('keeps one copy of equal bytes put at the same time, and no temporary file', async () => {
    const blobs = await Promise.all(Array.from({ length: 20 }, () => store.put(text)));
    expect(new Set(blobs.map(({ storageKey }) => storageKey)).size).toBe(1);
    expect(await readdir(join(directory, 'tmp'))).toEqual([]);
  });

  it('leaves nothing behind of a stream that fails', async () => {
    const failing = Readable.from(
      (async function* () {
        yield text;
        throw new Error('the sender went away');
      })(),
    );
    await expect(store.put(failing)).rejects.toThrow('the sender went away');
    expect(await readdir(directory)).toEqual(['tmp']);
    expect(await readdir(join(directory, 'tmp'))).toEqual([]);
  });

  it('reads a range, both ends included', async () => {
    const { storageKey } = await store.put(text);
    expect((await buffer(await store.open(storageKey, { start: 4, end: 6 }))).toString()).toBe('kne');
  });

  it('fails a read of damaged bytes before the reader has all of them', async () => {
    const { storageKey } = await store.put(text);
    await writeFile(join(directory, storageKey), 'two knobs');
    const received: Buffer[] = [];
    const read = async () => {
      for await (const chunk of await store.open(storageKey)) received.push(chunk as Buffer);
    };
    await expect(read()).rejects.toMatchObject({ name: 'BlobDamaged' });
    expect(Buffer.concat(received)).toHaveLength(0);
  });

  it('puts a damaged blob right when its bytes are put again', async () => {
    const { storageKey } = await store.put(text);
    await writeFile(join(directory, storageKey), 'two knobs');
    await store.put(text);
    expect(await buffer(await store.open(storageKey))).toEqual(text);
  });

  it('has nothing under keys that it did not make, wherever they point', async () => {
    const { storageKey } = await store.put(text);
    const keys = ['../../etc/passwd', '/etc/passwd', `${storageKey}/..`, `..%2f${digest}`, `00/${digest}`, digest, ''];
    for (const key of keys) {
      await expect(store.open(key)).rejects.toMatchObject({ name: 'BlobMissing' });
      await expect(store.delete(key)).rejects.toMatchObject({ name: 'BlobMissing' });
    }
  });

  it('forgets a blob that is deleted, twice without complaint', async () => {
    const { storageKey } = await store.put(text);
    await store.delete(storageKey);
    await store.delete(storageKey);
    expect(await store.exists(storageKey)).toBe(false);
    await expect(store.open(storageKey)).rejects.toMatchObject({ name: 'BlobMissing' });
  });
});

describe('assets', () => {
  let database: TestDatabase;
  let directory: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = await mkdtemp(join(tmpdir(), 'osteograph-store-'));
  });
  afterAll(async () => {
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  });

  it('have one row per content, however many store it at once', async () => {
    const store = new DirectoryStore(directory);
    const { manager } = database.dataSource;
    const assets = await Promise.all(Array.from({ length: 8 }, () => storeAsset(manager, store, text, 'text/plain')));
    expect(new Set(assets.map(({ id }) => id)).size).toBe(1);
    expect(await manager.count(Asset)).toBe(1);
    expect(assets[0]).toMatchObject({ sha256: digest, bytes: 9, mediaType: 'text/plain' });
    expect(await readAsset(store, assets[0]!)).toEqual(text);
  });
});
