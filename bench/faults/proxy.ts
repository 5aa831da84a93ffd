import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** A way to a TCP server that can be cut as a network is: nothing arrives, nothing is refused, nobody is told. */
export interface CuttableProxy {
  port: number;
  cut(): void;
  /** As a server that is down: what is open breaks, what comes is refused. */
  refuse(): void;
  /** New connections pass; those from before the cut stay dead, and say so only now. */
  heal(): void;
  close(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<CuttableProxy> {
  const open = new Set<Socket>();
  let isCut = false;
  let refuses = false;
  const server = createServer((near) => {
    if (refuses) return void near.resetAndDestroy();
    near.on('error', () => near.destroy());
    open.add(near);
    near.once('close', () => open.delete(near));
    // A host behind a cut answers nothing at all; accepting and staying silent is as near as a proxy comes.
    if (isCut) return near.pause();
    const far = createConnection({ host: '127.0.0.1', port: targetPort });
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of open) {
        socket.unpipe();
        socket.removeAllListeners('data');
        socket.pause();
      }
    },
    refuse() {
      refuses = true;
      for (const socket of open) socket.resetAndDestroy();
    },
    heal() {
      isCut = false;
      refuses = false;
      for (const socket of open) socket.destroy();
    },
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
