import type { Request, RequestHandler, Response } from 'express';
import { UserError } from '../domain/errors.js';
import { askedBy } from '../entities/index.js';
import { viewerOf } from './authenticate.js';
import type { Share } from './token-limits.js';

/** How many turns each token has. */
interface Turns {
  /** At the same time. */
  running: number;
  /** That may wait for theirs; absent where something else bounds them. */
  waiting?: number;
}

/** The turns of one token. */
interface Turned {
  running: number;
  waiting: Set<() => void>;
}

/** Seconds after which a caller whose token has too much waiting may ask again. */
const COME_BACK = 1;

/**
 * Lets a few pieces of work of each token run at a time, in the order they came, so that no token takes all connections to the
 * database. What waits holds no connection, and goes at once when whoever asked for it has left.
 */
export class TokenTurns {
  readonly #tokens = new Map<number, Turned>();

  constructor(private readonly turns: Turns) {}

  /**
   * Runs `work` when it is its token's turn. When whoever asked leaves meanwhile, its statements are canceled.
   *
   * @param left aborted when whoever asked has left
   * @returns undefined, without having begun, when they had left by then
   * @throws UserError RATE_LIMITED when as many wait as may
   */
  async take<T>(tokenId: number, left: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    if (left.aborted) return undefined;
    const token: Turned = this.#tokens.get(tokenId) ?? { running: 0, waiting: new Set() };
    this.#tokens.set(tokenId, token);
    if (token.running < this.turns.running) token.running++;
    else if (!(await this.#wait(token.waiting, left))) return undefined;
    try {
      return left.aborted ? undefined : await askedBy(left, work);
    } finally {
      if (token.waiting.size > 0) setImmediate(() => this.#handOn(tokenId, token));
      else this.#handOn(tokenId, token);
    }
  }

  /** What a token has of its turns, those that wait included. */
  standing(tokenId: number): Omit<Share, 'name'> {
    const token = this.#tokens.get(tokenId);
    const limit = this.turns.running + (this.turns.waiting ?? Infinity);
    return { limit, remaining: limit - (token ? token.running + token.waiting.size : 0) };
  }

  /**
   * Hands a turn on, or gives it back. What waits is only begun after a look at what others have sent meanwhile, so that a
   * thousand short pieces of one token's work do not make the others wait for all of them.
   */
  #handOn(tokenId: number, token: Turned): void {
    const [next] = token.waiting;
    if (next) next();
    else if (--token.running === 0) this.#tokens.delete(tokenId);
  }

  /** @returns whether the turn came; otherwise they have left */
  async #wait(waiting: Set<() => void>, left: AbortSignal): Promise<boolean> {
    const { running, waiting: most = Infinity } = this.turns;
    if (waiting.size >= most) {
      throw new UserError(
        'RATE_LIMITED',
        `This token has ${running} requests running at this server and ${most} waiting, the most allowed; ask again when some have been answered.`,
        { details: { limit: running + most, remaining: 0, retryAfter: COME_BACK } },
      );
    }
    const turn = Promise.withResolvers<boolean>();
    const end = (came: boolean) => {
      waiting.delete(call);
      turn.resolve(came);
    };
    const call = () => end(true);
    const leave = () => end(false);
    waiting.add(call);
    left.addEventListener('abort', leave, { once: true });
    const came = await turn.promise;
    left.removeEventListener('abort', leave);
    return came;
  }
}

/** Has what a request asks of the database canceled when its client leaves. */
export const askedByClient: RequestHandler = (_request, response, next) => askedBy(clientOf(response), next);

/** Aborted when the client leaves before it has its whole answer. */
function clientOf(response: Response): AbortSignal {
  const left = new AbortController();
  response.once('close', () => {
    // With a reason, for which nothing need be made.
    if (!response.writableFinished) left.abort('left');
  });
  return left.signal;
}

/**
 * Answers each request in its token's turn. The body, too, is only read then, so that one that waits holds no more than a
 * connection. One whose client leaves while it waits is never begun, and what it asks of the database is canceled when the client leaves
 * later.
 *
 * @param prepare handlers that pass the request on
 */
export function inTurn(
  turns: TokenTurns,
  prepare: readonly RequestHandler[],
  answer: (...args: Parameters<RequestHandler>) => unknown,
): RequestHandler {
  return async (request, response, next) => {
    try {
      await turns.take(viewerOf(response).tokenId, clientOf(response), async () => {
        await passThrough(prepare, request, response);
        await answer(request, response, next);
      });
    } catch (error) {
      if (error instanceof UserError && error.details['retryAfter'] === COME_BACK) response.set('Retry-After', '1');
      throw error;
    }
  };
}

/** Lets handlers that pass a request on do so, one after another; throws what they object to. */
export async function passThrough(
  handlers: readonly RequestHandler[],
  request: Request,
  response: Response,
): Promise<void> {
  for (const handler of handlers) {
    await new Promise<void>((resolve, reject) => {
      void handler(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve()));
    });
  }
}
