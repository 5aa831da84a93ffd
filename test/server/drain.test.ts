import { once } from 'node:events';
import { createConnection } from 'node:net';
import { WebSocket } from 'ws';
import { createTestPlatform, type TestPlatform } from '../helpers/platform.js';
import { startServeOf } from '../helpers/serve-process.js';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await createTestPlatform();
});

afterAll(() => platform.close());

test('a server that is told to stop first says so, then answers what is running, then closes sockets with 1001, and ends', async () => {
  const serve = await startServeOf(platform, { flags: ['--drain-delay', '1'] });
  try {
    const order: string[] = [];
    const socket = new WebSocket(`${serve.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const socketClosed = once(socket, 'close').then(([code]) => order.push(`socket ${code as number}`));
    const slow = slowRequest(serve.url, serve.token);
    await slow.begun;

    const ended = serve.end('SIGTERM');
    await untilClosing(serve.url);
    const during = await fetch(`${serve.url}/health/live`);
    order.push('not ready');

    expect(during.status).toBe(200);
    expect(during.headers.get('connection')).toBe('close');
    await refusesConnections(serve.url);
    order.push('refuses connections');
    const answered = slow.finish().then((answer) => {
      order.push('answered');
      return answer;
    });

    expect(await answered).toContain('"name":"first start"');
    await socketClosed;
    expect(order).toEqual(['not ready', 'refuses connections', 'answered', 'socket 1001']);
    expect(await ended).toEqual({ code: 0, signal: null });
  } finally {
    await serve.end();
  }
});

/** A request whose body is held back until `finish`. */
function slowRequest(url: string, token: string) {
  const { hostname, port, host } = new URL(url);
  const body = JSON.stringify({ query: '{ viewer { name } }' });
  const connection = createConnection({ host: hostname, port: Number(port) });
  let answer = '';
  connection.setEncoding('utf8').on('data', (text: string) => (answer += text));
  const head = [
    'POST /graphql HTTP/1.1',
    `Host: ${host}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
  ];
  connection.write(`${head.join('\r\n')}\r\n\r\n`);
  return {
    // "100 Continue": the server has the head.
    begun: once(connection, 'data'),
    async finish(): Promise<string> {
      connection.write(body);
      await once(connection, 'close');
      return answer;
    },
  };
}

async function untilClosing(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/health/ready`);
    if (response.status === 503) return expect(await response.json()).toEqual({ status: 'closing' });
  }
}

async function refusesConnections(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(`${url}/health/live`);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
