import { setTimeout as delay } from 'node:timers/promises';
import { databaseFault } from '../../src/entities/index.js';
import { faultsOf, leftovers } from './check.js';
import type { FaultKind } from './kinds.js';
import { anySeed, ask, openStage, type Stage } from './stage.js';

/** Generations that are on their way when a fault strikes. */
const AT_ONCE = 2;

/** A generation that is not over by then is stuck, ms. */
const PATIENCE_MS = 180_000;

/** How often a database that is away is asked again, ms. */
const AGAIN_MS = 200;

export interface Trials {
  trials: number;
  generations: number;
  /** Of these, how many were not over when a fault struck. */
  caught: number;
  /** Attempts beyond the first: what the faults cut short. */
  interrupted: number;
  /** One sentence for everything that was lost, doubled, stuck or different. */
  faults: string[];
  /** From each strike until everything was over, s. */
  recoveries: number[];
}

export interface TrialOptions {
  /** QUEUE_URL of the platform that is struck; a kind may bring its own. */
  queueUrl?: string | undefined;
  onTrial?(done: number, faults: readonly string[]): void;
}

/** Strikes `count` times at random points of running generations, and looks after each time for what it broke. */
export async function runTrials(
  kind: FaultKind,
  count: number,
  random: () => number,
  { queueUrl, onTrial }: TrialOptions = {},
): Promise<Trials> {
  const stage = await openStage({ queueUrl, ...(await kind.options?.()) });
  const result: Trials = { trials: 0, generations: 0, caught: 0, interrupted: 0, faults: [], recoveries: [] };
  try {
    await kind.prepare?.(stage);
    for (let trial = 0; trial < count; trial++) {
      const seeds = Array.from({ length: AT_ONCE }, () => anySeed(random));
      const asking = Promise.all(seeds.map((seed) => kind.ask?.(seed) ?? ask(stage, seed)));
      if (!kind.ask) await asking;
      await delay(random() * stage.duration);
      result.caught += await countOpen(stage);
      const struck = performance.now();
      await kind.strike(stage, random);
      const asked = await asking;
      const faults: string[] = [];
      for (const { id, seed, received } of asked) {
        const events = await inTime(received);
        if (events === undefined) {
          const [row] = await stage.dataSource.query('SELECT state, attempt, worker FROM generation WHERE id = $1', [
            id,
          ]);
          faults.push(`generation ${id} is stuck: ${JSON.stringify(row)}`);
          continue;
        }
        const volume = stage.volumes.get(seed)!;
        faults.push(...(await patiently(() => faultsOf(stage.dataSource, id, { received: events, volume }))));
      }
      result.recoveries.push((performance.now() - struck) / 1_000);
      result.trials++;
      result.generations += asked.length;
      const inAll = stage.volumes.size + result.generations;
      faults.push(...(await patiently(() => leftovers(stage.dataSource, inAll))));
      result.faults.push(...faults.map((fault) => `trial ${trial}: ${fault}`));
      onTrial?.(result.trials, faults);
    }
    const [row] = (await stage.dataSource.query('SELECT sum(attempt - 1)::integer AS more FROM generation')) as {
      more: number;
    }[];
    result.interrupted = row!.more;
    return result;
  } finally {
    await stage.close(kind.unmount);
    await kind.close?.();
  }
}

async function countOpen({ dataSource }: Stage): Promise<number> {
  const open = `SELECT count(*)::integer AS open FROM generation WHERE state IN ('QUEUED', 'RUNNING')`;
  const [row] = (await dataSource.query(open)) as { open: number }[];
  return row!.open;
}

async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  const late = new AbortController();
  try {
    return await Promise.race([promise, delay(PATIENCE_MS, undefined, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}

/** Looks again while the database that was struck is away: its last connections end some moments after it. */
async function patiently<T>(look: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (!databaseFault(error)) throw error;
      await delay(AGAIN_MS);
    }
  }
}
