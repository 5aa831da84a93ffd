import { setTimeout as delay } from 'node:timers/promises';
import { ProcessStopping } from './faults.js';

/** What a process needs of a lease to stop the work. */
interface Ended {
  end(reason: Error): void;
}

/** The work that this process is at, by table and id: cancellations and the end of the process are delivered to it. */
export class Leases {
  readonly #held = new Map<string, Ended>();
  #stopping = false;

  get size(): number {
    return this.#held.size;
  }

  /** Whether nothing new is to be started. */
  get stopping(): boolean {
    return this.#stopping;
  }

  add(table: string, id: string | number, lease: Ended): void {
    this.#held.set(keyOf(table, id), lease);
    if (this.#stopping) lease.end(new ProcessStopping());
  }

  remove(table: string, id: string | number): void {
    this.#held.delete(keyOf(table, id));
  }

  has(table: string, id: string | number): boolean {
    return this.#held.has(keyOf(table, id));
  }

  /** Stops one piece of work, named as announcements name it: "<table>:<id>". */
  end(name: string, reason: Error): void {
    this.#held.get(name)?.end(reason);
  }

  /** Makes all that runs hand back what it does, and whatever is still claimed as well. */
  stop(): void {
    this.#stopping = true;
    for (const lease of this.#held.values()) lease.end(new ProcessStopping());
  }

  /**
   * Ends in good order: lets what runs go on for `patience` ms or until `hurry` is aborted, then stops what is left.
   *
   * @param idle resolves when nothing runs any more
   */
  async drain(idle: Promise<unknown>, patience: number, hurry?: AbortSignal): Promise<void> {
    if (patience > 0 && this.size > 0) {
      const over = new AbortController();
      const signal = hurry ? AbortSignal.any([over.signal, hurry]) : over.signal;
      await Promise.race([idle, delay(patience, undefined, { signal }).catch(() => undefined)]);
      over.abort();
    }
    this.stop();
  }
}

/** How announcements name a piece of work. */
export function keyOf(table: string, id: string | number): string {
  return `${table}:${id}`;
}
