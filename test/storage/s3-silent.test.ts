import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { BlobStoreUnavailable } from '../../src/storage/index.js';
import { impatientStore } from '../helpers/s3.js';

const KEY = `ab/ab${'0'.repeat(62)}`;

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** A store at a real TCP server that deals with its connections in this way. */
async function storeAt(serve: (socket: Socket) => void) {
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return impatientStore(`s3://knees?endpoint=http://127.0.0.1:${port}`);
}

/** Takes what is sent and says nothing. */
function listenOnly(socket: Socket): void {
  socket.resume();
}

test.each(['put', 'open', 'exists', 'requireRoom', 'list'] as const)(
  '%s at a server that takes the request and never answers ends in one sentence, after four tries',
  async (use) => {
    let asked = 0;
    const store = await storeAt((socket) => {
      asked++;
      listenOnly(socket);
    });
    const uses = {
      put: () => store.put(Buffer.alloc(3_000_000), 'image/png'),
      open: () => store.open(KEY),
      exists: () => store.exists(KEY),
      requireRoom: () => store.requireRoom(),
      list: () => store.list()[Symbol.asyncIterator]().next(),
    };

    const fault: unknown = await uses[use]().catch((error: unknown) => error);

    expect(fault).toBeInstanceOf(BlobStoreUnavailable);
    expect(fault).toMatchObject({
      message: expect.stringMatching(
        /^The S3 server at \S+ does not answer \((ETIMEDOUT|it took too long)\)\.$/,
      ) as string,
    });
    expect(asked).toBe(4);
  },
);

test('put at a server that reads nothing ends, too', async () => {
  const store = await storeAt((socket) => socket.pause());

  // More than the buffers of two sockets hold.
  await expect(store.put(Buffer.alloc(15_000_000), 'application/zip')).rejects.toBeInstanceOf(BlobStoreUnavailable);
});

test('a blob of which the server sends half and then nothing fails its reader', async () => {
  const store = await storeAt((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n' + 'x'.repeat(1000)));
  });

  const blob = await store.open(KEY);

  await expect(buffer(blob)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/does not answer \((ETIMEDOUT|it took too long)\)\.$/) as string,
  });
});
