import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webhookPost } from '../../src/server/webhook-post.js';
import { makeTlsFiles } from '../helpers/tls-files.js';
import { startWebhookReceiver, type WebhookReceiver } from '../helpers/webhook-receiver.js';

const receivers: WebhookReceiver[] = [];
const message = { headers: { 'webhook-id': 'msg_1' }, body: '{"type":"batch.failed"}' };
const ever = new AbortController().signal;

afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function start(...choices: Parameters<typeof startWebhookReceiver>): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver(...choices);
  receivers.push(receiver);
  return receiver;
}

/** Resolves every name to these addresses, one after the other. */
function resolvingTo(...answers: string[]): LookupFunction {
  return (_host, _options, done) => {
    const address = answers.shift()!;
    done(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
  };
}

test('a message arrives as it is, and what is answered is told as far as 1 kB', async () => {
  const receiver = await start((_, response) => void response.writeHead(201).end('é'.repeat(5_000)));
  const post = webhookPost({ allowHttp: true, allowHosts: [receiver.host] });

  const answer = await post(receiver.url, message, ever);

  expect(answer).toEqual({ status: 201, body: 'é'.repeat(512) });
  expect(receiver.received).toMatchObject([
    {
      body: '{"type":"batch.failed"}',
      headers: { 'webhook-id': 'msg_1', 'content-length': '23', connection: 'close' },
    },
  ]);
});

test('a name that resolves to this machine is not connected to', async () => {
  const receiver = await start();
  const { port } = new URL(receiver.url);
  const allowed = { allowHttp: true, allowHosts: [receiver.host] };
  const inside = `http://inside.example:${port}/`;
  const asked = { ...allowed, allowHosts: [] };

  // The port is allowed by the name of another host, and the address is checked all the same.
  await expect(webhookPost(allowed, resolvingTo('127.0.0.1'))(inside, message, ever)).rejects.toThrow('has the port');
  await expect(
    webhookPost(asked, resolvingTo('127.0.0.1'))('http://inside.example/', message, ever),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('inside.example has an address') });
  await expect(webhookPost(asked)('http://localhost/', message, ever)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(webhookPost(asked)('http://127.0.0.1/', message, ever)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(receiver.received).toEqual([]);
});

test('the address that is connected to is the one that was checked: a name that changes its address leads nowhere', async () => {
  const receiver = await start();
  const rebound = `rebound.example:${new URL(receiver.url).port}`;
  const answers = ['127.0.0.1', '169.254.169.254'];
  const post = webhookPost({ allowHttp: true, allowHosts: [rebound] }, resolvingTo(...answers));

  // Looked up once, and connected to as it was then.
  expect(await post(`http://${rebound}/`, message, ever)).toEqual({ status: 204, body: '' });
  // Tried again later, since a name can lead elsewhere for a while and nobody has chosen that.
  await expect(post(`http://${rebound}/`, message, ever)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(receiver.received).toHaveLength(1);
});

test('one address of several that is not public is one too many', async () => {
  const lookup: LookupFunction = (_host, _options, done) =>
    done(null, [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);
  const post = webhookPost({ allowHttp: true, allowHosts: [] }, lookup);

  await expect(post('http://two.example/', message, ever)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a redirect is an answer and leads nowhere', async () => {
  const secret = await start();
  const receiver = await start((_, response) => void response.writeHead(302, { location: secret.url }).end());
  const post = webhookPost({ allowHttp: true, allowHosts: [receiver.host, secret.host] });

  expect(await post(receiver.url, message, ever)).toEqual({ status: 302, body: '' });
  expect(secret.received).toEqual([]);
});

test('nobody there is said, and who breaks off after the status has answered', async () => {
  const receiver = await start((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('begun');
    setImmediate(() => response.destroy());
  });
  const post = webhookPost({ allowHttp: true, allowHosts: [receiver.host] });

  expect((await post(receiver.url, message, ever)).status).toBe(200);
  await receiver.close();
  receivers.splice(0);
  await expect(post(receiver.url, message, ever)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'The receiver cannot be reached (ECONNREFUSED).',
  });
});

test('a receiver that does not answer is given 10 s, and less where the process stops', async () => {
  const receiver = await start(() => undefined);
  const post = webhookPost({ allowHttp: true, allowHosts: [receiver.host] });
  const stop = new AbortController();

  const stopped = post(receiver.url, message, stop.signal);
  await receiver.until(1);
  stop.abort(new Error('the process stops'));
  await expect(stopped).rejects.toThrow('the process stops');
  await expect(post(receiver.url, message, ever)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'The receiver did not answer within 10 s.',
  });
});

test('a certificate that no known authority has signed is not spoken to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-webhooks-'));
  const { server: files } = await makeTlsFiles(folder);
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  let asked = 0;
  const server = createHttpsServer({ cert, key }, (_, response) => void response.end(String(++asked)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const post = webhookPost({ allowHttp: false, allowHosts: [host] });

    await expect(post(`https://${host}/`, message, ever)).rejects.toThrow(
      'The receiver cannot be reached (UNABLE_TO_VERIFY_LEAF_SIGNATURE).',
    );
    expect(asked).toBe(0);
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
});
