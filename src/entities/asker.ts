import { AsyncLocalStorage } from 'node:async_hooks';

/** The client that work is done for. */
export interface Asker {
  /** Aborted when they have left. */
  readonly left: AbortSignal;
  /** What they asked for is carried to its end all the same. */
  isIgnored: boolean;
}

/** A statement was dropped or canceled because the client that asked for it has disconnected. */
export class AskerLeft extends Error {
  override readonly name = 'AskerLeft';

  constructor() {
    super('Whoever asked for this has left.');
  }
}

const current = new AsyncLocalStorage<Asker | undefined>();

/** Runs `work` for somebody: statements that they leave behind are canceled, and none is begun after that. */
export function askedBy<T>(left: AbortSignal, work: () => T): T {
  return current.run({ left, isIgnored: false }, work);
}

/** Runs `work` for no client, so that it is finished even if one disconnects: results that others wait for, rows that must be written. */
export function askedByNobody<T>(work: () => T): T {
  return current.run(undefined, work);
}

/** From here on, what the asker has begun is carried to its end: a change that is half made helps nobody. */
export function carryThrough(): void {
  const asker = current.getStore();
  if (asker) asker.isIgnored = true;
}

/** Aborted when the client that this code runs for has disconnected; undefined where the work is finished anyway. */
export function askerLeft(): AbortSignal | undefined {
  const asker = current.getStore();
  return asker?.isIgnored ? undefined : asker?.left;
}

/** Whether an error, or what it was made of, is that the asker left. */
export function isAskerLeft(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = causeOf(at)) if (at instanceof AskerLeft) return true;
  return false;
}

/** GraphQL, TypeORM and the language each have a word of their own. */
function causeOf(error: Error): unknown {
  const { originalError, driverError } = error as { originalError?: unknown; driverError?: unknown };
  return originalError ?? driverError ?? error.cause;
}

/** One piece of work for everybody who waits for its result, canceled when all of them have left. */
export class SharedWork<T> {
  readonly #result: Promise<T>;
  readonly #allLeft = new AbortController();
  #waiting = 0;
  #isDone = false;

  constructor(work: () => Promise<T>) {
    this.#result = askedBy(this.#allLeft.signal, work);
    // Every `join` gets the error; here it must not count as unhandled.
    void this.#result.catch(() => undefined).finally(() => (this.#isDone = true));
  }

  /** True once it may end without a result, because nobody waits for it any more: who wants one now starts another. */
  get isAbandoned(): boolean {
    return this.#allLeft.signal.aborted;
  }

  /**
   * @param left aborted when this one has left; absent for one who never does
   * @throws AskerLeft when they leave first, and as the work
   */
  async join(left: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    if (!left || this.#isDone) return this.#result;
    const leaving = Promise.withResolvers<never>();
    const leave = () => {
      if (--this.#waiting === 0) this.#allLeft.abort('left');
      leaving.reject(new AskerLeft());
    };
    if (left.aborted) leave();
    else left.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([this.#result, leaving.promise]);
    } finally {
      left.removeEventListener('abort', leave);
    }
  }
}
