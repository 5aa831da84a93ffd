import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startMoto } from '../../bench/faults/s3.js';
import { parseBlobUrl } from '../../src/storage/index.js';
import { S3Store } from '../../src/storage/s3-store.js';
import { pythonWith } from './python.js';

/** An S3 server is no part of this platform: what needs one is tested where Python has moto. */
export const pythonWithMoto = pythonWith(['moto.server', 'flask_cors']);

if (!pythonWithMoto) console.warn('Python has no moto[server] here, so the tests against an S3 server are skipped.');

/** A real S3 server in a process of its own, behind a connection that can be cut. */
export interface TestS3 {
  /** Of the server, through the connection. */
  endpoint: string;
  /** A bucket of one's own, as BLOB_URL; credentials are in the environment. */
  blobUrl(prefix?: string): Promise<string>;
  /** Straight to the server, for looking behind the store. */
  client: S3Client;
  /** Breaks every connection and refuses new ones until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** Any server of one's own takes any of them; given to child processes as well. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'osteograph', AWS_SECRET_ACCESS_KEY: 'osteograph-test' };

export async function startS3(): Promise<TestS3> {
  Object.assign(process.env, CREDENTIALS);
  const moto = startMoto(pythonWithMoto!);
  const port = await moto.port;
  const wire = await openWire(port);
  const endpoint = `http://127.0.0.1:${wire.port}`;
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  });
  return {
    endpoint,
    client,
    async blobUrl(prefix = 'blobs') {
      const bucket = `test-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return `s3://${bucket}/${prefix}?endpoint=${endpoint}`;
    },
    cut: wire.cut,
    mend: wire.mend,
    async stop() {
      client.destroy();
      await wire.cut();
      const ended = once(moto.process, 'exit');
      moto.process.kill('SIGKILL');
      await ended;
    },
  };
}

/** A store in a bucket that gives a silent server up after a second instead of half a minute. */
export function impatientStore(blobUrl: string): S3Store {
  Object.assign(process.env, CREDENTIALS);
  const location = parseBlobUrl(blobUrl);
  if (location.kind !== 'S3') throw new Error(`${blobUrl} is no bucket.`);
  return new S3Store(location, { connect: 1_000, answer: 1_000, idle: 1_000 });
}

interface Wire {
  port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Passes bytes on to `target` until it is cut. */
async function openWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const join = (near: Socket) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  };
  let server: Server | undefined = createServer(join).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    async cut() {
      const closed = server?.close();
      server = undefined;
      for (const socket of sockets) socket.resetAndDestroy();
      if (closed) await once(closed, 'close');
    },
    async mend() {
      server = createServer(join).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}
