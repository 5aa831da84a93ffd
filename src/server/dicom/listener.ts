import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import dimse from 'dcmjs-dimse';
import type { Logger } from 'pino';
import { listen } from '../listen.js';
import { type Caller, openCallers } from './callers.js';
import type { Intake } from './intake.js';
import { PduGuard } from './pdu-guard.js';
import { StorageScp } from './scp.js';
import type { ListeningTls } from './tls.js';

export interface ListenerOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  aeTitle: string;
  callers: readonly Caller[];
  /** Absent: nothing is encrypted. */
  tls?: ListeningTls | undefined;
  intake: Intake;
  /** Longest PDU that may be sent to us, bytes. */
  maxPdu: number;
  /** Associations at a time. */
  maxAssociations: number;
  /** Time between two PDUs, ms. */
  idleMs: number;
  /** Time that an association may take in all, ms. */
  associationMs: number;
  /** An association was opened (1) or has ended (-1). */
  onAssociations: (change: 1 | -1) => void;
  logger: Logger;
}

export interface Listener {
  port: number;
  /** Takes no new association, lets those that run end for so long, ms, and ends the others. */
  close(patienceMs: number): Promise<void>;
}

/**
 * Listens for DICOM associations.
 *
 * @throws UserError CONFLICT when the port is taken
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, aeTitle, tls, maxPdu, maxAssociations, idleMs, associationMs, intake, onAssociations, logger } =
    options;
  const callers = openCallers(options.callers);
  // The library's own log would name patients.
  dimse.log.disableAll();
  dimse.Implementation.setMaxPduLength(maxPdu);
  const open = new Set<StorageScp>();
  const ended = new Set<() => void>();
  /** Whether a connection may become an association, and one more is allowed. */
  const mayConnect = (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    socket.on('error', () => undefined);
    if (callers.isHost(address) && open.size < maxAssociations) return true;
    logger.warn({ address, associations: open.size }, 'a connection was closed at once');
    socket.destroy();
    return false;
  };
  const serve = (socket: Socket) => {
    if (!mayConnect(socket)) return;
    const address = socket.remoteAddress ?? '';
    const guard = new PduGuard(maxPdu);
    // Before the library listens: what is too long must not reach it.
    socket.on('data', (chunk: Buffer) => {
      if (guard.allows(chunk)) return;
      logger.warn({ address }, 'a connection sent more at a time than is allowed, and was closed');
      socket.destroy();
    });
    const mayCall = (title: string) => callers.isCaller(title, address);
    const scp = new StorageScp(socket, { aeTitle, mayCall, intake, guard, logger, idleMs });
    open.add(scp);
    onAssociations(1);
    const timer = setTimeout(() => scp.giveUp(), associationMs);
    socket.on('close', () => {
      clearTimeout(timer);
      open.delete(scp);
      onAssociations(-1);
      if (open.size === 0) for (const tell of ended) tell();
    });
  };
  const server = tls ? createTlsServer({ ...tls, handshakeTimeout: idleMs }, serve) : createServer(serve);
  if (tls) {
    // Before a handshake is paid for.
    server.on('connection', (socket: Socket) => void mayConnect(socket));
    server.on('tlsClientError', (err: Error, { remoteAddress: address }: Socket) =>
      logger.warn({ address, reason: err.message }, 'a connection did not come to TLS'),
    );
  }
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    async close(patienceMs) {
      server.close();
      if (open.size === 0) return;
      const over = new Promise<void>((resolve) => ended.add(resolve));
      const timer = setTimeout(() => {
        for (const scp of open) scp.giveUp();
      }, patienceMs);
      await over;
      clearTimeout(timer);
    },
  };
}
