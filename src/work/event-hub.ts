import type { Logger } from 'pino';
import { SharedWork } from '../entities/index.js';
import { startListener } from './listener.js';
import type { LogPage, LogSource } from './log.js';
import { emit } from './telemetry.js';

/** Logs of one kind, open to any number of subscribers. */
export interface EventLogs<E> {
  /**
   * A log after `after`: first the lines that are there, then each new one, in order, without gap or repetition; ends when
   * what it is about is in a final state and its last line was handed out, or when the signal is aborted. `return` ends it even
   * while it waits.
   *
   * @param inTurn runs what this subscriber reads for itself, when it is its turn; default: at once
   * @throws UserError NOT_FOUND, from the first step of the iteration
   */
  subscribe(id: string, after: number, signal?: AbortSignal, inTurn?: ReadInTurn): AsyncIterableIterator<E>;
}

/** Runs a read when it is its turn; undefined, without having begun, when the subscriber has left by then. */
export type ReadInTurn = <T>(read: () => Promise<T>) => Promise<T | undefined>;

/**
 * Fans the logs of several kinds out to any number of subscribers of this process over one LISTEN connection. Notifications
 * only wake: what is handed out is always read from the rows, so a lost notification or connection costs nothing but time.
 * New lines are read once for all subscribers of a log that keep up; one that does not reads pages of its own. A subscriber
 * holds a position and at most one page, however slow it is.
 */
export async function openEventLogs<E extends Record<string, { seq: number }>>({
  databaseUrl,
  logger,
  sources,
}: {
  databaseUrl: string;
  logger: Logger;
  sources: { [Name in keyof E]: LogSource<E[Name]> };
}): Promise<{ logs: { [Name in keyof E]: EventLogs<E[Name]> }; close(): Promise<void> }> {
  const followers = new Followers();
  const kinds = Object.entries<LogSource<{ seq: number }>>(sources).map(([name, source]) => ({
    name,
    source,
    topics: new Map<string, Topic<{ seq: number }>>(),
  }));
  const listener = await startListener({
    databaseUrl,
    channels: kinds.map(({ source }) => source.channel),
    logger,
    onNotification: (channel, payload) => {
      const [id = '', seq] = payload.split(':');
      kinds
        .find(({ source }) => source.channel === channel)
        ?.topics.get(id)
        ?.announce(Number(seq) || 0);
    },
    onReconnect: () => kinds.forEach(({ topics }) => topics.forEach((topic) => topic.announce(Infinity))),
  });
  const logs = kinds.map(({ name, source, topics }) => [name, eventLogs(source, topics, followers)]);
  return {
    logs: Object.fromEntries(logs) as { [Name in keyof E]: EventLogs<E[Name]> },
    async close() {
      followers.close();
      await listener.close();
    },
  };
}

function eventLogs<E extends { seq: number }>(
  source: LogSource<E>,
  topics: Map<string, Topic<E>>,
  followers: Followers,
): EventLogs<E> {
  return {
    subscribe(id, after, signal, inTurn = (read) => read()) {
      const left = followers.add(signal);
      const events = follow(id, after, left, inTurn);
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        next: () => events.next(),
        // A generator that waits hears of its return only when the wait is over: end the wait.
        return() {
          followers.end(left);
          return events.return();
        },
      };
    },
  };

  async function* follow(
    id: string,
    after: number,
    left: AbortController,
    inTurn: ReadInTurn,
  ): AsyncGenerator<E, void> {
    const ended = left.signal;
    const topic = topics.get(id) ?? new Topic((position) => source.read(id, position));
    topics.set(id, topic);
    topic.subscribers++;
    emit({ kind: 'subscribers', change: 1 });
    try {
      let position = after;
      while (!ended.aborted) {
        // Taken before reading: what is announced meanwhile ends the wait below at once.
        const wake = topic.nextWake();
        const known = topic.recent(position) ?? topic.reading(position)?.join(ended);
        const page = await (known ?? inTurn(() => topic.readOnce(position).join(ended)));
        if (!page) return;
        for (const event of page.events) {
          if (ended.aborted) return;
          position = event.seq;
          emit({ kind: 'delivered' });
          yield event;
        }
        if (page.ended) return;
        if (page.events.length === 0) await untilAborted(wake, ended);
      }
    } catch (error) {
      // A read that was given up with the subscriber has no result.
      if (!ended.aborted) throw error;
    } finally {
      followers.end(left);
      emit({ kind: 'subscribers', change: -1 });
      if (--topic.subscribers === 0) topics.delete(id);
    }
  }
}

/**
 * Whoever follows a log, each with the means to end its wait. A set of them, because a signal that follows another one which lives as
 * long as the process costs many times as much, and thousands come and go in a second.
 */
class Followers {
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  add(signal: AbortSignal | undefined): AbortController {
    const follower = new AbortController();
    if (this.#isClosed || signal?.aborted) follower.abort(LEFT);
    else this.#open.add(follower);
    signal?.addEventListener('abort', () => this.end(follower), { once: true });
    return follower;
  }

  end(follower: AbortController): void {
    this.#open.delete(follower);
    follower.abort(LEFT);
  }

  close(): void {
    this.#isClosed = true;
    for (const follower of this.#open) this.end(follower);
  }
}

/** A reason, so that no error is made for each of them. */
const LEFT = 'left';

/** Lines of one log that are kept for the subscribers that keep up. */
const WINDOW = 256;

/** Pages that are kept for those who begin where others have just begun. */
const READINGS = 4;

/** One log that somebody subscribes to: its newest lines, and whom to wake. */
class Topic<E extends { seq: number }> {
  subscribers = 0;
  #window: E[] = [];
  #ended = false;
  /** Newest sequence number announced; Infinity when there may be any. */
  #announced = 0;
  #refreshing = false;
  #readings = new Map<number, SharedWork<LogPage<E>>>();
  #wake = Promise.withResolvers<void>();

  constructor(private readonly read: (after: number) => Promise<LogPage<E>>) {}

  /** Resolves at the next announcement. */
  nextWake(): Promise<void> {
    return this.#wake.promise;
  }

  /**
   * The lines after `position`, if the window reaches back to it. None for a position at the window's end: whatever has been
   * written since is still to be announced.
   */
  recent(position: number): LogPage<E> | undefined {
    const first = this.#window[0]?.seq;
    if (first === undefined || position < first - 1 || position > this.#position) return undefined;
    return { events: this.#window.slice(position + 1 - first), ended: this.#ended };
  }

  /**
   * The lines after `position` as somebody reads them now, or has read them since the last announcement: whatever has been written
   * since is still to be announced.
   */
  reading(position: number): SharedWork<LogPage<E>> | undefined {
    const reading = this.#readings.get(position);
    return reading?.isAbandoned ? undefined : reading;
  }

  /** The lines after `position` from the rows, once for all who ask for them until the next announcement. */
  readOnce(position: number): SharedWork<LogPage<E>> {
    return this.reading(position) ?? this.#begin(position);
  }

  #begin(position: number): SharedWork<LogPage<E>> {
    const readings = this.#readings;
    const reading = new SharedWork(async () => {
      try {
        return await this.read(position);
      } catch (error) {
        // A failure is not kept.
        if (readings.get(position) === reading) readings.delete(position);
        throw error;
      }
    });
    readings.set(position, reading);
    const [oldest] = readings.keys();
    if (readings.size > READINGS && oldest !== undefined) readings.delete(oldest);
    return reading;
  }

  /** Reads what is new, once for everybody, then wakes everybody. */
  announce(seq: number): void {
    this.#announced = Math.max(this.#announced, seq);
    if (!this.#refreshing) void this.#refresh();
  }

  async #refresh(): Promise<void> {
    this.#refreshing = true;
    while (this.#announced > this.#position) {
      const target = this.#announced;
      const from = this.#window.length > 0 || target === Infinity ? this.#position : target - 1;
      try {
        const page = await this.read(from);
        this.#window = [...this.#window, ...page.events].slice(-WINDOW);
        this.#ended = page.ended;
      } catch {
        // The subscribers read for themselves, and the error is theirs.
        this.#window = [];
      }
      if (this.#announced === target) this.#announced = 0;
      this.#wakeAll();
    }
    this.#refreshing = false;
  }

  get #position(): number {
    return this.#window.at(-1)?.seq ?? 0;
  }

  #wakeAll(): void {
    const { resolve } = this.#wake;
    // A reading that began before this may lack what has just been announced: whoever comes now starts another.
    this.#readings = new Map();
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }
}

/** Resolves when `promise` does or the signal is aborted, whichever is first. */
async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener('abort', onAbort);
}
