import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows, type Work } from '../entities/index.js';
import { CancelRequested, StaleAttempt } from './faults.js';

import { reach } from './points.js';
import type { Change, LogBody, StateMachine } from './states.js';
import { type Timings, TIMINGS } from './timings.js';
import { advance, columnsOf } from './transitions.js';

const HEARD = z.object({ cancel_requested: z.boolean() });

const LOCKED = z.object({ attempt: z.number() });

export interface LeaseOptions<R extends Work, B extends LogBody> {
  dataSource: DataSource;
  kind: StateMachine<R, B>;
  id: R['id'];
  attempt: number;
  logger: Logger;
  timings?: Pick<Timings, 'heartbeat'>;
}

/**
 * A process's hold on running work: heartbeats while it lasts, and the only way in which the process writes. Every write is
 * made under the attempt number it was given, one after the other; the first that finds the work gone ends the lease.
 */
export class Lease<R extends Work, B extends LogBody> {
  readonly #ended = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #progress: () => Partial<R> = () => ({});
  readonly #heartbeats: Promise<void>;

  constructor(private readonly options: LeaseOptions<R, B>) {
    this.#heartbeats = this.#beat();
  }

  get id(): R['id'] {
    return this.options.id;
  }

  get attempt(): number {
    return this.options.attempt;
  }

  /** Aborted with the reason for which the process must stop. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Makes the process stop; the first reason counts. */
  end(reason: Error): void {
    this.#ended.abort(reason);
  }

  /** Columns that are saved with each heartbeat: how far the work is, where nobody need know it sooner. */
  report(progress: () => Partial<R>): void {
    this.#progress = progress;
  }

  /**
   * Changes the work after every write before this one, in one transaction with what `alongside` writes.
   *
   * @throws StaleAttempt, having changed nothing
   */
  write(change: Change<R, B>, alongside?: (manager: EntityManager) => Promise<void>): Promise<void> {
    return this.#inTurn(async (manager) => {
      await this.#advance(manager, change);
      await alongside?.(manager);
    });
  }

  /**
   * The same where what is written decides the change: the row is locked first, so that all of it is done under this attempt.
   *
   * @throws StaleAttempt, having changed nothing
   */
  transaction<T>(
    work: (manager: EntityManager, change: (change: Change<R, B>) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    return this.#inTurn(async (manager) => {
      await this.#lock(manager);
      return work(manager, (change) => this.#advance(manager, change));
    });
  }

  /** Ends the heartbeats, after which others may take the work for lost. */
  async release(): Promise<void> {
    this.end(new StaleAttempt('The lease was released.'));
    await this.#heartbeats;
    await this.#tail;
  }

  #inTurn<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const done = this.#tail.then(() => this.options.dataSource.transaction(work));
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #advance(manager: EntityManager, change: Change<R, B>): Promise<void> {
    const seen = { id: this.id, state: 'RUNNING', attempt: this.attempt };
    if ((await advance(manager, this.options.kind, seen, change)) === undefined) throw this.#stale();
  }

  async #lock(manager: EntityManager): Promise<void> {
    const rows = await queryRows(
      manager,
      LOCKED,
      `SELECT attempt FROM ${this.options.kind.table} WHERE id = $1 AND attempt = $2 AND state = 'RUNNING' FOR NO KEY UPDATE`,
      [this.id, this.attempt],
    );
    if (rows.length === 0) throw this.#stale();
  }

  #stale(): StaleAttempt {
    const stale = new StaleAttempt(`Attempt ${this.attempt} of ${this.options.kind.name} ${this.id} is over.`);
    this.end(stale);
    return stale;
  }

  async #beat(): Promise<void> {
    const { kind, logger, timings = TIMINGS } = this.options;
    while (!this.signal.aborted) {
      await delay(timings.heartbeat, undefined, { signal: this.signal }).catch(() => undefined);
      if (this.signal.aborted) return;
      try {
        await reach('heartbeat', kind.table, this.id, this.attempt);
        await this.#tell();
        await reach('heard', kind.table, this.id, this.attempt);
      } catch (err) {
        logger.warn({ err, [kind.table]: this.id }, 'a heartbeat failed');
      }
    }
  }

  async #tell(): Promise<void> {
    const { dataSource, kind } = this.options;
    const parameters: unknown[] = [this.id, this.attempt];
    const progress = columnsOf(
      dataSource.manager,
      kind.entity,
      this.#progress(),
      (value) => `$${parameters.push(value)}`,
    );
    const [row] = await queryRows(
      dataSource,
      HEARD,
      `UPDATE ${kind.table} SET ${['heartbeat_at = clock_timestamp()', ...progress].join(', ')}
       WHERE id = $1 AND state = 'RUNNING' AND attempt = $2 RETURNING cancel_requested`,
      parameters,
    );
    if (!row) this.#stale();
    // The notification of a cancellation may have been lost.
    else if (row.cancel_requested) this.end(new CancelRequested());
  }
}
