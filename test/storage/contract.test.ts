import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type BlobStore, type ListedBlob, openBlobStore } from '../../src/storage/index.js';
import { pythonWithMoto, startS3, type TestS3 } from '../helpers/s3.js';

const text = Buffer.from('two knees');
const digest = createHash('sha256').update(text).digest('hex');

/** A store, and what goes on behind its back. */
interface Subject {
  store: BlobStore;
  overwrite(storageKey: string, bytes: string): Promise<void>;
  /** Leaves what a process leaves that dies in the middle of a put; before, as clocks of tests go. */
  leaveDraft(): Promise<void>;
}

let s3: TestS3;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'osteograph-store-'));
  if (pythonWithMoto) s3 = await startS3();
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await s3?.stop();
});

const subjects: [string, boolean, () => Promise<Subject>][] = [
  [
    'a directory',
    true,
    async () => {
      const root = await mkdtemp(join(directory, 'data-'));
      const store = openBlobStore(root);
      return {
        store,
        overwrite: (storageKey, bytes) => writeFile(join(store.location, storageKey), bytes),
        async leaveDraft() {
          await store.put(Buffer.from('makes the folder of drafts'), 'text/plain');
          const path = join(store.location, 'tmp', 'left-behind');
          await writeFile(path, 'half a kn');
          await utimes(path, 1_000_000, 1_000_000);
        },
      };
    },
  ],
  [
    'a bucket',
    pythonWithMoto !== undefined,
    async () => {
      const url = await s3.blobUrl('some/prefix');
      const Bucket = new URL(url).hostname;
      const Key = (storageKey: string) => `some/prefix/${storageKey}`;
      return {
        store: openBlobStore('unused', url),
        async overwrite(storageKey, bytes) {
          await s3.client.send(new PutObjectCommand({ Bucket, Key: Key(storageKey), Body: bytes }));
        },
        async leaveDraft() {
          // The server says of every such upload that it began in 2010.
          await s3.client.send(
            new CreateMultipartUploadCommand({ Bucket, Key: Key(`${digest.slice(0, 2)}/${digest}`) }),
          );
        },
      };
    },
  ],
];

for (const [name, available, open] of subjects) {
  (available ? describe : describe.skip)(`blobs in ${name}`, () => {
    let subject: Subject;
    let store: BlobStore;

    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });

    const drafts = () => store.removeDrafts(new Date(Date.now() + 60_000), { dryRun: true });

    test('are given back as they were put, named after their digest', async () => {
      const blob = await store.put(text, 'text/plain');

      expect(blob).toEqual({ sha256: digest, bytes: 9, storageKey: `${digest.slice(0, 2)}/${digest}` });
      expect(await buffer(await store.open(blob.storageKey))).toEqual(text);
      expect(await store.exists(blob.storageKey)).toBe(true);
    });

    test('may be empty', async () => {
      const { storageKey, bytes } = await store.put(new Uint8Array(), 'text/plain');

      expect(bytes).toBe(0);
      expect((await buffer(await store.open(storageKey))).length).toBe(0);
    });

    test('come from streams of any size', async () => {
      const small = await store.put(Readable.from([text]), 'text/plain');
      const piece = randomBytes(1024 * 1024);
      const large = await store.put(Readable.from(Array.from({ length: 40 }, () => piece)), 'application/zip');

      expect(small.sha256).toBe(digest);
      expect(large.bytes).toBe(40 * 1024 * 1024);
      // toEqual compares buffers byte by byte, slowly.
      const whole = Buffer.concat(Array.from({ length: 40 }, () => piece));
      expect((await buffer(await store.open(large.storageKey))).equals(whole)).toBe(true);
      expect(large.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
    });

    test('of equal bytes are kept once, and no draft stays', async () => {
      const blobs = await Promise.all(Array.from({ length: 20 }, () => store.put(text, 'text/plain')));

      expect(new Set(blobs.map(({ storageKey }) => storageKey)).size).toBe(1);
      expect(await neighbours(store)).toHaveLength(1);
      expect(await drafts()).toBe(0);
    });

    test('of a stream that fails leave nothing', async () => {
      const failing = Readable.from(
        (async function* () {
          yield text;
          throw Object.assign(new Error('the sender went away'), { code: 'ETIMEDOUT' });
        })(),
      );

      // The sender's own fault is not taken for one of the store.
      await expect(store.put(failing, 'text/plain')).rejects.toThrow('the sender went away');

      expect(await neighbours(store)).toEqual([]);
      expect(await drafts()).toBe(0);
    });

    test('are read in ranges, both ends included', async () => {
      const { storageKey } = await store.put(text, 'text/plain');

      expect((await buffer(await store.open(storageKey, { start: 4, end: 6 }))).toString()).toBe('kne');
    });

    test('that are damaged fail the reader before he has all of them', async () => {
      const { storageKey } = await store.put(text, 'text/plain');
      await subject.overwrite(storageKey, 'two knobs');
      const received: Buffer[] = [];
      const read = async () => {
        for await (const chunk of await store.open(storageKey)) received.push(chunk as Buffer);
      };

      await expect(read()).rejects.toMatchObject({ name: 'BlobDamaged' });

      expect(Buffer.concat(received)).toHaveLength(0);
    });

    test('that are damaged are put right when their bytes are put again', async () => {
      const { storageKey } = await store.put(text, 'text/plain');
      await subject.overwrite(storageKey, 'two knobs');

      await store.put(text, 'text/plain');

      expect(await buffer(await store.open(storageKey))).toEqual(text);
    });

    test('are none under keys that no store makes, wherever they point', async () => {
      const { storageKey } = await store.put(text, 'text/plain');
      const keys = [
        '../../etc/passwd',
        '/etc/passwd',
        `${storageKey}/..`,
        `..%2f${digest}`,
        `00/${digest}`,
        digest,
        '',
      ];
      for (const key of keys) {
        await expect(store.open(key)).rejects.toMatchObject({ name: 'BlobMissing' });
        await expect(store.delete(key)).rejects.toMatchObject({ name: 'BlobMissing' });
        expect(await store.exists(key)).toBe(false);
      }
    });

    test('that are deleted are forgotten, twice without complaint', async () => {
      const { storageKey } = await store.put(text, 'text/plain');

      await store.delete(storageKey);
      await store.delete(storageKey);

      expect(await store.exists(storageKey)).toBe(false);
      await expect(store.open(storageKey)).rejects.toMatchObject({ name: 'BlobMissing' });
    });

    test('are listed in the order of their folders, with size and time, and nothing else is', async () => {
      const before = Date.now() - 2_000;
      await store.writeMark('mine');
      const blobs = [];
      for (const piece of ['a', 'b', 'c', 'd']) blobs.push(await store.put(Buffer.from(piece), 'text/plain'));

      const listed: ListedBlob[] = [];
      for await (const blob of store.list()) listed.push(blob);

      expect(listed).toMatchObject(blobs.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)));
      expect(listed[0]!.storedAt.getTime()).toBeGreaterThan(before);
    });

    test('begun and never finished are counted and removed by age', async () => {
      await subject.leaveDraft();

      expect(await store.removeDrafts(new Date(0))).toBe(0);
      expect(await store.removeDrafts(new Date(), { dryRun: true })).toBe(1);
      expect(await store.removeDrafts(new Date())).toBe(1);
      expect(await store.removeDrafts(new Date())).toBe(0);
    });

    test('have one owner, whose mark only an explicit wish replaces', async () => {
      expect(await store.readMark()).toBeUndefined();

      await store.writeMark('first');
      await store.writeMark('second');
      expect(await store.readMark()).toBe('first');

      await store.writeMark('third', { replace: true });
      expect(await store.readMark()).toBe('third');
    });
  });
}

/** What the store has in the folder of `text`. */
async function neighbours(store: BlobStore): Promise<ListedBlob[]> {
  const listed: ListedBlob[] = [];
  for await (const blob of store.list()) if (blob.sha256.startsWith(digest.slice(0, 2))) listed.push(blob);
  return listed;
}
