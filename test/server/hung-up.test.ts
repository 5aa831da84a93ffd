import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hasHungUp } from '../../src/server/hung-up.js';

/** What sending `pieces` ends with where the client hangs up before or after the first byte. */
async function faultOf(pieces: () => Readable, when: 'before' | 'after'): Promise<unknown> {
  const server = createServer();
  const fault = new Promise((resolve) => {
    server.on('request', (_request, response) => {
      void (async () => {
        if (when === 'before') await once(response, 'close');
        else void once(response, 'drain').then(() => client.destroy());
        await pipeline(pieces(), response).then(resolve, resolve);
      })();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => undefined);
  client.on('response', (response) => void response.on('data', () => client.destroy()));
  if (when === 'before') void once(server, 'request').then(() => client.destroy());
  try {
    return await fault;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const endless = () =>
  Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65_536);
    })(),
  );

test.each(['before', 'after'] as const)('a client that hangs up %s the first byte is no fault', async (when) => {
  expect(hasHungUp(await faultOf(endless, when))).toBe(true);
});

test('a source that breaks is a fault', async () => {
  const broken = () =>
    Readable.from(
      (function* () {
        yield 'a';
        throw new Error('the blob is damaged');
      })(),
    );
  const server = createServer((_request, response) => void pipeline(broken(), response).then(undefined, seen));
  let seen!: (error: unknown) => void;
  const fault = new Promise((resolve) => (seen = resolve));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).on('error', () => undefined);
  expect(hasHungUp(await fault)).toBe(false);
  server.close();
});
