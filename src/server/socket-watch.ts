import type { Logger } from 'pino';
import { CloseCode } from 'graphql-ws';
import { WebSocket } from 'ws';
import { UserError } from '../domain/errors.js';
import type { KnownTokens } from '../services/access/index.js';
import { authenticate } from './authenticate.js';
import { closeReason } from './close-reason.js';

/** Closes sockets that may not, or do not, listen any more. */
export interface SocketWatch {
  /** Watches a socket from its start to its end. */
  add(socket: WebSocket): void;
  /** Whom it speaks for, once it has said so. */
  identify(socket: WebSocket, authorization: unknown): void;
  close(): void;
}

/** Code for a socket that nobody read; graphql-ws takes it for a reason to connect again. */
export const NOT_READ = 4460;

export interface SocketWatchOptions {
  tokens: Pick<KnownTokens, 'verify'>;
  logger: Logger;
  /** Time between two looks at every socket, ms. */
  lookMs?: number;
  /** Time between two pings of a socket, ms. */
  pingMs?: number;
  /** A socket that leaves a ping unanswered for so long is not read, ms. */
  patienceMs?: number;
}

/** A socket that was told to close and does not is cut off after so long, ms. */
const FAREWELL_MS = 5_000;

/**
 * Looks at every socket every other second. One whose token was revoked or has expired is closed with 4403. One whose client does
 * not read is closed with {@link NOT_READ}: a ping waits behind what was not read, so it is not answered either. Until then such a
 * client costs one message for each of its subscriptions, since the next is made only when the last is on its way.
 */
export function watchSockets({
  tokens,
  logger,
  lookMs = 2_000,
  pingMs = 10_000,
  patienceMs = 15_000,
}: SocketWatchOptions): SocketWatch {
  const watched = new Map<WebSocket, { authorization?: unknown; pingedAt: number; answered: boolean }>();
  let looking = false;
  const timer = setInterval(() => {
    if (!looking) void look();
  }, lookMs);
  timer.unref();

  async function look(): Promise<void> {
    looking = true;
    const now = performance.now();
    for (const [socket, state] of watched) {
      const waited = now - state.pingedAt;
      if (!state.answered && waited > patienceMs) {
        end(socket, NOT_READ, 'This socket was not read for too long; connect again and resume after the last seq.');
      } else if (state.answered && waited > pingMs && socket.readyState === WebSocket.OPEN) {
        Object.assign(state, { pingedAt: now, answered: false });
        socket.ping();
      }
    }
    const byToken = Map.groupBy(watched, ([, { authorization }]) => authorization);
    for (const [authorization, sockets] of byToken) {
      if (authorization === undefined) continue;
      try {
        await authenticate(tokens, authorization);
      } catch (error) {
        // A database that does not answer is no reason to send anybody away.
        if (!(error instanceof UserError) || error.code !== 'UNAUTHENTICATED') continue;
        for (const [socket] of sockets) end(socket, CloseCode.Forbidden, closeReason(error.message));
      }
    }
    looking = false;
  }

  function end(socket: WebSocket, code: number, reason: string): void {
    watched.delete(socket);
    logger.debug({ code, buffered: socket.bufferedAmount }, 'a socket is closed');
    socket.close(code, reason);
    const cut = setTimeout(() => socket.terminate(), FAREWELL_MS);
    cut.unref();
    socket.once('close', () => clearTimeout(cut));
  }

  return {
    add(socket) {
      watched.set(socket, { pingedAt: performance.now(), answered: true });
      socket.once('close', () => watched.delete(socket));
      socket.on('pong', () => {
        const state = watched.get(socket);
        if (state) state.answered = true;
      });
    },
    identify(socket, authorization) {
      const state = watched.get(socket);
      if (state) state.authorization = authorization;
    },
    close: () => clearInterval(timer),
  };
}
