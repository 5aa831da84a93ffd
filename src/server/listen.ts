import type { AddressInfo, Server } from 'node:net';
import { UserError } from '../domain/errors.js';

/** Listens on an address, or says in one sentence why it cannot. */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, host, listening.resolve);
  try {
    await listening.promise;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new UserError('CONFLICT', `Port ${port} on ${host} is in use; choose another with --port.`, { cause });
    }
    throw new UserError('UNAVAILABLE', `The server cannot listen on ${host}:${port}: ${message}.`, { cause });
  }
  server.removeAllListeners('error');
}

export function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
