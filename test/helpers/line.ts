import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP line to a server whose connections can be broken, as a network does. */
export interface Line {
  url: string;
  /** Breaks every connection. */
  cut(): void;
  /** From now on breaks every connection over which the client sends what matches, as a proxy does that does not know it. */
  block(pattern: RegExp | undefined): void;
  close(): void;
}

/** @param port of a server on this machine */
export async function openLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let blocked: RegExp | undefined;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    near.on('data', (bytes) => {
      if (blocked?.test(String(bytes))) near.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    block: (pattern) => void (blocked = pattern),
    close() {
      server.close();
      cut();
    },
  };
}
