import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { openQueue } from '../../src/scheduling/index.js';
import { createTestPlatform, silent, type TestPlatform } from '../helpers/platform.js';

/** What PostgreSQL answers to whoever comes while it starts. */
const STARTING = (() => {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

let platform: TestPlatform;
let front: Server;
let databaseUrl: string;
const sockets = new Set<Socket>();
/** How many more connections PostgreSQL itself takes before it "starts" again. */
let taken = Infinity;
let came = 0;

beforeAll(async () => {
  platform = await createTestPlatform();
  const { port, hostname } = new URL(platform.url);
  front = createServer((near) => {
    sockets.add(near);
    near.on('error', () => undefined);
    came++;
    if (taken-- <= 0) return void near.once('data', () => near.end(STARTING));
    const far = connect(Number(port), hostname);
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far).pipe(near);
  });
  await once(front.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(platform.url);
  url.host = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  databaseUrl = url.href;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  front.close();
  await platform.close();
});

const refusal = {
  code: 'UNAVAILABLE',
  message: 'The job queue does not answer: the database system is starting up.',
};

test('a queue that is opened while the database starts says so, and not only when it is used', async () => {
  // The tables are made over the first connection.
  taken = 1;
  await expect(openQueue({ databaseUrl, logger: silent })).rejects.toMatchObject(refusal);
  taken = Infinity;
  const queue = await openQueue({ databaseUrl, logger: silent });
  await queue.ping();
  await queue.close();
});

test('a worker that begins while the database starts is refused, asks nothing more, and the next one works', async () => {
  const queue = await openQueue({ databaseUrl, logger: silent });
  const handed = Promise.withResolvers<string>();
  const handle = (id: string) => Promise.resolve(handed.resolve(id));
  taken = 0;
  await expect(queue.consume(handle, 1)).rejects.toMatchObject(refusal);
  taken = Infinity;
  const before = came;
  const consumer = await queue.consume(handle, 1);
  await queue.enqueue([{ id: '0b7e4f6a-3c1d-4e5f-8a9b-0c1d2e3f4a5b', attempt: 0 }]);
  expect(await handed.promise).toBe('0b7e4f6a-3c1d-4e5f-8a9b-0c1d2e3f4a5b');
  // A pool of three and one that listens.
  expect(came - before).toBeLessThanOrEqual(4);
  await consumer.close();
  await queue.close();
});
