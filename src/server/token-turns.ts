/** Operations of one token that may be started at the same time: fewer than the ten connections that all tokens share. */
const AT_ONCE = 4;

/** Lets a few starts of each token go on at a time, in their order; one whose caller has left by its turn is dropped. */
export class TokenTurns {
  readonly #tokens = new Map<number, { running: number; waiting: (() => void)[] }>();

  /**
   * Runs `start` when it is its token's turn.
   *
   * @returns undefined, without having started, when `isGone` says so by then
   */
  async take<T>(tokenId: number, isGone: () => boolean, start: () => Promise<T>): Promise<T | undefined> {
    const token = this.#tokens.get(tokenId) ?? { running: 0, waiting: [] };
    this.#tokens.set(tokenId, token);
    if (token.running < AT_ONCE) token.running++;
    else await new Promise<void>((resolve) => token.waiting.push(resolve));
    try {
      return isGone() ? undefined : await start();
    } finally {
      // The turn is handed on, or given back.
      const next = token.waiting.shift();
      if (next) next();
      else if (--token.running === 0) this.#tokens.delete(tokenId);
    }
  }
}
