import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { BlobMissing, type BlobStore, type ByteRange, type ListedBlob, type StoredBlob } from './blob-store.js';
import { assertKey, digestOfKey, keyOf, reading, sha256Of, writeDigested } from './digest.js';
import type { S3Location } from './location.js';
import { statusOf, storeFault } from './s3-faults.js';

/** Loaded when a store is first used: whoever keeps blobs in a directory does not wait for the AWS SDK. */
const loadSdk = async () => ({
  ...(await import('@aws-sdk/client-s3')),
  ...(await import('@aws-sdk/lib-storage')),
});

/** Larger blobs go up in parts of at least this size, each tried again on its own. S3 takes up to 10,000 parts. */
const PART_BYTES = 16 * 1024 * 1024;
const MAX_PARTS = 9_000;
const PARTS_AT_A_TIME = 3;

/** How long a store that says nothing is waited for, ms. */
interface S3Patience {
  connect: number;
  /** For one request up to the head of its answer. */
  answer: number;
  /** A connection on which nothing moves, be it that the reader of a download does not read. */
  idle: number;
}

/** Three parts of 16 MB at a time need 13 Mbit/s. */
const PATIENCE: S3Patience = { connect: 3_000, answer: 30_000, idle: 60_000 };

/** Tries of one request, with growing pauses. */
const MAX_ATTEMPTS = 4;

const MARK = 'owner';

/**
 * A blob store in a bucket of S3 or of a server that speaks its protocol. Digests are known before anything is sent (a stream is
 * first written to a local file that has no name), so objects appear whole, under their digest and at once.
 */
export class S3Store implements BlobStore {
  readonly kind = 'S3';
  readonly location: string;
  readonly quota = undefined;
  readonly #at: S3Location;
  #connected: Promise<{ sdk: Awaited<ReturnType<typeof loadSdk>>; client: S3Client }> | undefined;

  constructor(
    at: S3Location,
    private readonly patience: S3Patience = PATIENCE,
  ) {
    this.#at = at;
    this.location = `s3://${at.bucket}/${at.prefix}`.replace(/\/$/, '') + (at.endpoint ? ` at ${at.endpoint}` : '');
  }

  async put(data: Uint8Array | Readable, mediaType: string): Promise<StoredBlob> {
    if (data instanceof Readable) return this.#putStream(data, mediaType);
    const sha256 = sha256Of(data);
    await this.#send(sha256, { body: data, bytes: data.byteLength, mediaType });
    return { sha256, bytes: data.byteLength, storageKey: keyOf(sha256) };
  }

  async open(storageKey: string, range?: ByteRange): Promise<Readable> {
    assertKey(storageKey);
    const { sdk, client } = await this.#connect();
    const Range = range && `bytes=${range.start}-${range.end}`;
    const { Body } = await client
      .send(new sdk.GetObjectCommand({ ...this.#object(storageKey), Range }))
      .catch((error: unknown) => {
        if ((error as Error).name === 'NoSuchKey') throw new BlobMissing(storageKey);
        return this.#fail(error);
      });
    return reading(Body as Readable, storageKey, { whole: !range, faultOf: (error) => storeFault(error, this.#at) });
  }

  async exists(storageKey: string): Promise<boolean> {
    try {
      assertKey(storageKey);
      const { sdk, client } = await this.#connect();
      await client.send(new sdk.HeadObjectCommand(this.#object(storageKey)));
      return true;
    } catch (error) {
      if (error instanceof BlobMissing || statusOf(error) === 404) return false;
      return this.#fail(error);
    }
  }

  async delete(storageKey: string): Promise<void> {
    assertKey(storageKey);
    const { sdk, client } = await this.#connect();
    await client
      .send(new sdk.DeleteObjectCommand(this.#object(storageKey)))
      .catch((error: unknown) => this.#fail(error));
  }

  async *list(): AsyncIterable<ListedBlob> {
    const { sdk, client } = await this.#connect();
    const { bucket: Bucket, prefix } = this.#at;
    try {
      // S3 lists in the order of names.
      const pages = sdk.paginateListObjectsV2({ client }, { Bucket, Prefix: prefix });
      for await (const { Contents = [] } of pages) {
        for (const { Key = '', Size = 0, LastModified: storedAt } of Contents) {
          const storageKey = Key.slice(prefix.length);
          const sha256 = digestOfKey(storageKey);
          if (sha256 && storedAt) yield { sha256, bytes: Size, storageKey, storedAt };
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Uploads in parts that were never completed; a draft on a local disk has no name and ends with its process. */
  async removeDrafts(begunBefore: Date, { dryRun = false } = {}): Promise<number> {
    const { sdk, client } = await this.#connect();
    const { bucket: Bucket, prefix: Prefix } = this.#at;
    let removed = 0;
    try {
      for (let from: { KeyMarker?: string; UploadIdMarker?: string } = {}; ;) {
        const page = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...from }));
        for (const { Key = '', UploadId, Initiated } of page.Uploads ?? []) {
          if (!Initiated || Initiated >= begunBefore || !digestOfKey(Key.slice(Prefix.length))) continue;
          if (!dryRun) await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
          removed++;
        }
        if (!page.IsTruncated || !page.NextKeyMarker) break;
        from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker ?? '' };
      }
    } catch (error) {
      this.#fail(error);
    }
    return removed;
  }

  /** A bucket has no end; what is asked is whether it answers. */
  async requireRoom(): Promise<void> {
    await this.readMark();
  }

  async readMark(): Promise<string | undefined> {
    try {
      const { sdk, client } = await this.#connect();
      const { Body } = await client.send(new sdk.GetObjectCommand(this.#object(MARK)));
      return (await Body!.transformToString()).trim();
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      return this.#fail(error);
    }
  }

  async writeMark(text: string, { replace = false } = {}): Promise<void> {
    const { sdk, client } = await this.#connect();
    const content = { Body: `${text}\n`, ContentType: 'text/plain', IfNoneMatch: replace ? undefined : '*' };
    try {
      await client.send(new sdk.PutObjectCommand({ ...this.#object(MARK), ...content }));
    } catch (error) {
      // Another process was first, or is about to be.
      if (statusOf(error) !== 412 && statusOf(error) !== 409) this.#fail(error);
    }
  }

  /** The digest of a stream is known at its end: it is written to a local file meanwhile, from which parts can be sent again. */
  async #putStream(data: Readable, mediaType: string): Promise<StoredBlob> {
    await using draft = await openDraft();
    const { sha256, bytes } = await writeDigested(draft.file, data);
    const stream = () => draft.file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 });
    const body = bytes > PART_BYTES ? stream() : await readAll(draft.file, bytes);
    await this.#send(sha256, { body, bytes, mediaType });
    return { sha256, bytes, storageKey: keyOf(sha256) };
  }

  async #send(
    sha256: string,
    { body, bytes, mediaType }: { body: Uint8Array | Readable; bytes: number; mediaType: string },
  ): Promise<void> {
    const { sdk, client } = await this.#connect();
    const params: PutObjectCommandInput = {
      ...this.#object(keyOf(sha256)),
      Body: body,
      ContentType: mediaType,
      ContentLength: bytes,
    };
    try {
      if (bytes <= PART_BYTES) {
        // The server compares what arrives with the digest.
        const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
        await client.send(new sdk.PutObjectCommand({ ...params, ChecksumSHA256 }));
      } else {
        const upload = new sdk.Upload({
          client,
          params: { ...params, ChecksumAlgorithm: 'SHA256' },
          partSize: Math.max(PART_BYTES, Math.ceil(bytes / MAX_PARTS)),
          queueSize: PARTS_AT_A_TIME,
        });
        await upload.done();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#at.bucket, Key: `${this.#at.prefix}${key}` };
  }

  #connect() {
    return (this.#connected ??= loadSdk().then((sdk) => ({
      sdk,
      client: new sdk.S3Client(clientConfig(this.#at, this.patience)),
    })));
  }

  #fail(error: unknown): never {
    throw storeFault(error, this.#at);
  }
}

function clientConfig({ endpoint, region, pathStyle }: S3Location, { connect, answer, idle }: S3Patience) {
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    forcePathStyle: pathStyle,
    maxAttempts: MAX_ATTEMPTS,
    // Digests of our own go with every request that needs one; servers other than AWS know few other checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connect,
      requestTimeout: answer,
      throwOnRequestTimeout: true,
      socketTimeout: idle,
    },
  } as const;
}

/** A local file without a name, where the system knows such: whatever ends the process, nothing is left of it. */
async function openDraft(): Promise<{ file: FileHandle } & AsyncDisposable> {
  const path = join(tmpdir(), `osteograph-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  if (process.platform !== 'win32') await rm(path);
  return {
    file,
    async [Symbol.asyncDispose]() {
      await file.close();
      if (process.platform === 'win32') await rm(path, { force: true });
    },
  };
}

async function readAll(file: FileHandle, bytes: number): Promise<Buffer> {
  const whole = Buffer.alloc(bytes);
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await file.read(whole, at, bytes - at, at);
    if (bytesRead === 0) throw new Error(`A draft of ${bytes} bytes ends after ${at}.`);
    at += bytesRead;
  }
  return whole;
}
