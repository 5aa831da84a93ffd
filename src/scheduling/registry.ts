import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { packageVersion } from '../domain/package.js';
import { REMEMBERED_S, WORKER_HEARTBEAT_MS, type WorkerSlot, type WorkerState } from '../domain/workers.js';

export interface RegistrationOptions {
  dataSource: DataSource;
  /** What the worker does now. */
  slots(): WorkerSlot[];
  logger: Logger;
}

/**
 * A worker's entry in the table of workers, kept up to date while the worker lives. The table is for people: nothing is decided
 * by it, and a worker that cannot write to it works on. All times are the database's.
 */
export class Registration {
  readonly id = randomUUID();
  /** The same host and process id may come again, in containers at every start. */
  readonly name = `${hostname()}:${process.pid}-${this.id.slice(0, 4)}`;
  #state: WorkerState = 'STARTING';
  #wake = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  readonly #heartbeats: Promise<void>;

  constructor(private readonly options: RegistrationOptions) {
    this.#heartbeats = this.#beat();
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Enters a new state. */
  enter(state: WorkerState): void {
    this.#state = state;
    this.report();
  }

  /** Something has changed that is worth telling before the next heartbeat. */
  report(): void {
    this.#wake.resolve();
  }

  /** Writes that the worker is gone; what it does after this is not seen. */
  async leave(): Promise<void> {
    this.#state = 'GONE';
    this.#ended.abort();
    this.#wake.resolve();
    await this.#heartbeats;
  }

  async #beat(): Promise<void> {
    // Only those who come make the table longer.
    await this.#write(`DELETE FROM worker WHERE seen_at < clock_timestamp() - make_interval(secs => $1)`, [
      REMEMBERED_S,
    ]);
    for (let last = false; !last;) {
      last = this.#ended.signal.aborted;
      this.#wake = Promise.withResolvers();
      await this.#tell();
      if (!last) await this.#pause();
    }
  }

  /** Until the next heartbeat is due, or there is something to tell. */
  async #pause(): Promise<void> {
    const over = new AbortController();
    const due = delay(WORKER_HEARTBEAT_MS, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
    await Promise.race([due, this.#wake.promise]);
    over.abort();
  }

  #tell(): Promise<void> {
    const { id, name } = this;
    return this.#write(
      `INSERT INTO worker (id, name, host, pid, version, state, slots, started_at, seen_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), clock_timestamp())
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, slots = excluded.slots, seen_at = excluded.seen_at`,
      [id, name, hostname(), process.pid, packageVersion, this.#state, JSON.stringify(this.options.slots())],
    );
  }

  async #write(statement: string, parameters: unknown[]): Promise<void> {
    try {
      await this.options.dataSource.query(statement, parameters);
    } catch (err) {
      this.options.logger.warn({ err }, 'the worker could not tell that it lives');
    }
  }
}
