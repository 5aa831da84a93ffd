import { once } from 'node:events';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type BlobStore, BlobStoreUnavailable, openBlobStore } from '../../src/storage/index.js';
import { pythonWithMoto, startS3, type TestS3 } from '../helpers/s3.js';

const text = Buffer.from('two knees');

(pythonWithMoto ? describe : describe.skip)('a bucket that cannot be used', () => {
  let s3: TestS3;

  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.stop());

  test('says so in one sentence while the server is away, and works on when it is back', async () => {
    const store = openBlobStore('unused', await s3.blobUrl());
    const { storageKey } = await store.put(text, 'text/plain');
    await s3.cut();

    const faults = await Promise.all(
      everyUse(store, storageKey).map((use) => use().then(nothing, (error: unknown) => error)),
    );

    for (const fault of faults) {
      expect(fault).toBeInstanceOf(BlobStoreUnavailable);
      expect(fault).toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^The S3 server at \S+ does not answer \(.*ECONNREFUSED.*\)\.$/) as string,
      });
    }
    await s3.mend();
    expect(await buffer(await store.open(storageKey))).toEqual(text);
  });

  test('fails a reader when the connection breaks in the middle of a blob', async () => {
    const store = openBlobStore('unused', await s3.blobUrl());
    const { storageKey } = await store.put(Buffer.alloc(64 * 1024 * 1024, 7), 'application/zip');
    const blob = await store.open(storageKey);
    await once(blob, 'readable');

    await s3.cut();

    await expect(buffer(blob)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await s3.mend();
  });

  test('says that there is no such bucket', async () => {
    const store = openBlobStore('unused', `s3://no-such-bucket?endpoint=${s3.endpoint}`);

    await expect(store.put(text, 'text/plain')).rejects.toThrow(
      `The S3 server at ${s3.endpoint} has no bucket no-such-bucket; make it first.`,
    );
    await expect(store.requireRoom(1)).rejects.toBeInstanceOf(BlobStoreUnavailable);
  });
});

test('a server that answers with an error is down, one that refuses the credentials says so', async () => {
  let answer = '';
  const server = createServer((socket) => {
    socket.on('error', nothing).on('data', () => socket.end(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  process.env['AWS_ACCESS_KEY_ID'] ??= 'osteograph';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'osteograph-test';
  const store = openBlobStore('unused', `s3://knees?endpoint=http://127.0.0.1:${port}`);
  try {
    answer = respond('503 Slow Down', 'SlowDown');
    await expect(store.readMark()).rejects.toThrow(/does not answer \(SlowDown, status 503\)\.$/);
    answer = respond('403 Forbidden', 'InvalidAccessKeyId');
    await expect(store.readMark()).rejects.toThrow(
      `The S3 server at http://127.0.0.1:${port} refuses these credentials for the bucket knees (InvalidAccessKeyId).`,
    );
  } finally {
    server.close();
  }
});

function everyUse(store: BlobStore, storageKey: string): (() => Promise<unknown>)[] {
  return [
    () => store.put(text, 'text/plain'),
    () => store.open(storageKey),
    () => store.open(storageKey, { start: 0, end: 1 }),
    () => store.exists(storageKey),
    () => store.delete(storageKey),
    () => store.list()[Symbol.asyncIterator]().next(),
    () => store.removeDrafts(new Date()),
    () => store.requireRoom(1),
    () => store.readMark(),
    () => store.writeMark('mine'),
  ];
}

function respond(status: string, code: string): string {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
  return `HTTP/1.1 ${status}\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

function nothing(): void {
  // Nothing to do.
}
