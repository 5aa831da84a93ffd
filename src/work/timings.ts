/** The clockwork of durable work, ms. The same for every kind. */
export interface Timings {
  /** Whoever is at a piece of work says so this often. */
  heartbeat: number;
  /**
   * One that has said nothing for so long has lost it. Several heartbeats: on an overloaded machine some in a row are late, and
   * who loses its work for that may lose it five times.
   */
  stale: number;
  /** The first wait for something that is away, and after an unexpected error; each further one in a row is twice as long. */
  firstWait: number;
  lastWait: number;
  /** How often work that nobody told of is looked for. */
  poll: number;
  /** How long a process that is stopping waits for an attempt that does not stop, before it hands the work back all the same. */
  stop: number;
}

export const TIMINGS: Readonly<Timings> = {
  heartbeat: 2_000,
  stale: 15_000,
  firstWait: 1_000,
  lastWait: 15_000,
  poll: 3_000,
  stop: 10_000,
};

/**
 * How long to wait after so many waits in a row, ms: doubled each time up to the last one, of which a random half is left out, so
 * that those who wait for one thing do not all come back at the same moment.
 */
export function backoff({ firstWait, lastWait }: Pick<Timings, 'firstWait' | 'lastWait'>, waits: number): number {
  const full = Math.min(firstWait * 2 ** Math.min(waits, 20), lastWait);
  return Math.ceil(full * (0.5 + Math.random() / 2));
}
