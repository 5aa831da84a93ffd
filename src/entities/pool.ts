import { AsyncLocalStorage } from 'node:async_hooks';
import pg, { Client, Pool, type PoolClient, type PoolConfig, type QueryResult } from 'pg';
import { AskerLeft, askedByNobody, askerLeft } from './asker.js';

/** What ends a transaction, or takes something back: left out, the connection would go on with what it holds. */
const CONTROL = /^\s*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET|RESET|UNLISTEN)\b/i;

/** A connection that is used to cancel is kept open for so long after, ms. */
const CANCELER_IDLE_MS = 10_000;

type Callback = (error: Error | undefined, result?: QueryResult) => void;
type Connected = (error: Error | undefined, client: PoolClient | undefined, release: (error?: unknown) => void) => void;

/** The part of `pg`'s client that its types leave out. */
interface Inside {
  processID: number;
  connection: { stream: { destroy(error: Error): void } };
}

/**
 * A pool whose statements end when whoever asked for them has left (`askedBy`): one that waits for a connection is dropped, one that
 * runs is canceled by PostgreSQL, told over a connection of its own. A connection goes back only when no cancellation is on its way
 * to it, so none ever meets the next one's statement. Transactions are still ended in good order.
 */
class LeavablePool extends Pool {
  #taken = 0;
  readonly #waiting = new Set<() => void>();
  #canceler: Pool | undefined;

  /** @param settings kept, because those of the pool hide the password from whoever copies them */
  constructor(private readonly settings: PoolConfig) {
    super({ ...settings, Client: leavable((settings.Client ?? Client) as typeof Client) });
    Object.defineProperty(this, 'waitingCount', { get: () => this.#waiting.size });
    this.on('connect', (client) => {
      (client as LeavableClient).cancel = (statement) => this.#cancel(client as PoolClient & Inside, statement);
    });
    this.on('release', () => this.#handOn());
  }

  override connect(): Promise<PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<PoolClient> | void {
    const client = this.#take();
    if (!connected) return client;
    // What is called later is still done for the one who asked.
    const tell = AsyncLocalStorage.bind(connected);
    client.then(
      (taken) => tell(undefined, taken, (error) => taken.release(error as Error)),
      (error: Error) => tell(error, undefined, () => undefined),
    );
  }

  override end(): Promise<void>;
  override end(ended: () => void): void;
  override end(ended?: (error?: Error) => void): Promise<void> | void {
    const ending = super.end().then(() => this.#canceler?.end());
    if (!ended) return ending;
    ending.then(() => ended(), ended);
  }

  /** @throws AskerLeft when they leave before it is their turn */
  async #take(): Promise<PoolClient> {
    const left = askerLeft();
    if (left?.aborted) throw new AskerLeft();
    if (this.#taken < this.options.max) this.#taken++;
    else await this.#turn(left);
    try {
      return await super.connect();
    } catch (error) {
      this.#handOn();
      throw error;
    }
  }

  async #turn(left: AbortSignal | undefined): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.delete(turn.resolve);
      turn.reject(new AskerLeft());
    };
    this.#waiting.add(turn.resolve);
    left?.addEventListener('abort', leave, { once: true });
    try {
      await turn.promise;
    } finally {
      left?.removeEventListener('abort', leave);
    }
  }

  #handOn(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else this.#taken--;
  }

  /** Has a statement of a connection of this pool canceled, unless it has been answered by the time that it could be. */
  async #cancel(client: PoolClient & Inside, statement: Statement): Promise<void> {
    this.#canceler ??= new Pool({ ...this.settings, max: 1, idleTimeoutMillis: CANCELER_IDLE_MS }).on(
      'error',
      () => undefined,
    );
    // Where there is no connection to be had, the statement runs to its end or its limit.
    const canceler = await this.#canceler.connect().catch(() => undefined);
    if (!canceler || statement.isAnswered) return canceler?.release();
    statement.isCanceled = true;
    try {
      await canceler.query('SELECT pg_cancel_backend($1)', [client.processID]);
      canceler.release();
    } catch (error) {
      canceler.release(true);
      // Nobody knows whether it still comes, and would then hit what is done next on this connection.
      client.connection.stream.destroy(error as Error);
    }
  }
}

/** One that runs for somebody. */
interface Statement {
  isAnswered: boolean;
  /** PostgreSQL has been told. */
  isCanceled: boolean;
}

interface LeavableClient {
  cancel?: (statement: Statement) => Promise<void>;
}

/** A client each of whose statements knows who asked for it. */
function leavable(Base: typeof Client): typeof Client {
  return class extends Base {
    cancel?: LeavableClient['cancel'];

    override query(...given: unknown[]): never {
      const left = this.cancel ? askerLeft() : undefined;
      const [statement] = given;
      const text = typeof statement === 'string' ? statement : (statement as { text?: unknown }).text;
      if (!left || typeof text !== 'string' || CONTROL.test(text)) return super.query(...(given as [never])) as never;
      const callback = given.at(-1);
      if (typeof callback !== 'function') return this.#unlessLeft(left, given) as never;
      const tell = callback as Callback;
      this.#unlessLeft(left, given.slice(0, -1)).then(
        (result) => tell(undefined, result),
        (error: Error) => tell(error),
      );
      return undefined as never;
    }

    /** @throws AskerLeft, and as `query` */
    async #unlessLeft(left: AbortSignal, statement: unknown[]): Promise<QueryResult> {
      if (left.aborted) throw new AskerLeft();
      const running: Statement = { isAnswered: false, isCanceled: false };
      let canceling: Promise<void> | undefined;
      const leave = () => (canceling = askedByNobody(() => this.cancel!(running)));
      left.addEventListener('abort', leave, { once: true });
      try {
        return await (super.query(...(statement as [never])) as Promise<QueryResult>);
      } catch (error) {
        throw running.isCanceled ? new AskerLeft() : error;
      } finally {
        running.isAnswered = true;
        left.removeEventListener('abort', leave);
        if (running.isCanceled) await canceling;
      }
    }
  } as unknown as typeof Client;
}

/** `pg` as TypeORM asks for it, with pools whose statements end when whoever asked has left. */
export const leavablePostgres = { ...pg, Pool: LeavablePool };
