import { TokenTurns } from './token-turns.js';

/** What one token may have at the same time at one server. */
export const TOKEN_LIMITS = {
  /** Requests of `/graphql`. */
  requests: { running: 4, waiting: 500 },
  /** Files that `/exports` streams. */
  exports: { running: 2, waiting: 20 },
  /** Requests of `/dicomweb` that read: a viewer asks for all frames of a series at once. */
  dicomweb: { running: 4, waiting: 500 },
  /** Starts, queries, reads of a log and events of all its sockets; as many wait as there are subscriptions. */
  socketWork: { running: 4 },
  sockets: 1_000,
  /** Operations over all its sockets: subscriptions, and queries as long as they run. */
  subscriptions: 1_000,
  /** Bytes of these operations together: while they run, what they were asked with is kept. */
  bytes: 10_000_000,
} as const;

/** How a token stands with something that it may have so many of at a time. */
export interface Share {
  name: string;
  limit: number;
  remaining: number;
}

/** Counts what tokens have, so that nobody's client can take a server's memory or all of its connections to the database. */
export class TokenLimits {
  readonly requests = new TokenTurns(TOKEN_LIMITS.requests);
  readonly exports = new TokenTurns(TOKEN_LIMITS.exports);
  readonly dicomweb = new TokenTurns(TOKEN_LIMITS.dicomweb);
  readonly socketWork = new TokenTurns(TOKEN_LIMITS.socketWork);
  readonly sockets = new TokenCounts(TOKEN_LIMITS.sockets);
  readonly subscriptions = new TokenCounts(TOKEN_LIMITS.subscriptions);
  readonly bytes = new TokenCounts(TOKEN_LIMITS.bytes);

  /** How a token stands with what the headers of an answer say. */
  standing(tokenId: number): Share[] {
    const { requests, sockets, subscriptions } = this;
    return Object.entries({ requests, sockets, subscriptions }).map(([name, count]) => ({
      name,
      ...count.standing(tokenId),
    }));
  }
}

/** Counts something that each token may have so many of. */
export class TokenCounts {
  readonly #taken = new Map<number, number>();

  constructor(readonly limit: number) {}

  /** @returns how to give them back, once; undefined when they are not there, and nothing is taken then */
  take(tokenId: number, amount = 1): (() => void) | undefined {
    const taken = this.#taken.get(tokenId) ?? 0;
    if (taken + amount > this.limit) return undefined;
    this.#taken.set(tokenId, taken + amount);
    return () => {
      const left = (this.#taken.get(tokenId) ?? 0) - amount;
      if (left > 0) this.#taken.set(tokenId, left);
      else this.#taken.delete(tokenId);
    };
  }

  standing(tokenId: number): Omit<Share, 'name'> {
    return { limit: this.limit, remaining: this.limit - (this.#taken.get(tokenId) ?? 0) };
  }
}
