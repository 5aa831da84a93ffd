import type { WebSocket } from 'ws';
import { UserError } from '../domain/errors.js';
import { TOKEN_LIMITS } from './token-limits.js';
import type { TokenLimits } from './token-limits.js';

/** Operations one socket may have at a time. */
const PER_SOCKET = 100;

/** Close code for a socket beyond those that a token may have; graphql-ws takes it for a reason to try again later. */
export const TOO_MANY_SOCKETS = 4461;

/** Something that was asked for over a socket. */
export interface Operation {
  tokenId: number;
  /** Aborted when it was taken back, its socket has gone, or it is over. */
  left: AbortSignal;
  /** Stands for the operation at graphql-ws, which ends it there when it is taken back or its socket goes. */
  handle: AsyncIterableIterator<never>;
  end(): void;
}

/** Knows what every socket has asked for, so that what nobody waits for any more is ended and no token has too much of it. */
export class SocketOperations {
  readonly #sockets = new WeakMap<WebSocket, { tokenId: number; operations: Set<Operation> }>();

  constructor(private readonly limits: Pick<TokenLimits, 'sockets' | 'subscriptions' | 'bytes'>) {}

  /** Takes a socket for a token; false, and the socket is on its way out, when the token has as many as it may. */
  admit(socket: WebSocket, tokenId: number): boolean {
    // It went while its token was looked up.
    if (socket.readyState !== socket.OPEN) return false;
    const giveBack = this.limits.sockets.take(tokenId);
    if (!giveBack) {
      const most = TOKEN_LIMITS.sockets.toLocaleString('en');
      socket.close(TOO_MANY_SOCKETS, `This token has ${most} sockets at this server, the limit; close some first.`);
      return false;
    }
    const operations = new Set<Operation>();
    this.#sockets.set(socket, { tokenId, operations });
    socket.once('close', () => {
      giveBack();
      for (const operation of operations) operation.end();
    });
    return true;
  }

  /**
   * Begins an operation of a socket that was admitted.
   *
   * @param payload what it was asked with; held until the operation ends
   * @throws UserError LIMIT_EXCEEDED when the socket or its token has too many
   */
  begin(socket: WebSocket, payload: unknown): Operation {
    const { tokenId, operations } = this.#sockets.get(socket)!;
    if (operations.size >= PER_SOCKET) throw tooMany(`One socket takes ${PER_SOCKET} operations at a time.`);
    const giveBack = countOperation(this.limits, tokenId, payload);
    const leaving = new AbortController();
    const end = () => {
      if (!operations.delete(operation)) return;
      giveBack();
      // With a reason, for which nothing need be made.
      leaving.abort('left');
    };
    const handle: AsyncIterableIterator<never> = {
      next: () => Promise.resolve({ done: true, value: undefined }),
      return: () => {
        end();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => handle,
    };
    const operation: Operation = { tokenId, left: leaving.signal, handle, end };
    operations.add(operation);
    return operation;
  }
}

/**
 * Counts an operation of a token as long as it is open.
 *
 * @param payload what it was asked with
 * @returns what gives its place back
 * @throws UserError LIMIT_EXCEEDED when the token has too many open
 */
export function countOperation(
  { subscriptions, bytes }: Pick<TokenLimits, 'subscriptions' | 'bytes'>,
  tokenId: number,
  payload: unknown,
): () => void {
  const giveBack = subscriptions.take(tokenId);
  if (!giveBack) {
    const most = subscriptions.limit.toLocaleString('en');
    throw tooMany(
      `This token has ${most} subscriptions and queries open over WebSocket and event streams at this server, the limit; end some first.`,
    );
  }
  const giveBytesBack = bytes.take(tokenId, Buffer.byteLength(JSON.stringify(payload)));
  if (!giveBytesBack) {
    giveBack();
    const most = bytes.limit.toLocaleString('en');
    throw tooMany(
      `What this token has open over WebSocket and event streams at this server was asked for with ${most} bytes, the limit; end some first, or send shorter queries and variables.`,
    );
  }
  return () => {
    giveBack();
    giveBytesBack();
  };
}

function tooMany(message: string): UserError {
  return new UserError('LIMIT_EXCEEDED', message);
}
