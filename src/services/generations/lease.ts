import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { advance, type Change } from './transitions.js';

/** The generation was given to somebody else, or ended, while this worker still computed: nothing it does counts any more. */
export class StaleAttempt extends Error {
  override readonly name = 'StaleAttempt';
}

/** Somebody asked to cancel the generation. */
export class CancelRequested extends Error {
  override readonly name = 'CancelRequested';
}

/** The worker is to end in good order. */
export class WorkerStopping extends Error {
  override readonly name = 'WorkerStopping';
}

/** A worker that holds a generation says so this often, ms. */
const HEARTBEAT_MS = 2_000;

/**
 * A worker's hold on a running generation: heartbeats while it lasts, and the only way in which the worker writes. Every write is
 * made under the attempt number it was given, one after the other; the first that finds the generation gone ends the lease.
 */
export class Lease {
  readonly #ended = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #heartbeats: Promise<void>;

  constructor(
    private readonly dataSource: DataSource,
    readonly id: string,
    readonly attempt: number,
    private readonly logger: Logger,
  ) {
    this.#heartbeats = this.#beat();
  }

  /** Aborted with the reason for which the worker must stop computing. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Makes the worker stop; the first reason counts. */
  end(reason: Error): void {
    this.#ended.abort(reason);
  }

  /**
   * Changes the generation after every write before this one, in one transaction with what `alongside` writes.
   *
   * @throws StaleAttempt, having changed nothing
   */
  write(change: Change, alongside?: (manager: EntityManager) => Promise<void>): Promise<void> {
    const written = this.#tail.then(() =>
      this.dataSource.transaction(async (manager) => {
        if ((await advance(manager, { id: this.id, state: 'RUNNING', attempt: this.attempt }, change)) === undefined) {
          const stale = new StaleAttempt(`Attempt ${this.attempt} of generation ${this.id} is over.`);
          this.end(stale);
          throw stale;
        }
        await alongside?.(manager);
      }),
    );
    this.#tail = written.catch(() => undefined);
    return written;
  }

  /** Ends the heartbeats, after which others may take the generation for lost. */
  async release(): Promise<void> {
    this.end(new StaleAttempt('The lease was released.'));
    await this.#heartbeats;
    await this.#tail;
  }

  async #beat(): Promise<void> {
    while (!this.signal.aborted) {
      await delay(HEARTBEAT_MS, undefined, { signal: this.signal }).catch(() => undefined);
      if (this.signal.aborted) return;
      try {
        const [rows] = (await this.dataSource.query(
          `UPDATE generation SET heartbeat_at = clock_timestamp()
           WHERE id = $1 AND state = 'RUNNING' AND attempt = $2 RETURNING cancel_requested`,
          [this.id, this.attempt],
        )) as [{ cancel_requested: boolean }[], number];
        if (!rows[0]) this.end(new StaleAttempt(`Attempt ${this.attempt} of generation ${this.id} is over.`));
        // The notification of a cancellation may have been lost.
        else if (rows[0].cancel_requested) this.end(new CancelRequested());
      } catch (err) {
        this.logger.warn({ err, generation: this.id }, 'a heartbeat failed');
      }
    }
  }
}
