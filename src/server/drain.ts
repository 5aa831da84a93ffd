import type { Server } from 'node:http';

/** Ends an HTTP server in good order. */
export interface Drain {
  /** From now on answers tell their callers to open another connection next time, which a balancer sends elsewhere. */
  announce(): void;
  /** Takes no new connection, waits until what is running has been answered, at most `patience` ms, and breaks off the rest. */
  finish(patience: number): Promise<void>;
}

/** Watches a server's requests from its start. WebSockets are none of its business: once upgraded they are no requests. */
export function drainOf(server: Server): Drain {
  let running = 0;
  let announced = false;
  let idle = () => {};
  // Before the application, which may answer at once.
  server.prependListener('request', (_request, response) => {
    running++;
    if (announced) response.setHeader('Connection', 'close');
    response.once('close', () => {
      if (--running === 0) idle();
    });
  });
  return {
    announce() {
      announced = true;
    },
    async finish(patience) {
      announced = true;
      server.close();
      if (running > 0) {
        const done = Promise.withResolvers<void>();
        idle = done.resolve;
        const timer = setTimeout(done.resolve, patience);
        await done.promise;
        clearTimeout(timer);
      }
      server.closeAllConnections();
    },
  };
}
