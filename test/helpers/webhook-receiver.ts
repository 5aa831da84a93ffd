import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that a receiver was sent. */
export interface ReceivedMessage {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver of webhooks on this machine, which does as it is told and forgets nothing. */
export interface WebhookReceiver {
  url: string;
  /** As rules of webhooks name it. */
  host: string;
  received: ReceivedMessage[];
  /** Resolves once that many messages have come. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

/** @param answer what the nth message is answered with, from 1; default: 204 */
export async function startWebhookReceiver(
  answer: (count: number, response: ServerResponse) => number | void = () => 204,
): Promise<WebhookReceiver> {
  const received: ReceivedMessage[] = [];
  const told = new EventEmitter();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      const status = answer(received.length, response);
      if (typeof status === 'number') response.writeHead(status).end();
      told.emit('message');
    });
  });
  // Who forgets it is not kept from ending.
  server.unref();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    host: `127.0.0.1:${port}`,
    received,
    async until(count) {
      while (received.length < count) await once(told, 'message');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
