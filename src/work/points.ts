/**
 * Moments in the life of an attempt at which everything may go wrong: before the claim, between the claim and the work, before
 * each heartbeat and after it, before each write, before the outcome is written, and before lost work is taken back.
 */
export type RacePoint = 'claim' | 'run' | 'heartbeat' | 'heard' | 'write' | 'settle' | 'recover';

/** What has come to a point. */
export interface AtPoint {
  point: RacePoint;
  /** Table of the work. */
  table: string;
  id: string;
  attempt: number;
}

type Watcher = (at: AtPoint) => Promise<void> | void;

const watchers = new Set<Watcher>();

/**
 * Calls `watcher` whenever work comes to a point, and waits for it: a test holds a race there, lets it go, or has it fail. In a
 * platform nobody watches.
 *
 * @returns ends that
 */
export function watchPoints(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Says that work has come to a point. */
export async function reach(point: RacePoint, table: string, id: string | number, attempt: number): Promise<void> {
  for (const watcher of watchers) await watcher({ point, table, id: String(id), attempt });
}
